"""Symbols that are wanted: qualify them, have their ticks sent, and do both again after each reconnect."""

from __future__ import annotations

import math
from collections.abc import MutableMapping

import trio

from actors.gateway.feeds import Feed, FeedDesk
from actors.gateway.instruments import NoAnswerError, UnknownContractError
from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from actors.gateway.session import Session
from actors.ib.contract import contract_of
from config.logging import log
from messages.gateway import Priority
from messages.market import Instrument, InstrumentQualified, InstrumentUnknown, Subscribe, Unsubscribe

__all__ = ["DataDesk"]

_RETRY_SECONDS = 10.0
_LIVE = 1


class DataDesk:
    """Works on one connection at a time; what is wanted, and what is known, outlives it."""

    def __init__(
        self, feeds: FeedDesk, instruments: MutableMapping[str, Instrument], sender: Sender, outlets: Outlets
    ) -> None:
        self.feeds = feeds
        self._instruments = instruments
        self._sender = sender
        self._outlets = outlets
        # symbols to start on this connection; None while there is none
        self._work: trio.MemorySendChannel[Feed] | None = None

    def subscribe(self, message: Subscribe) -> None:
        """Want a symbol. What is known of it already is told again: its position may have restarted."""
        new = message.symbol not in self.feeds
        feed = self.feeds.want(message.symbol)
        known = self._instruments.get(message.symbol)
        if known is not None:
            self._qualified(known)
            self.feeds.repeat(feed)
        if new and self._work is not None:
            self._work.send_nowait(feed)

    def unsubscribe(self, message: Unsubscribe, session: Session | None) -> None:
        """Want a symbol no more."""
        request = self.feeds.drop(message.symbol)
        if request and session is not None:
            self._sender.post(
                Priority.DATA, f"cancel data {message.symbol}", lambda: session.client.cancelMktData(request)
            )

    def silent(self, symbol: str) -> None:
        """A feed brings nothing: start it anew, unless it is known why."""
        if self._work is not None and self.feeds.silent(symbol):
            self._work.send_nowait(self.feeds.want(symbol))

    def again(self) -> None:
        """TWS has dropped its subscriptions: start each anew."""
        self.feeds.detach_all("TWS has lost its data")
        if self._work is not None:
            for feed in self.feeds:
                self._work.send_nowait(feed)

    def lost(self, reason: str) -> None:
        """The connection has ended."""
        self.feeds.detach_all(reason)

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
                async for feed in receive:
                    nursery.start_soon(self._start, session, feed)
        finally:
            self._work = None

    async def _start(self, session: Session, feed: Feed) -> None:
        symbol = feed.symbol
        known = self._instruments.get(symbol)
        if known is not None:
            # its ticks first; whether it is still the same contract is asked afterwards
            await self._request_ticks(session, feed, known)
        while symbol in self.feeds:
            try:
                instrument = await session.contracts.qualify(symbol)
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
                await self._request_ticks(session, feed, instrument)
            return

    async def _request_ticks(self, session: Session, feed: Feed, instrument: Instrument) -> None:
        if feed.symbol not in self.feeds:
            return
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
            lambda: session.client.reqMktData(request, contract, "", False, False, []),
        )

    def _qualified(self, instrument: Instrument) -> None:
        message = InstrumentQualified(instrument)
        log("instrument.qualified", actor="gateway", symbol=instrument.symbol, con_id=instrument.con_id)
        self._outlets.orders(message)
        self._outlets.position(instrument.symbol, message)

    def _unknown(self, symbol: str, text: str) -> None:
        log("instrument.unknown", level="WARNING", actor="gateway", symbol=symbol, text=text)
        self._outlets.position(symbol, InstrumentUnknown(symbol, text))
