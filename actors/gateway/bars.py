"""Bars that are wanted: their past, and each that ends, asked for anew after each reconnect."""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trio
from attrs import define, field
from ib_insync.objects import BarData

from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from actors.ib.contract import contract_of
from domain.bars import BAR_NAMES, duration
from messages.gateway import Priority
from messages.indicator import Bar, BarEvent, BarsInterrupted, SubscribeBars
from messages.market import Instrument

if TYPE_CHECKING:
    from actors.gateway.session import Session

__all__ = ["BarDesk"]

MOST = 50  # historical requests that TWS keeps open at a time
_INSTRUMENT_SECONDS = 0.25  # between two looks whether the instrument is known
_RETRY_SECONDS = 60.0  # after a refusal: pacing violations count for longer when asked sooner


@define(slots=True, eq=False)
class _Stream:
    """One request on one connection."""

    wish: SubscribeBars
    past: list[Bar] = field(factory=list)
    current: Bar | None = None  # the bar that has not ended
    refused: trio.Event = field(factory=trio.Event)
    reason: str = ""
    at_once: bool = False  # whether to ask again without a pause


class BarDesk:
    """Works on one connection at a time; what is wanted outlives it.

    One historical request that is kept up to date gives the past and what comes (TRADES, regular hours). TWS tells the
    bar in progress again and again: it has ended when the next one begins.
    """

    def __init__(self, instruments: MutableMapping[str, Instrument], sender: Sender, outlets: Outlets) -> None:
        self._instruments = instruments
        self._sender = sender
        self._outlets = outlets
        self._wishes: dict[tuple[str, int], SubscribeBars] = {}
        self._streams: dict[int, _Stream] = {}  # request id → stream of this connection
        self._work: trio.MemorySendChannel[SubscribeBars] | None = None

    def subscribe(self, wish: SubscribeBars) -> None:
        """Want the bars of a symbol; asked for again, they come from their beginning again."""
        key = (wish.symbol, wish.bar_seconds)
        if key not in self._wishes and len(self._wishes) >= MOST:
            self._interrupted(wish, f"TWS keeps at most {MOST} historical requests open")
            return
        again = [stream for stream in self._streams.values() if stream.wish == wish]
        self._wishes[key] = wish
        if again:
            for stream in again:
                self._refuse(stream, "asked for again", at_once=True)
        elif self._work is not None:
            self._work.send_nowait(wish)

    def again(self, reason: str) -> None:
        """TWS has dropped its subscriptions: ask for each anew."""
        for stream in list(self._streams.values()):
            self._refuse(stream, reason, at_once=True)

    def lost(self, reason: str) -> None:
        """The connection has ended."""
        for stream in self._streams.values():
            self._interrupted(stream.wish, reason)
        self._streams.clear()

    async def run(self, session: Session) -> None:
        """Ask for what is wanted, and what will be, on this connection. Until cancelled."""
        send, receive = trio.open_memory_channel[SubscribeBars](math.inf)
        for wish in self._wishes.values():
            send.send_nowait(wish)
        self._work = send
        try:
            async with trio.open_nursery() as nursery:
                async for wish in receive:
                    nursery.start_soon(self._keep, session, wish)
        finally:
            self._work = None

    async def _keep(self, session: Session, wish: SubscribeBars) -> None:
        name = BAR_NAMES[wish.bar_seconds]
        while True:
            while (instrument := self._instruments.get(wish.symbol)) is None:
                await trio.sleep(_INSTRUMENT_SECONDS)
            contract, request = contract_of(instrument), session.next_request_id()
            stream = self._streams[request] = _Stream(wish)
            span = duration(wish.history_seconds)

            def write(request: int = request, contract: object = contract, span: str = span) -> None:
                session.client.reqHistoricalData(request, contract, "", span, name, "TRADES", True, 2, True, [])

            await self._sender.written(Priority.DATA, f"bars {wish.symbol} {name}", write)
            await stream.refused.wait()
            self._streams.pop(request, None)
            self._interrupted(wish, stream.reason)
            if not stream.at_once:
                await trio.sleep(_RETRY_SECONDS)

    # what comes in

    def past(self, request_id: int, data: BarData) -> None:
        """Take a bar of the past."""
        stream = self._streams.get(request_id)
        if stream is not None:
            stream.past.append(_bar(data))

    def past_ended(self, request_id: int) -> None:
        """Take the end of the past: its last bar is the one in progress."""
        stream = self._streams.get(request_id)
        if stream is None:
            return
        if stream.past:
            *ended, stream.current = stream.past
            stream.past = []
            self._tell(stream.wish, ended)

    def update(self, request_id: int, data: BarData) -> None:
        """Take the bar in progress as it stands now."""
        stream = self._streams.get(request_id)
        if stream is None:
            return
        bar, before = _bar(data), stream.current
        if before is None or bar.start >= before.start:
            stream.current = bar
            if before is not None and bar.start > before.start:
                self._tell(stream.wish, [before])

    def refused(self, request_id: int, code: int, text: str) -> bool:
        """Take an error; return whether its id is a request for bars."""
        stream = self._streams.get(request_id)
        if stream is None:
            return False
        self._refuse(stream, f"{code} {text}")
        return True

    def _refuse(self, stream: _Stream, reason: str, *, at_once: bool = False) -> None:
        stream.reason, stream.at_once = reason, at_once
        stream.refused.set()

    def _tell(self, wish: SubscribeBars, bars: list[Bar]) -> None:
        self._outlets.tell(wish.reply_to, BarEvent(wish.symbol, wish.bar_seconds, tuple(bars)))

    def _interrupted(self, wish: SubscribeBars, reason: str) -> None:
        self._outlets.tell(wish.reply_to, BarsInterrupted(wish.symbol, wish.bar_seconds, reason))


def _bar(data: BarData) -> Bar:
    """Times are seconds since 1970 (format 2), for days a date."""
    written = str(data.date)
    if len(written) == 8:
        start = datetime.strptime(written, "%Y%m%d").replace(tzinfo=UTC)
    else:
        start = datetime.fromtimestamp(int(written), UTC)
    return Bar(start, float(data.open), float(data.high), float(data.low), float(data.close), float(data.volume))
