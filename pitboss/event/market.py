"""Market events. They are published while somebody subscribes to them, and cost nothing otherwise."""

from __future__ import annotations

from messages.market import PriceEvent, VolumeEvent

__all__ = ["PriceEvent", "VolumeEvent"]
