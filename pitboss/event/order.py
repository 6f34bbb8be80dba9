"""Order events; `event.order` is how the order stands after it."""

from __future__ import annotations

from messages.order import (
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderCorrectedEvent,
    OrderCreatedEvent,
    OrderDeniedEvent,
    OrderEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderResolvedEvent,
    OrderSubmittedEvent,
    OrderUnknownEvent,
)

__all__ = [
    "OrderAcceptedEvent",
    "OrderCancelledEvent",
    "OrderCorrectedEvent",
    "OrderCreatedEvent",
    "OrderDeniedEvent",
    "OrderEvent",
    "OrderExpiredEvent",
    "OrderFilledEvent",
    "OrderModifiedEvent",
    "OrderRejectedEvent",
    "OrderResolvedEvent",
    "OrderSubmittedEvent",
    "OrderUnknownEvent",
]
