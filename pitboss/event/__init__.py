"""The event system: the bus, and the events by subject."""

from __future__ import annotations

from pitboss.event.base import BaseEvent
from pitboss.event.bus import EventBus

__all__ = ["BaseEvent", "EventBus"]
