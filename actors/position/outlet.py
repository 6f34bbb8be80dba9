"""What a position sends: orders, cancellations, facts for the journal."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import trio

from actors.position.protection import TryAgain
from domain.position_book import requested
from messages.journal import Append, Entry
from messages.order import CancelOrder, OrderStatus, SubmitOrders

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Outlet"]

CANCEL_SECONDS = 10.0  # after that a cancellation without an answer may be asked for again


class Outlet:
    """Sends each thing to whom it concerns, and no cancellation twice while its answer is awaited."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._cancelling: dict[str, float] = {}  # order_ref → when it was asked for

    def submit(self, message: SubmitOrders) -> None:
        """Send new orders: what adds risk by way of the portfolio."""
        actor = self._actor
        for request in message.orders:
            actor.book.note(requested(request))
        risky = any(request.role.adds_risk for request in message.orders)
        (actor.system.address("portfolio") if risky else actor.orders).tell(message)

    def cancel(self, order_ref: str, reason: str) -> None:
        """Ask for a cancellation, unless that was done and its answer is awaited.

        An order that `orders` has not taken yet waits: the cancellation could overtake it.
        """
        actor = self._actor
        order = actor.book.orders.get(order_ref)
        if not self.cancelling(order_ref) and (order is None or order.status is not OrderStatus.CREATED):
            self._cancelling[order_ref] = trio.current_time()
            actor.orders.tell(CancelOrder(order_ref, reason))
            actor.after(CANCEL_SECONDS, TryAgain())

    def cancelling(self, order_ref: str) -> bool:
        """Whether a cancellation was asked for and its answer is awaited."""
        return trio.current_time() - self._cancelling.get(order_ref, -inf) < CANCEL_SECONDS

    def answered(self, order_ref: str) -> None:
        """Note that the cancellation of an order was answered, by its end or by its living on."""
        self._cancelling.pop(order_ref, None)

    def append(self, *facts: Any, checkpoint: bool = False) -> None:
        """Write to the symbol's stream, all or nothing; what is sent afterwards is never durable before it."""
        journal = self._actor.system.address("journal")
        journal.tell(Append(tuple(Entry(self._actor.symbol, fact, checkpoint) for fact in facts)))
