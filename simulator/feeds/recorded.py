"""Replays ticks that were recorded: once, or over and over, all of them or a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import trio

from config.environment import Environment
from simulator.feeds.feed import Deliver, FeedError
from simulator.feeds.pacing import Timed, check_speed, play
from simulator.feeds.packed import PackedTicks, TimedTick
from simulator.feeds.span import EVERYTHING, Span
from simulator.model import Contract, Ticked
from simulator.past import NO_PAST, Past

__all__ = ["RecordedFeed"]

PastOf = Callable[[int, int, timedelta], Past]
"""(conId, when the data begin in microseconds since 1970, from the data's time to the venue's) → what was before"""

_PAUSE = 1.0  # seconds between the end and the next round of a loop
_NIGHT = 4 * 3600.0  # seconds without a tick of any contract: longer ones are not waited for
_SHORT_NIGHT = 60.0
_SECOND = 1_000_000
_PAST_TICKS = 200_000


class RecordedFeed:
    """The ticks of a recording."""

    def __init__(
        self,
        ticks: PackedTicks,
        environment: Environment,
        *,
        span: Span = EVERYTHING,
        speed: float = 1.0,
        loop: bool = False,
        earlier: PastOf | None = None,
    ) -> None:
        """Of `ticks`, those in `span` are played, and those before it are the past; `earlier` knows what came before.

        Raises FeedError for a bad speed, and where there is no tick in the span.
        """
        self._ticks = ticks
        self._first = 0 if span.start is None else ticks.position(span.start)
        self._stop = len(ticks) if span.stop is None else ticks.position(span.stop)
        if self._first >= self._stop:
            text = f"the recording is from {_told(ticks.time(0))} to {_told(ticks.time(len(ticks) - 1))}"
            raise FeedError(f"feed: no tick lies in the span; {text}")
        self._environment = environment
        self._speed = check_speed(speed)
        self._loop = loop
        self._earlier = earlier
        self._opened = environment.now()

    async def run(self, deliver: Deliver) -> None:
        """Deliver the market as it stood when the span begins, then its ticks; with `loop`, until cancelled."""
        before = self._standing()
        if before:
            now = self._environment.now()
            deliver([Ticked(contract, kind, price, size, now) for _, contract, kind, price, size in before])
            await trio.lowlevel.checkpoint()
        await play(self._rounds(), deliver, self._environment, self._speed)

    def past(self, con_id: int) -> Past:
        """Return the contract's last ticks before the span, and what lies before the recording."""
        begin = self._ticks.time(self._first)
        shift = self._opened - _moment(begin)
        found = [
            Ticked(contract, kind, price, size, _moment(time) + shift)
            for time, contract, kind, price, size in self._ticks.ticks(max(self._first - _PAST_TICKS, 0), self._first)
            if contract.con_id == con_id
        ]
        if self._earlier is None:
            return Past(found) if found else NO_PAST
        earlier = self._earlier(con_id, self._ticks.time(0), shift)
        return Past([*earlier.ticks, *found], earlier.bars)

    def _standing(self) -> list[TimedTick]:
        """The last tick of each kind and contract before the span."""
        latest: dict[tuple[int, int], TimedTick] = {}
        for tick in self._ticks.ticks(0, self._first):
            key = tick[1].con_id, tick[2]
            latest.pop(key, None)  # so that they are in order of their last time
            latest[key] = tick
        return list(latest.values())

    def _rounds(self) -> Iterator[Timed]:
        offset = 0.0
        while True:
            seconds = 0.0
            for seconds, contract, tick_type, price, size in self._timed():
                yield seconds + offset, contract, tick_type, price, size
            if not self._loop:
                return
            offset += seconds + _PAUSE

    def _timed(self) -> Iterator[tuple[float, Contract, int, float, int]]:
        """The ticks of the span with seconds since its first, nights shortened."""
        begin = last = self._ticks.time(self._first)
        for time, contract, tick_type, price, size in self._ticks.ticks(self._first, self._stop):
            if time - last > _NIGHT * _SECOND:
                begin += time - last - int(_SHORT_NIGHT * _SECOND)
            last = time
            yield (time - begin) / _SECOND, contract, tick_type, price, size


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // _SECOND, UTC) + timedelta(microseconds=microseconds % _SECOND)


def _told(microseconds: int) -> str:
    return _moment(microseconds).isoformat(timespec="seconds")
