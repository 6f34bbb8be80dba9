"""Events of the clock, for rules: told to the rules alone, never journaled."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from messages.event import BaseEvent

__all__ = ["SessionEndingEvent", "TimeEvent"]


@frozen(slots=True)
class TimeEvent(BaseEvent):
    """A second has passed, once for each symbol of a rule that waits for it."""

    symbol: str
    time: datetime


@frozen(slots=True)
class SessionEndingEvent(BaseEvent):
    """The instant at which a symbol is to be flat has come (`flatten_at`); the session ends at `closes`.

    Told once a session, and again every 15 seconds while something is held.
    """

    symbol: str
    time: datetime
    closes: datetime
