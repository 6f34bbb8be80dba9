"""Events of orders as lines of the log."""

from __future__ import annotations

from typing import Any

from config.logging import log
from messages.gateway import OrderSent
from messages.order import (
    Execution,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderClaimedEvent,
    OrderCorrectedEvent,
    OrderCreatedEvent,
    OrderDeniedEvent,
    OrderEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderResolvedEvent,
    OrderStatus,
    OrderSubmittedEvent,
    OrderUnknownEvent,
    OrderView,
)

__all__ = ["log_event", "log_sent"]


def log_sent(sent: OrderSent, order: OrderView) -> None:
    """Write that bytes have left: after the line of the intent, which may be written while they do."""
    modification = order.status is OrderStatus.PENDING_MODIFY
    log("order.sent", actor="orders", epoch=sent.epoch, modification=modification, **_order(order))


def log_event(event: OrderEvent) -> None:
    """Write the line that belongs to an event; order.sent is `log_sent`, for a modification has no event of its own."""
    order = event.order
    match event:
        case OrderCreatedEvent():
            log("order.intent", actor="orders", group=order.oca_group or None, parent=order.parent_ref, **_order(order))
        case OrderSubmittedEvent() | OrderClaimedEvent():
            return
        case OrderAcceptedEvent():
            log("order.accepted", actor="orders", confirmed=order.confirmed, **_order(order))
        case OrderModifiedEvent(_, applied):
            log("order.modified", actor="orders", applied=applied, **_order(order))
        case OrderFilledEvent(_, execution):
            log("order.filled", actor="orders", **_fill(order, execution))
        case OrderCorrectedEvent(_, execution, replaces):
            log(
                "order.corrected",
                level="WARNING",
                actor="orders",
                replaces=replaces.exec_id,
                replaced_quantity=replaces.quantity,
                replaced_price=replaces.price,
                **_fill(order, execution),
            )
        case OrderCancelledEvent(_, reason):
            log("order.cancelled", actor="orders", reason=reason, **_order(order))
        case OrderExpiredEvent(_, reason):
            log("order.expired", level="WARNING", actor="orders", reason=reason, **_order(order))
        case OrderRejectedEvent(_, code, reason):
            log("order.rejected", level="ERROR", actor="orders", code=code, reason=reason, **_order(order))
        case OrderDeniedEvent(_, reason, figures):
            log("order.denied", level="WARNING", actor="orders", reason=reason, figures=figures, **_order(order))
        case OrderUnknownEvent(_, reason):
            log("order.unknown", level="WARNING", actor="orders", reason=reason, **_order(order))
        case OrderResolvedEvent(_, evidence):
            log("order.resolved", actor="orders", evidence=evidence, **_order(order))
        case _:
            raise TypeError(f"no line of the log is known for {type(event).__name__}")


def _order(order: OrderView) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "symbol": order.symbol,
        "order_ref": order.order_ref,
        "role": order.role,
        "side": order.side,
        "quantity": order.quantity,
        "type": order.order_type,
        "limit": order.limit_price,
        "stop": order.stop_price,
        "trailing_pct": order.trailing_pct,
        "trailing_amount": order.trailing_amount,
        "status": order.status,
        "filled": order.filled,
        "order_id": order.order_id,
        "perm_id": order.perm_id,
        "position_id": order.position_id,
    }
    if order.text:
        fields["text"] = order.text
    return fields


def _fill(order: OrderView, execution: Execution) -> dict[str, Any]:
    """The fill's own side and quantity; those of the order go under other names."""
    return {
        **_order(order),
        "symbol": execution.symbol,
        "execution": execution.exec_id,
        "side": execution.side,
        "quantity": execution.quantity,
        "price": execution.price,
        "time": execution.time,
        "perm_id": execution.perm_id,
        "client_id": execution.client_id,
        "order_quantity": order.quantity,
        "average_price": order.average_price,
        "liquidation": execution.liquidation,
    }
