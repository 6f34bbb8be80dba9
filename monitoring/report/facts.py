"""Where a report's facts come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from messages.journal import Record

__all__ = ["KINDS", "Facts"]

KINDS = (
    "AlarmCleared",
    "AlarmRaised",
    "CommissionBooked",
    "EntryWeighed",
    "ExecutionBooked",
    "ModifyIntended",
    "OrderIntended",
    "OrderNotSent",
    "PositionClosed",
    "PositionPlanned",
    "ProcessStarted",
    "ProcessStopped",
    "RiskStanding",
    "RuleSkipped",
    "RulesWeighed",
    "SignalIgnored",
    "SignalReceived",
)
"""The kinds of records that a report reads."""


class Facts(Protocol):
    """A journal that can be read while its owner writes it."""

    def every(self, *kinds: str) -> Iterable[Record]:
        """Return all records of these kinds, oldest first."""
