"""What the runtime tells about its actors, and what the process does as a whole."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from messages.event import BaseEvent

__all__ = [
    "AcknowledgeAlarm",
    "ActorCrashed",
    "ActorEvent",
    "ActorQuarantined",
    "ActorRestarted",
    "ActorStarted",
    "ActorStopped",
    "AlarmCleared",
    "AlarmRaised",
    "ClearAlarm",
    "DeadLetter",
    "JournalRecovered",
    "ListAlarms",
    "ProcessStarted",
    "ProcessStopped",
    "RaiseAlarm",
]


@frozen(slots=True)
class ActorEvent(BaseEvent):
    """Something happened to the actor behind an address."""

    actor: str


@frozen(slots=True)
class ActorStarted(ActorEvent):
    """It runs for the first time."""


@frozen(slots=True)
class ActorCrashed(ActorEvent):
    """It raised. `message` is the repr of what it was handling, cut at 500 characters; empty outside a handler."""

    message: str
    error: str
    traceback: str


@frozen(slots=True)
class ActorRestarted(ActorEvent):
    """It runs again, `seconds` after it crashed; `restarts` counts since the process started."""

    restarts: int
    seconds: float


@frozen(slots=True)
class ActorQuarantined(ActorEvent):
    """It crashed more often than its supervisor allows and stays down."""

    restarts: int
    error: str


@frozen(slots=True)
class ActorStopped(ActorEvent):
    """It was stopped in order."""


@frozen(slots=True)
class DeadLetter(ActorEvent):
    """A message that no actor will handle. `message` is its repr, cut at 500 characters."""

    message: str
    error: str


# anyone → alarms


@frozen(slots=True)
class RaiseAlarm:
    """Raise an alarm, or refresh its text. `kind` and the subject identify it: raised twice, it is one alarm."""

    kind: str  # an event name, such as protection.missing
    text: str
    symbol: str | None = None
    order_ref: str | None = None
    perm_id: int | None = None


@frozen(slots=True)
class ClearAlarm:
    """The cause of an alarm is gone; nothing happens where none stands. None matches only None."""

    kind: str
    symbol: str | None = None
    order_ref: str | None = None
    perm_id: int | None = None


@frozen(slots=True)
class AcknowledgeAlarm:
    """A person has seen the alarm with this id: it is over, unless it stands for a cause that lasts.

    Answered with CommandAccepted or CommandRefused.
    """

    id: str
    by: str = "operator"


@frozen(slots=True)
class ListAlarms:
    """Ask for the standing alarms: `tuple[AlarmRaised, ...]`, oldest first."""


# journal and bus


@frozen(slots=True)
class AlarmRaised(BaseEvent):
    """An alarm stands since `since` (UTC)."""

    id: str
    kind: str
    text: str
    since: datetime
    symbol: str | None = None
    order_ref: str | None = None
    perm_id: int | None = None


@frozen(slots=True)
class AlarmCleared(BaseEvent):
    """The alarm with this id is over; `by` is the person who ended it, "" where its cause is gone."""

    id: str
    kind: str
    symbol: str | None = None
    by: str = ""


@frozen(slots=True)
class ProcessStarted:
    """A process took up the journal."""

    version: str
    process_id: int


@frozen(slots=True)
class ProcessStopped:
    """The process stopped in order."""

    reason: str


@frozen(slots=True)
class JournalRecovered:
    """The `records` before this one come from the reserve: the journal failed at `failed` (ISO 8601, UTC) with `error`.

    `reserve` is the hash of the last of them there; with `torn` a last group of it was not finished, and is left out.
    """

    records: int
    failed: str
    error: str
    reserve: str
    torn: bool = False
