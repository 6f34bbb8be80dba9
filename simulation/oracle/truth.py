"""The broker's book: what is really held, what really works, what really happened."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from simulator.model import Execution, Order
from simulator.venue import Venue

__all__ = ["Truth"]

_STOPS = ("STP", "STP LMT", "TRAIL", "TRAIL LIMIT")


class Truth:
    """Questions to the paper TWS's venue."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    def held(self, symbol: str) -> Decimal:
        """What is held of a symbol, signed."""
        return sum((one.quantity for one in self.venue.positions() if one.contract.symbol == symbol), Decimal(0))

    def live(self, symbol: str = "") -> list[Order]:
        """Orders of API clients that may still fill."""
        orders = self.venue.orders.values()
        return [one for one in orders if not one.done and one.order_ref and symbol in ("", one.contract.symbol)]

    def covered(self, symbol: str) -> Decimal:
        """How much of what is held the live stops, and closing market orders, would take away."""
        side = "SELL" if self.held(symbol) > 0 else "BUY"
        live = [one for one in self.live(symbol) if one.side == side and (one.order_type in (*_STOPS, "MKT"))]
        return sum((self._awake(one) for one in live), Decimal(0))

    def _awake(self, order: Order) -> Decimal:
        """What of an order can fill now: a child sleeps until its parent fills."""
        parent = self.venue.orders.get(order.parent_perm_id)
        return order.remaining if parent is None or parent.done else min(order.remaining, parent.filled)

    def doubles(self) -> list[str]:
        """References under which there is more than one order."""
        counts = Counter(one.order_ref for one in self.venue.orders.values() if one.order_ref)
        return [ref for ref, count in counts.items() if count > 1]

    def executions(self) -> dict[str, Execution]:
        """execution id → execution, in their latest versions."""
        return {one.exec_id: one for one in self.venue.executions}

    def cash(self, symbol: str) -> Decimal:
        """What all trades in a symbol have brought, without commission: the profit, once nothing is held."""
        return sum(
            (
                one.quantity * one.price * (1 if one.side == "SLD" else -1)
                for one in self.venue.executions
                if one.contract.symbol == symbol
            ),
            Decimal(0),
        )

    def commission(self) -> Decimal:
        """What all trades have cost."""
        return sum((one.amount for one in self.venue.commissions.values()), Decimal(0))
