"""What went wrong on a day, or should have been seen: alarms, restarts, halts, and the log's worst lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from messages.lifecycle import AlarmCleared, AlarmRaised, ProcessStarted, ProcessStopped
from messages.risk import RiskStanding
from monitoring.report.model import Incident

__all__ = ["TOLD", "Incidents", "from_log", "moment"]

TOLD = {
    "actor.crashed": "{actor}: {error}",
    "actor.quarantined": "{actor}",
    "broker.gap_opened": "{reason}",
    "broker.lost": "{reason}",
    "log.dropped": "{lines} lines were not written",
    "order.rejected": "{order_ref}: {code} {reason}",
    "order.unknown": "{order_ref}: {reason}",
    "reconcile.difference": "broker {broker}, executions {executions}",
    "signal.unavailable": "{reason}",
}
"""Events of the log that belong into a report; alarms, starts and stops are in the journal."""


class Incidents:
    """Alarms with their ends, starts, stops, and changes of what may be traded."""

    def __init__(self) -> None:
        self._found: list[Incident] = []
        self._open: dict[str, int] = {}  # alarm id → its place
        self._state = ""

    def take(self, time: datetime, fact: object) -> None:
        """Take the next record's payload."""
        match fact:
            case AlarmRaised() if fact.id not in self._open:
                self._open[fact.id] = len(self._found)
                self._found.append(Incident(fact.since, fact.kind, fact.symbol or "", fact.text))
            case AlarmCleared() if fact.id in self._open:
                place = self._open.pop(fact.id)
                self._found[place] = evolve(self._found[place], until=time)
            case ProcessStarted():
                self._found.append(Incident(time, "process.started", "", f"version {fact.version}"))
            case ProcessStopped():
                self._found.append(Incident(time, "process.stopped", "", fact.reason))
            case RiskStanding():
                state = str(fact.state)
                if self._state not in ("", state):
                    self._found.append(Incident(time, "trading", "", f"{self._state} → {state} {fact.reason}".rstrip()))
                self._state = state

    def of_day(self, day: str, day_of: Callable[[datetime], str]) -> list[Incident]:
        """Return those that began on the day, or still stood on it."""
        standing = set(self._open.values())
        return [
            one
            for place, one in enumerate(self._found)
            if day_of(one.time) == day or (day_of(one.time) < day and (place in standing or _ended(one, day, day_of)))
        ]


def _ended(one: Incident, day: str, day_of: Callable[[datetime], str]) -> bool:
    return one.until is not None and day_of(one.until) >= day


def from_log(lines: Iterable[Mapping[str, Any]], day: str, day_of: Callable[[datetime], str]) -> list[Incident]:
    """Return what these lines of a log tell of a day. A line without a readable time is passed over."""
    found = []
    for line in lines:
        form = TOLD.get(str(line.get("event")))
        if form is None:
            continue
        time = moment(line)
        if time is not None and day_of(time) == day:
            text = form.format_map(_Fields(line)).strip()
            found.append(Incident(time, str(line["event"]), str(line.get("symbol") or ""), text))
    return found


def moment(line: Mapping[str, Any]) -> datetime | None:
    """Return when a line of the log was written; None where it does not say."""
    try:
        time = datetime.fromisoformat(str(line.get("ts")))
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


class _Fields(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
