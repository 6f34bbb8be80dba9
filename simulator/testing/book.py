"""The broker's ground truth at one moment, whatever it has said."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from decimal import Decimal

from attrs import frozen

from simulator.model import Commission, Execution, Order, Position
from simulator.venue import Venue

__all__ = ["Book", "book_of"]


@frozen(slots=True)
class Book:
    """Copies: they do not change any more."""

    orders: tuple[Order, ...]  # all that were ever accepted, oldest first
    executions: tuple[Execution, ...]  # in their latest versions, oldest first
    commissions: Mapping[str, Commission]  # execution id → commission
    positions: tuple[Position, ...]  # flat ones are left out
    cash: Mapping[str, Decimal]  # account → US dollars

    @property
    def working(self) -> tuple[Order, ...]:
        """The orders that may still fill."""
        return tuple(order for order in self.orders if not order.done)

    def order(self, order_ref: str) -> Order:
        """Return the newest order with this reference. Raises KeyError."""
        for order in reversed(self.orders):
            if order.order_ref == order_ref:
                return order
        raise KeyError(order_ref)

    def position(self, symbol: str, account: str = "") -> Decimal:
        """Return what is held of a symbol, 0 if nothing: in one account, or in all."""
        held = (one for one in self.positions if one.contract.symbol == symbol and account in ("", one.account))
        return sum((one.quantity for one in held), Decimal(0))


def book_of(venue: Venue) -> Book:
    """Return the venue's books as they stand."""
    return Book(
        tuple(copy(order) for order in venue.orders.values()),
        tuple(venue.executions),
        dict(venue.commissions),
        tuple(venue.positions()),
        {account: venue.cash(account) for account in venue.accounts},
    )
