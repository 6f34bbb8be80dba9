"""The root of everything that may be published on the event bus."""

from __future__ import annotations

from attrs import frozen

__all__ = ["BaseEvent"]


@frozen(slots=True)
class BaseEvent:
    """Something that happened. A subscriber to a class receives its subclasses too."""
