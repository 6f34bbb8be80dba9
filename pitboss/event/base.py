"""The base class of events. One of your own is a subclass of it, frozen: `@attrs.frozen class Earnings(BaseEvent)`."""

from __future__ import annotations

from messages.event import BaseEvent

__all__ = ["BaseEvent"]
