"""The last trades and quotes of each contract, for historical tick requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from math import isnan

from simulator.model import Quote, Ticked
from simulator.past import Past

__all__ = ["QuoteRow", "TickTape", "TradeRow"]

KEPT = 3000  # of each kind and contract; a request returns at most 1000

TradeRow = tuple[float, float, int]
"""(seconds since 1970, price, size)"""
QuoteRow = tuple[float, float, float, int, int]
"""(seconds since 1970, bid, ask, bid size, ask size)"""


class TickTape:
    """Bounded memory of ticks; before them lies the past that the feed knows of."""

    def __init__(self, past: Callable[[int], Past]) -> None:
        """`past` returns a contract's past; it is asked once, when somebody first asks for ticks of the contract."""
        self._past_of = past
        self._pasts: dict[int, tuple[list[TradeRow], list[QuoteRow]]] = {}
        self._time: datetime | None = None  # of the last tick; all of one batch share it
        self._moment = 0.0
        self._trades: dict[int, deque[TradeRow]] = {}
        self._quotes: dict[int, deque[QuoteRow]] = {}

    def add(self, tick: Ticked, quote: Quote) -> None:
        """Take a tick that has just gone into the quote."""
        kind = tick.tick_type
        if kind > 4:
            return
        if tick.time is not self._time:
            self._time, self._moment = tick.time, tick.time.timestamp()
        con_id = tick.contract.con_id
        if kind == 4:
            trades = self._trades.get(con_id)
            if trades is None:
                trades = self._trades[con_id] = deque(maxlen=KEPT)
            trades.append((self._moment, tick.price, tick.size))
        elif quote.bid == quote.bid and quote.ask == quote.ask:  # neither is NaN: both have been seen
            quotes = self._quotes.get(con_id)
            if quotes is None:
                quotes = self._quotes[con_id] = deque(maxlen=KEPT)
            quotes.append((self._moment, quote.bid, quote.ask, quote.bid_size, quote.ask_size))

    def trades(self, con_id: int) -> list[TradeRow]:
        """Return the trades kept, oldest first."""
        return [*self._past(con_id)[0], *self._trades.get(con_id, ())]

    def quotes(self, con_id: int) -> list[QuoteRow]:
        """Return the quotes kept, oldest first."""
        return [*self._past(con_id)[1], *self._quotes.get(con_id, ())]

    def _past(self, con_id: int) -> tuple[list[TradeRow], list[QuoteRow]]:
        if con_id not in self._pasts:
            self._pasts[con_id] = _rows(self._past_of(con_id))
        return self._pasts[con_id]


def _rows(past: Past) -> tuple[list[TradeRow], list[QuoteRow]]:
    trades: deque[TradeRow] = deque(maxlen=KEPT)
    quotes: deque[QuoteRow] = deque(maxlen=KEPT)
    bid = ask = float("nan")
    bid_size = ask_size = 0
    for tick in past.ticks:
        moment = tick.time.timestamp()
        match tick.tick_type:
            case 4:
                trades.append((moment, tick.price, tick.size))
                continue
            case 1:
                bid, bid_size = tick.price, tick.size
            case 0:
                bid_size = tick.size
            case 2:
                ask, ask_size = tick.price, tick.size
            case 3:
                ask_size = tick.size
            case _:
                continue
        if not (isnan(bid) or isnan(ask)):
            quotes.append((moment, bid, ask, bid_size, ask_size))
    return list(trades), list(quotes)
