"""Move an order by the state table, and say what has happened to it by comparing before and after."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from domain.order_states import OrderInput, advance
from domain.orders.record import LIVE_UNTOUCHED, OrderRecord
from messages.order import (
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderClaimedEvent,
    OrderEvent,
    OrderExpiredEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderResolvedEvent,
    OrderStatus,
    OrderSubmittedEvent,
    OrderUnknownEvent,
)

__all__ = ["Standing", "changes", "end_modify", "move", "settle"]


class Standing(NamedTuple):
    """Where an order stood, for comparison."""

    status: OrderStatus
    confirmed: bool
    live: int
    awaited: Decimal

    @classmethod
    def of(cls, record: OrderRecord) -> Standing:
        """Note where it stands now."""
        return cls(record.status, record.confirmed, record.live, record.awaited)


def move(record: OrderRecord, event: OrderInput) -> None:
    """Move one step by the table; raises IllegalTransition for a step of our own that does not fit."""
    record.status = advance(record.order_ref, record.status, event)


def end_modify(record: OrderRecord, version: int | None) -> None:
    """Settle the outstanding modification: `version` rests now, or None where the earlier one still does."""
    if version is not None:
        record.live = version
    record.wanted = None
    record.stale = 0
    move(record, OrderInput.END_MODIFY)


def settle(record: OrderRecord) -> None:
    """Draw what follows from fills and from what is outstanding, whichever message came first.

    The order itself has lost what was ever filled of it: a bust takes the fill from the position and does not bring
    the order back to life.
    """
    whole = record.filled_once >= record.most_quantity
    as_claimed = record.claimed_whole and 0 < record.claimed <= record.filled_once
    if record.filled_once > 0:
        ended = (whole or as_claimed) and not record.twofold
        move(record, OrderInput.FILL_WHOLE if ended else OrderInput.FILL_PART)
    if record.status in LIVE_UNTOUCHED:
        if record.cancel_wanted:
            move(record, OrderInput.ASK_CANCEL)
        elif record.wanted is not None:
            move(record, OrderInput.ASK_MODIFY)
    if record.status.done:
        record.wanted = None
        record.cancel_wanted = False
        if not record.twofold:
            record.outlived |= record.severe
            record.severe.clear()


def changes(
    record: OrderRecord,
    before: Standing,
    cause: str,
    *,
    modified: bool | None = None,
    denied: bool = False,
    booked: bool = False,
) -> list[OrderEvent]:
    """Return the events that lead from `before` to now, fills excepted; `modified` is the end of a modification,
    `denied` whether it has not left.

    With `booked` a fill is told besides, and says that nothing is left of the order.
    """
    if modified is None and Standing.of(record) == before:
        return []
    view, now = record.view(), record.status
    events: list[OrderEvent] = []
    if record.awaited != before.awaited and not booked:
        events.append(OrderClaimedEvent(view))
    if before.status is OrderStatus.UNKNOWN and now is not OrderStatus.UNKNOWN:
        events.append(OrderResolvedEvent(view, cause))
    if modified is not None and not now.done:
        events.append(OrderModifiedEvent(view, modified, denied))
    if now is before.status:
        if record.confirmed and not (before.confirmed and before.live == record.live) and modified is None:
            events.append(OrderAcceptedEvent(view))
        return events
    match now:
        case OrderStatus.SENT:
            events.append(OrderSubmittedEvent(view))
        case OrderStatus.ACCEPTED | OrderStatus.HELD if modified is None:
            events.append(OrderAcceptedEvent(view))
        case OrderStatus.PARTIALLY_FILLED if before.status.done or (record.confirmed and not before.confirmed):
            events.append(OrderAcceptedEvent(view))
        case OrderStatus.CANCELLED:
            events.append(OrderCancelledEvent(view, record.cancel_reason or cause))
        case OrderStatus.REJECTED:
            code, reason = record.rejection or (0, cause)
            events.append(OrderRejectedEvent(view, code, reason))
        case OrderStatus.EXPIRED | OrderStatus.NOT_SENT:
            events.append(OrderExpiredEvent(view, cause))
        case OrderStatus.UNKNOWN:
            events.append(OrderUnknownEvent(view, cause))
        case OrderStatus.FILLED if not booked and before.status is not OrderStatus.UNKNOWN:
            # its end came without a fill: by fewer shares than were ordered, or by a fill whose bust was here before
            events.append(OrderResolvedEvent(view, cause))
        case _:
            pass
    return events
