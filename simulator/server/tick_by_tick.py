"""One tick-by-tick subscription."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from simulator.model import Contract, Quote, Ticked
from simulator.wire import market_answers as say

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["KINDS", "TickByTickLine"]

KINDS = ("Last", "AllLast", "BidAsk", "MidPoint")


class TickByTickLine:
    """Tells every trade, every quote, or every midpoint of one contract."""

    def __init__(self, session: Session, req_id: int, contract: Contract, kind: str, ignore_size: bool) -> None:
        self.contract = contract
        self._session = session
        self._req_id = req_id
        self._kind = kind
        self._ignore_size = ignore_size
        self._told: tuple[float, ...] = ()

    def tick(self, tick: Ticked, quote: Quote) -> None:
        """Tell the tick if it is of the kind asked for."""
        epoch = int(tick.time.timestamp())
        if self._kind in ("Last", "AllLast"):
            if tick.tick_type == 4:
                number = 1 if self._kind == "Last" else 2
                exchange = self.contract.primary_exchange or self.contract.exchange
                self._session.send(say.tick_by_tick_last(self._req_id, number, epoch, tick.price, tick.size, exchange))
        elif tick.tick_type in (0, 1, 2, 3) and not (isnan(quote.bid) or isnan(quote.ask)):
            if self._kind == "BidAsk":
                self._quote(epoch, quote)
            else:
                self._midpoint(epoch, (quote.bid + quote.ask) / 2)

    def _quote(self, epoch: int, quote: Quote) -> None:
        now = (quote.bid, quote.ask) if self._ignore_size else (quote.bid, quote.ask, quote.bid_size, quote.ask_size)
        if now != self._told:
            self._told = now
            self._session.send(
                say.tick_by_tick_quote(self._req_id, epoch, quote.bid, quote.ask, quote.bid_size, quote.ask_size)
            )

    def _midpoint(self, epoch: int, middle: float) -> None:
        if (middle,) != self._told:
            self._told = (middle,)
            self._session.send(say.tick_by_tick_midpoint(self._req_id, epoch, round(middle, 10)))
