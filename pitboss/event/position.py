"""Position events; `event.position` is how the position stands after it."""

from __future__ import annotations

from messages.position import (
    PositionAbandonedEvent,
    PositionCloseEvent,
    PositionEvent,
    PositionMarkedEvent,
    PositionOpenEvent,
    PositionUpdateEvent,
    ProtectionArmedEvent,
    ProtectionMissingEvent,
)

__all__ = [
    "PositionAbandonedEvent",
    "PositionCloseEvent",
    "PositionEvent",
    "PositionMarkedEvent",
    "PositionOpenEvent",
    "PositionUpdateEvent",
    "ProtectionArmedEvent",
    "ProtectionMissingEvent",
]
