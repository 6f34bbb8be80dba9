"""Exchange rates: TWS tells those of currencies that the account holds; the rest come from currency pairs' quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from attrs import define

from actors.gateway.instruments import NoAnswerError, UnknownContractError
from actors.gateway.lines import Lines
from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from actors.ib.contract import contract_of
from actors.ib.numbers import known
from config.logging import log
from messages.gateway import AccountValue, Priority
from messages.market import ContractQuery, Instrument, NeedRate, TickType

if TYPE_CHECKING:
    from actors.gateway.session import Session

__all__ = ["RateDesk"]

_RETRY_SECONDS = 60.0
_REPEAT_SECONDS = 60.0  # between two rates told of a currency
_PLACES = 10


@define(slots=True, eq=False)
class _Pair:
    currency: str
    base: str
    inverse: bool  # quoted as so many of the currency for one of the base
    bid: float = 0.0
    ask: float = 0.0
    told: float = -1e18  # when

    def rate(self) -> float | None:
        if not (self.bid > 0.0 and self.ask > 0.0):
            return None
        middle = (self.bid + self.ask) / 2
        return 1 / middle if self.inverse else middle


class RateDesk:
    """Keeps a market data line for each currency that is needed, and tells the portfolio its rate as TWS would, as the
    account's value ExchangeRate."""

    def __init__(self, lines: Lines, sender: Sender, outlets: Outlets) -> None:
        self._lines = lines
        self._sender = sender
        self._outlets = outlets
        self._wanted: dict[str, str] = {}  # currency → base
        self._pairs: dict[int, _Pair] = {}  # request id → pair
        self._work: trio.MemorySendChannel[str] | None = None

    def need(self, message: NeedRate) -> None:
        """Want the rate of a currency; told anew where it is known."""
        if message.currency not in self._wanted:
            # its line is one that no symbol can have
            self._lines.limit = max(1, self._lines.limit - 1)
            self._wanted[message.currency] = message.base
            if self._work is not None:
                self._work.send_nowait(message.currency)
        for pair in self._pairs.values():
            if pair.currency == message.currency:
                self._tell(pair)

    async def run(self, session: Session) -> None:
        """Ask for what is wanted on this connection. Until cancelled."""
        self._work, receive = trio.open_memory_channel[str](1_000)
        self._pairs.clear()
        for currency in self._wanted:
            self._work.send_nowait(currency)
        try:
            async with trio.open_nursery() as nursery:
                async for currency in receive:
                    nursery.start_soon(self._follow, session, currency)
        finally:
            self._work = None

    def again(self) -> None:
        """TWS has dropped its subscriptions."""
        self._pairs.clear()
        if self._work is not None:
            for currency in self._wanted:
                self._work.send_nowait(currency)

    def tick(self, request_id: int, kind: int, price: float) -> bool:
        """Take a tick that belongs to no feed; return whether it is one of a pair."""
        pair = self._pairs.get(request_id)
        if pair is None:
            return False
        value = known(price)
        if kind == TickType.BID:
            pair.bid = float(value or 0)
        elif kind == TickType.ASK:
            pair.ask = float(value or 0)
        if trio.current_time() - pair.told >= _REPEAT_SECONDS:
            self._tell(pair)
        return True

    def refused(self, request_id: int, text: str) -> bool:
        """Take an error; return whether its id is a request of a pair. Quotes that come delayed are good enough."""
        pair = self._pairs.get(request_id)
        if pair is None:
            return False
        self._outlets.notice(0, f"quotes of {pair.currency} for its exchange rate: {text}")
        return True

    def _tell(self, pair: _Pair) -> None:
        rate = pair.rate()
        if rate is not None:
            pair.told = trio.current_time()
            self._outlets.portfolio(AccountValue("", "ExchangeRate", f"{rate:.{_PLACES}f}", pair.currency))

    async def _follow(self, session: Session, currency: str) -> None:
        base = self._wanted[currency]
        while True:
            try:
                instrument, inverse = await self._qualify(session, currency, base)
                break
            except (UnknownContractError, NoAnswerError) as error:
                text = f"no currency pair of {currency} and {base}: {error}"
                log("instrument.unknown", level="WARNING", actor="gateway", symbol=f"{currency}.{base}", text=text)
                await trio.sleep(_RETRY_SECONDS)
        request = session.next_request_id()
        self._pairs[request] = _Pair(currency, base, inverse)
        contract = contract_of(instrument)
        await self._sender.written(
            Priority.DATA,
            f"data {instrument.symbol}",
            lambda: session.client.reqMktData(request, contract, "", False, False, []),
        )

    async def _qualify(self, session: Session, currency: str, base: str) -> tuple[Instrument, bool]:
        """IDEALPRO lists each pair one way round."""

        async def pair(of: str, quoted: str) -> Instrument:
            query = ContractQuery(sec_type="CASH", exchange="IDEALPRO", currency=quoted)
            return await session.contracts.qualify(f"{of}.{quoted}", query)

        try:
            return await pair(currency, base), False
        except UnknownContractError:
            return await pair(base, currency), True
