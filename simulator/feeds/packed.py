"""Ticks in columns, so that millions fit into memory: 27 bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import merge

from simulator.feeds.feed import FeedError
from simulator.model import Contract

__all__ = ["MOST_TICKS", "PackedTicks", "TimedTick", "merged"]

MOST_TICKS = 20_000_000

TimedTick = tuple[int, Contract, int, float, int]
"""microseconds since 1970, contract, tick type, price, size"""


class PackedTicks:
    """Ticks in order of time."""

    def __init__(self) -> None:
        self._times = array("q")
        self._which = array("H")
        self._types = array("B")
        self._prices = array("d")
        self._sizes = array("q")
        self._contracts: list[Contract] = []
        self._numbers: dict[int, int] = {}  # conId → position in _contracts

    def __len__(self) -> int:
        return len(self._times)

    @property
    def contracts(self) -> Sequence[Contract]:
        """Those that have a tick."""
        return self._contracts

    def append(self, tick: TimedTick) -> None:
        """Add a tick. Raises FeedError if its time lies before that of the last one, or where there are too many."""
        time, contract, tick_type, price, size = tick
        if self._times and time < self._times[-1]:
            raise FeedError("its time lies before that of the tick before it")
        if len(self._times) >= MOST_TICKS:
            raise FeedError(f"more than {MOST_TICKS:,} ticks; choose a part of them with @FROM..TO")
        number = self._numbers.get(contract.con_id)
        if number is None:
            number = self._numbers[contract.con_id] = len(self._contracts)
            self._contracts.append(contract)
        self._times.append(time)
        self._which.append(number)
        self._types.append(tick_type)
        self._prices.append(price)
        self._sizes.append(size)

    def time(self, position: int) -> int:
        """Return the time of a tick, in microseconds since 1970."""
        return self._times[position]

    def position(self, time: int) -> int:
        """Return the position of the first tick that is not before `time`."""
        return bisect_left(self._times, time)

    def ticks(self, start: int = 0, stop: int | None = None) -> Iterator[TimedTick]:
        """Return the ticks from position `start` to before `stop`."""
        contracts = self._contracts
        for at in range(start, len(self) if stop is None else stop):
            yield self._times[at], contracts[self._which[at]], self._types[at], self._prices[at], self._sizes[at]


def merged(parts: Sequence[PackedTicks]) -> PackedTicks:
    """Return all ticks in order of time; those of the same time in order of the parts."""
    if len(parts) == 1:
        return parts[0]
    whole = PackedTicks()
    for tick in merge(*(part.ticks() for part in parts), key=lambda tick: tick[0]):
        whole.append(tick)
    return whole
