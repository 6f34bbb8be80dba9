"""What must hold whenever new risk leaves the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from simulation.oracle.records import Records
from simulation.oracle.truth import Truth
from simulator.model import Order

__all__ = ["Limits", "NewRisk"]

TOLD_SECONDS = 60.0  # what is told late is known by then: at the next reconciliation, every 20 s here
_MOVED = Decimal("1.15")  # by how much a price may have moved since a decision


@frozen(slots=True, kw_only=True)
class Limits:
    """What the configuration forbids, in the oracle's own words; None is no limit.

    `window` tells whether a moment lies in a restart window; `wall` is the process's clock.
    """

    position_shares: Decimal | None = None
    order_notional: Decimal | None = None
    gross_exposure: Decimal | None = None
    window: Callable[[datetime], bool] = lambda moment: False
    wall: Callable[[], datetime] | None = None
    price_seconds: float = 12.0  # how old a price may be when an entry leaves


class NewRisk:
    """Judges each placeOrder by the book and the configuration. Says what is wrong; "" for nothing."""

    def __init__(self, truth: Truth, records: Records, clock: Callable[[], float], limits: Limits) -> None:
        self._truth, self._records, self._clock, self._limits = truth, records, clock, limits
        self._left: Counter[str] = Counter()

    def asked(self, fields: list[str]) -> None:
        """A frame asks for market data: what TWS tells first has no age that anybody could know."""
        for symbol in self._truth.price.keys() & set(fields):
            self._truth.priced_at[symbol] = self._clock()

    def counted(self, ref: str) -> str:
        """A frame of an order leaves: never more of them than intents."""
        self._left[ref] += 1
        allowed = 1 + self._records.again[ref]
        if self._left[ref] > allowed:
            return f"{ref} left the process {self._left[ref]} times, with {allowed} intents"
        return ""

    def wrong(self, ref: str) -> str:
        """Return what forbids this entry now."""
        order = self._records.intents[ref]
        return self._price(order["symbol"]) or self._in_window() or self._beyond(order)

    def _price(self, symbol: str) -> str:
        now = self._clock()
        halted = now - self._truth.halted_at.get(symbol, now)
        if halted > self._limits.price_seconds:
            return f"{symbol} has been halted for {halted:.1f} s"
        age = now - self._truth.priced_at.get(symbol, now)
        return f"the last price of {symbol} is {age:.1f} s old" if age > self._limits.price_seconds else ""

    def _in_window(self) -> str:
        if self._limits.wall is None:
            return ""
        moment = self._limits.wall()
        return f"{moment:%H:%M:%S} UTC lies in a restart window" if self._limits.window(moment) else ""

    def _beyond(self, order: Mapping[str, Any]) -> str:
        limits, symbol = self._limits, order["symbol"]
        if self._truth.disturbed(symbol, TOLD_SECONDS):
            return ""
        quantity, price = Decimal(order["quantity"]), Decimal(str(self._truth.price.get(symbol, 0.0)))
        if limits.order_notional is not None and quantity * price > limits.order_notional * _MOVED:
            return f"{quantity * price:.0f} is beyond the limit of an order, {limits.order_notional}"
        worst = self._worst(symbol, order)
        if limits.position_shares is not None and worst > limits.position_shares:
            return f"{worst} {symbol} could be held, beyond the limit of {limits.position_shares}"
        return self._gross(order, price)

    def _gross(self, order: Mapping[str, Any], price: Decimal) -> str:
        limit, symbol = self._limits.gross_exposure, order["symbol"]
        symbols = {one.contract.symbol for one in self._truth.venue.positions()}
        symbols |= {one.contract.symbol for one in self._truth.live()}
        if limit is None or any(self._truth.disturbed(other, TOLD_SECONDS) for other in symbols):
            return ""
        worth = self._worst(symbol, order) * price
        for other in symbols - {symbol}:
            worth += self._worst(other, None) * Decimal(str(self._truth.price.get(other, 0.0)))
        return f"{worth:.0f} could be held in all, beyond {limit}" if worth > limit * _MOVED else ""

    def _worst(self, symbol: str, order: Mapping[str, Any] | None) -> Decimal:
        """What could be held of a symbol if everything that adds to it filled, this order too."""
        held = self._truth.held(symbol)
        outcomes = [abs(held)]
        for side, sign in (("BUY", 1), ("SELL", -1)):
            groups: dict[str, Decimal] = {}
            for one in self._entries(symbol, side):
                key = one.oca_group or one.order_ref
                groups[key] = max(groups.get(key, Decimal(0)), one.remaining)
            if order is not None and order["side"] == side:
                key = order["oca_group"] or order["order_ref"]
                groups[key] = max(groups.get(key, Decimal(0)), Decimal(order["quantity"]))
            if groups:
                outcomes.append(abs(held + sign * sum(groups.values(), Decimal(0))))
        return max(outcomes)

    def _entries(self, symbol: str, side: str) -> list[Order]:
        """What works and adds to it, but for orders that lists without their rows have called over."""
        return [
            one
            for one in self._truth.live(symbol)
            if one.side == side and self._records.enters(one.order_ref) and one.order_ref not in self._records.given_up
        ]
