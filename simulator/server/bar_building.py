"""Builds bars out of ticks."""

from __future__ import annotations

from datetime import datetime
from math import isnan

from simulator.model import Bar, Quote, Ticked
from simulator.server.intervals import begin_of

__all__ = ["BarBuilder", "price_of"]


def price_of(what: str, tick: Ticked, quote: Quote) -> float | None:
    """Return the price that a tick means for TRADES, BID, ASK or MIDPOINT bars, or None if it means none."""
    if what == "TRADES":
        return tick.price if tick.tick_type == 4 else None
    if what == "BID":
        return tick.price if tick.tick_type == 1 else None
    if what == "ASK":
        return tick.price if tick.tick_type == 2 else None
    if tick.tick_type in (1, 2) and not (isnan(quote.bid) or isnan(quote.ask)):
        return (quote.bid + quote.ask) / 2
    return None


class BarBuilder:
    """The bar in progress of one series."""

    def __init__(self, seconds: int, begun: Bar | None = None, *, traded: bool = True) -> None:
        """`begun` is the newest bar already known. Bars of quotes are not `traded`: TWS tells −1 for their volume."""
        self._seconds = seconds
        self._traded = traded
        self._bar = begun
        self._turnover = begun.wap * begun.volume if begun is not None else 0.0

    @property
    def bar(self) -> Bar | None:
        """The bar so far, None before the first tick."""
        return self._bar

    def begin_of(self, moment: datetime) -> datetime:
        """Return when the interval that `moment` falls in begins."""
        return begin_of(moment, self._seconds)

    def add(self, moment: datetime, price: float, size: int) -> Bar | None:
        """Take a price; return the bar that it completed, if it begins a new one."""
        begin = begin_of(moment, self._seconds)
        bar = self._bar
        if bar is None or begin > bar.time:
            self._turnover = price * size
            self._bar = self._made(begin, price, price, price, price, size, price, 1)
            return bar
        self._turnover += price * size
        volume = bar.volume + size
        average = round(self._turnover / volume, 6) if volume else price
        high, low = max(bar.high, price), min(bar.low, price)
        self._bar = self._made(bar.time, bar.open, high, low, price, volume, average, bar.count + 1)
        return None

    def flat(self, begin: datetime, price: float) -> Bar:
        """Return a bar in which nothing happened."""
        return self._made(begin, price, price, price, price, 0, price, 0)

    def _made(
        self,
        begin: datetime,
        first: float,
        high: float,
        low: float,
        close: float,
        volume: int,
        average: float,
        count: int,
    ) -> Bar:
        if self._traded:
            return Bar(begin, first, high, low, close, volume, average, count)
        return Bar(begin, first, high, low, close, -1, -1, -1)
