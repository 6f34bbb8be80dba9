"""One alert, and what is announced of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import define, field, frozen

__all__ = ["Alert", "Announcement", "Stage", "Word"]


class Stage(StrEnum):
    """How far an alert is."""

    PENDING = "pending"  # it must come more often, or hold for longer
    ACTIVE = "active"
    OVER = "over"  # kept for as long as it may not be told again


class Word(StrEnum):
    """What an announcement says."""

    RAISED = "raised"
    STILL = "still"  # a reminder
    OVER = "over"
    TOLD = "told"  # something that happened, and is not over or not over


@define(slots=True, kw_only=True)
class Alert:
    """What a rule has found, for one value of the fields that it tells alerts apart by."""

    rule: str
    key: tuple[str, ...]
    severity: str
    text: str
    runbook: str
    since: datetime
    last: datetime
    stage: Stage = Stage.PENDING
    due: datetime | None = None  # of a pending one: when it becomes active, unless it is over before
    reminded: datetime | None = None
    quiet_until: datetime | None = None
    missed: int = 0  # how often it came while it was not to be told
    hits: list[datetime] = field(factory=list)


@frozen(slots=True, kw_only=True)
class Announcement:
    """What goes to the channels. `log` is the name of the process, or the log's."""

    word: Word
    log: str
    rule: str
    key: tuple[str, ...]
    severity: str
    text: str
    runbook: str
    since: datetime
    at: datetime
    count: int = 1
    channels: tuple[str, ...] = ()
