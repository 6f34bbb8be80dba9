"""The last trades and quotes of each contract, for historical tick requests."""

from __future__ import annotations

from collections import deque
from math import isnan

from simulator.model import Quote, Ticked

__all__ = ["QuoteRow", "TickTape", "TradeRow"]

KEPT = 3000  # of each kind and contract; a request returns at most 1000

TradeRow = tuple[float, float, int]
"""(seconds since 1970, price, size)"""
QuoteRow = tuple[float, float, float, int, int]
"""(seconds since 1970, bid, ask, bid size, ask size)"""


class TickTape:
    """Bounded memory of ticks."""

    def __init__(self) -> None:
        self._trades: dict[int, deque[TradeRow]] = {}
        self._quotes: dict[int, deque[QuoteRow]] = {}

    def add(self, tick: Ticked, quote: Quote) -> None:
        """Take a tick that has just gone into the quote."""
        con_id, moment = tick.contract.con_id, tick.time.timestamp()
        if tick.tick_type == 4:
            self._trades.setdefault(con_id, deque(maxlen=KEPT)).append((moment, tick.price, tick.size))
        elif tick.tick_type in (0, 1, 2, 3) and not (isnan(quote.bid) or isnan(quote.ask)):
            row = (moment, quote.bid, quote.ask, quote.bid_size, quote.ask_size)
            self._quotes.setdefault(con_id, deque(maxlen=KEPT)).append(row)

    def trades(self, con_id: int) -> list[TradeRow]:
        """Return the trades kept, oldest first."""
        return list(self._trades.get(con_id, ()))

    def quotes(self, con_id: int) -> list[QuoteRow]:
        """Return the quotes kept, oldest first."""
        return list(self._quotes.get(con_id, ()))
