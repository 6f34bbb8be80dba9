"""Symbols that are wanted: qualify them, have their ticks sent, and do both again after each reconnect."""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from typing import Any

import trio

from actors.gateway.bars import BarDesk
from actors.gateway.feeds import NO_LINE_LEFT, Feed, FeedDesk
from actors.gateway.instruments import NoAnswerError, UnknownContractError
from actors.gateway.lines import Lines
from actors.gateway.outlets import Outlets
from actors.gateway.rates import RateDesk
from actors.gateway.sender import Sender
from actors.gateway.session import Session
from actors.ib.contract import contract_of
from config.logging import log
from messages.gateway import Priority
from messages.market import Instrument, InstrumentQualified, InstrumentUnknown, NeedTicks, Subscribe, Unsubscribe

__all__ = ["DataDesk"]

_RETRY_SECONDS = 10.0
_LIVE = 1
_GENERIC = "236"  # whether it can be sold short


class DataDesk:
    """Works on one connection at a time; what is wanted, and what is known, outlives it."""

    def __init__(
        self,
        feeds: FeedDesk,
        lines: Lines,
        instruments: MutableMapping[str, Instrument],
        sender: Sender,
        outlets: Outlets,
    ) -> None:
        self.feeds = feeds
        self.bars = BarDesk(instruments, sender, outlets)
        self.rates = RateDesk(lines, sender, outlets)
        self._lines = lines
        self._look = trio.Event()  # who has a line may change
        self._starved: list[str] = []
        self._instruments = instruments
        self._sender = sender
        self._outlets = outlets
        # symbols to start on this connection; None while there is none
        self._work: trio.MemorySendChannel[Feed] | None = None

    def subscribe(self, message: Subscribe) -> None:
        """Want a symbol. What is known of it already is told again: its position may have restarted."""
        new = message.symbol not in self.feeds
        feed = self.feeds.want(message.symbol, message.query)
        known = self._instruments.get(message.symbol)
        if known is not None:
            self._qualified(known)
            self.feeds.repeat(feed)
        if new and self._work is not None:
            self._work.send_nowait(feed)

    def unsubscribe(self, message: Unsubscribe, session: Session | None) -> None:
        """Want a symbol no more."""
        request = self.feeds.drop(message.symbol)
        self._lines.release(message.symbol)
        self._look.set()
        if request and session is not None:
            self._sender.post(
                Priority.DATA, f"cancel data {message.symbol}", lambda: session.client.cancelMktData(request)
            )

    def need(self, message: NeedTicks) -> None:
        """Note how much depends on a symbol's ticks."""
        self._lines.need(message.symbol, message.need)
        self._look.set()

    def line_refused(self, symbol: str) -> None:
        """TWS has fewer lines than was thought."""
        self._lines.refused(symbol)
        text = f"TWS has no market data line for {symbol}: {self._lines.limit} are shared from now on"
        self._outlets.notice(NO_LINE_LEFT, text)
        self._look.set()

    def silent(self, symbol: str) -> None:
        """A feed brings nothing: start it anew, unless it is known why."""
        if self._work is not None and self.feeds.silent(symbol):
            self._work.send_nowait(self.feeds[symbol])

    def again(self) -> None:
        """TWS has dropped its subscriptions: start each anew."""
        self.feeds.detach_all("TWS has lost its data")
        self._lines.reset()
        self.bars.again("TWS has lost its data")
        self.rates.again()
        if self._work is not None:
            for feed in self.feeds:
                self._work.send_nowait(feed)

    def lost(self, reason: str) -> None:
        """The connection has ended."""
        self.feeds.detach_all(reason)
        self.bars.lost(reason)
        self._lines.reset()

    def describe(self) -> dict[str, Any]:
        """Return how many market data lines there are, are in use, and how many symbols wait for one."""
        lines = self._lines
        return {"lines": lines.limit, "lines_used": len(lines), "lines_awaited": len(lines.waiting)}

    def cancel_all(self, session: Session, at_most: int) -> None:
        """End the subscriptions before an orderly end; those beyond `at_most` messages end with the connection."""
        for feed in list(self.feeds)[: max(0, at_most)]:
            if feed.request_id:
                session.client.cancelMktData(feed.request_id)

    async def run(self, session: Session) -> None:
        """Start what is wanted, and what will be, on this connection. Until cancelled."""
        send, receive = trio.open_memory_channel[Feed](math.inf)
        self._sender.post(Priority.DATA, "market data type", lambda: session.client.reqMarketDataType(_LIVE))
        for feed in self.feeds:
            send.send_nowait(feed)
        self._work = send
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._share_lines, session, nursery)
                nursery.start_soon(self.bars.run, session)
                nursery.start_soon(self.rates.run, session)
                async for feed in receive:
                    nursery.start_soon(self._start, session, nursery, feed)
        finally:
            self._work = None

    async def _start(self, session: Session, nursery: trio.Nursery, feed: Feed) -> None:
        symbol = feed.symbol
        known = self._instruments.get(symbol)
        if known is not None:
            # its ticks first; whether it is still the same contract is asked afterwards
            await self._want_ticks(session, nursery, feed)
        while symbol in self.feeds:
            try:
                instrument = await session.contracts.qualify(symbol, feed.query)
            except UnknownContractError as error:
                self._unknown(symbol, str(error))
                return
            except NoAnswerError as error:
                self._unknown(symbol, str(error))
                await trio.sleep(_RETRY_SECONDS)
                continue
            self._instruments[symbol] = instrument
            self._qualified(instrument)
            if known is None or known.con_id != instrument.con_id:
                await self._want_ticks(session, nursery, feed)
            return

    async def _want_ticks(self, session: Session, nursery: trio.Nursery, feed: Feed) -> None:
        """Ask for a feed's ticks: anew where it has a line, else as soon as it gets one."""
        if feed.symbol not in self.feeds:
            return
        self._lines.ask(feed.symbol)
        self._deal(session, nursery, but=feed.symbol)
        if feed.symbol in self._lines:
            await self._request_ticks(session, feed)
        self._look.set()

    async def _share_lines(self, session: Session, nursery: trio.Nursery) -> None:
        while True:
            self._look = trio.Event()
            self._deal(session, nursery)
            self._report()
            with trio.move_on_after(self._lines.due(trio.current_time())):
                await self._look.wait()

    def _deal(self, session: Session, nursery: trio.Nursery, but: str = "") -> None:
        for grant in self._lines.turn(trio.current_time()):
            if grant.instead_of is not None:
                self._give_up(session, grant.instead_of)
            if grant.symbol != but:
                nursery.start_soon(self._request_ticks, session, self.feeds[grant.symbol])

    def _give_up(self, session: Session, symbol: str) -> None:
        request = self.feeds.suspend(symbol)
        if request:
            self._sender.post(Priority.DATA, f"cancel data {symbol}", lambda: session.client.cancelMktData(request))

    def _report(self) -> None:
        for symbol in self._lines.waiting:
            self.feeds.suspend(symbol)
        starved = self._lines.starved()
        if starved != self._starved:
            self._starved = starved
            if starved:
                text = f"{len(starved)} held symbols have no market data line: {', '.join(starved[:5])}"
                self._outlets.alarm("broker.market_data_lines", text)
            else:
                self._outlets.clear("broker.market_data_lines")

    async def _request_ticks(self, session: Session, feed: Feed) -> None:
        if feed.symbol not in self.feeds or feed.symbol not in self._lines:
            return  # taken away meanwhile
        instrument = self._instruments[feed.symbol]
        request = session.next_request_id()
        contract = contract_of(instrument)
        before = self.feeds.attach(feed, request)
        if before:
            await self._sender.written(
                Priority.DATA, f"cancel data {feed.symbol}", lambda: session.client.cancelMktData(before)
            )
        await self._sender.written(
            Priority.DATA,
            f"data {feed.symbol}",
            lambda: session.client.reqMktData(request, contract, _GENERIC, False, False, []),
        )

    def _qualified(self, instrument: Instrument) -> None:
        message = InstrumentQualified(instrument)
        log("instrument.qualified", actor="gateway", symbol=instrument.symbol, con_id=instrument.con_id)
        self._outlets.orders(message)
        self._outlets.position(instrument.symbol, message)

    def _unknown(self, symbol: str, text: str) -> None:
        log("instrument.unknown", level="WARNING", actor="gateway", symbol=symbol, text=text)
        self._outlets.position(symbol, InstrumentUnknown(symbol, text))
