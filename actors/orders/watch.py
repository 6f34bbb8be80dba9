"""Orders of which something must be heard soon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from attrs import frozen

from actors.orders.desk import OrderDesk
from domain.orders.record import OrderRecord
from messages.order import OrderStatus

__all__ = ["LookAgain", "Watch"]


@frozen(slots=True)
class LookAgain:
    """To oneself: the time in which something should have been heard of this order is over."""

    order_ref: str


class Watch:
    """One deadline an order. What has not been answered by then is asked about; an order that the broker has never
    shown is UNKNOWN from then on. Asking goes on, ever more slowly, for as long as the order is in doubt."""

    def __init__(self, desk: OrderDesk, seconds: float, slowest: float, after: Callable[[float, Any], object]) -> None:
        """`after(seconds, message)` tells the actor itself."""
        self._desk = desk
        self._seconds = seconds
        self._slowest = slowest
        self._after = after
        self._due: dict[str, float] = {}  # order_ref → deadline
        self._timed: set[str] = set()  # orders with a timer
        self._asked: dict[str, int] = {}  # order_ref → how often in a row

    def start(self, order_ref: str) -> None:
        """Expect something of this order from now on."""
        self._asked.pop(order_ref, None)
        self._set(order_ref, self._seconds)

    def look(self, order_ref: str) -> None:
        """The timer of an order has run out."""
        self._timed.discard(order_ref)
        due = self._due.get(order_ref)
        if due is None:
            return
        left = due - trio.current_time()
        if left > 0:
            self._timer(order_ref, left)
            return
        del self._due[order_ref]
        record = self._desk.book.get(order_ref)
        reason = "" if record is None else _unanswered(record)
        if record is None or not reason:
            self._asked.pop(order_ref, None)
            return
        if record.status is OrderStatus.SENT:
            self._desk.doubt([record], f"{reason} within {self._seconds:g} s")
        self._desk.verify(f"{order_ref}: {reason}")
        times = self._asked[order_ref] = self._asked.get(order_ref, 0) + 1
        self._set(order_ref, min(self._seconds * 2**times, self._slowest))

    def _set(self, order_ref: str, seconds: float) -> None:
        self._due[order_ref] = trio.current_time() + seconds
        if order_ref not in self._timed:
            self._timer(order_ref, seconds)

    def _timer(self, order_ref: str, seconds: float) -> None:
        self._timed.add(order_ref)
        self._after(seconds, LookAgain(order_ref))


def _unanswered(record: OrderRecord) -> str:
    """What is still outstanding, "" for nothing."""
    if record.queued:
        return ""  # the gateway will say what became of it
    if record.status is OrderStatus.SENT:
        return "no acknowledgement"
    if record.status is OrderStatus.UNKNOWN:
        return "still unknown"
    if record.status is OrderStatus.PENDING_MODIFY:
        return "the modification has not been confirmed"
    if record.status is OrderStatus.PENDING_CANCEL and record.broker_status not in ("PendingCancel", "PreCancelled"):
        return "the cancellation has not been answered"
    if record.rejection is not None and not record.status.done:
        return "a rejection waits for its proof"
    return "executions are missing" if record.short_of_claim else ""
