"""The latest prices of one symbol, as ticks bring them."""

from __future__ import annotations

from math import inf

from messages.market import TickType

__all__ = ["Quote"]


class Quote:
    """Bid, ask and last as floats, 0.0 while unknown, and when the feed was last heard (trio's clock)."""

    __slots__ = ("ask", "bid", "halted", "heard", "interrupted", "last", "shortable")

    def __init__(self) -> None:
        self.bid = 0.0
        self.ask = 0.0
        self.last = 0.0
        self.heard = -inf
        self.halted = False
        self.shortable: float | None = None
        """IB's generic tick 236, as it was told last; see `domain.guards.short_refusal`."""
        self.interrupted = ""
        """Why no ticks arrive; empty while they do."""

    def note(self, kind: int, value: float) -> None:
        """Take what is no live price: of that, whether trading is halted, and whether it can be sold short."""
        if kind == TickType.HALTED:
            # tws-api tick types: 0 not halted, 1 general halt, 2 volatility halt, -1 not known
            self.halted = value > 0
        elif kind == TickType.SHORTABLE:
            self.shortable = value

    def interrupt(self, reason: str) -> None:
        """Note that ticks no longer arrive: what is known is not a quote any more."""
        self.interrupted = reason or "no ticks arrive"
        self.bid = self.ask = 0.0
        self.heard = -inf

    @property
    def mark(self) -> float | None:
        """The price to value a position by: last, or between bid and ask while there is no last; None for neither."""
        if self.last:
            return self.last
        if self.bid and self.ask:
            return (self.bid + self.ask) / 2
        return None

    def against(self, sign: int) -> float:
        """Return the price on the other side for a buyer (+1) or a seller (-1); 0.0 where there is none."""
        return self.ask if sign > 0 else self.bid

    @staticmethod
    def nobody(sign: int) -> str:
        """Say that there is no price on the other side for a buyer (+1) or a seller (-1)."""
        return f"nobody {'offers' if sign > 0 else 'bids'}"

    def stale(self, now: float, max_age: float) -> str:
        """Return why no decision may be made on this quote now, or "" if one may."""
        if self.interrupted:
            return f"the feed is interrupted: {self.interrupted}"
        if self.halted:
            return "trading is halted"
        if now - self.heard > max_age:
            return f"no tick for more than {max_age:g} s" if self.heard > -inf else "no quote yet"
        return ""
