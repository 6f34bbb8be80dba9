"""The alarms that stand, by the log: each raising and clearing, and the snapshots that list them all.

Where a line was lost (a full disk, a reader that was away), the next snapshot shows it: what is missing is made up for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["fold_alarm", "missed_lines"]

Standing = dict[str, dict[str, Any]]


def fold_alarm(line: Mapping[str, Any], standing: Standing) -> None:
    """Keep track of the alarms; `standing` is id → the line that raised it."""
    alarm = str(line.get("id", ""))
    if line.get("event") == "alarm.raised":
        standing[alarm] = dict(line)
    elif line.get("event") == "alarm.cleared":
        standing.pop(alarm, None)


def missed_lines(line: Mapping[str, Any], standing: Standing) -> Iterator[dict[str, Any]]:
    """The lines that must have been written before this snapshot, and were not seen; nothing for any other line."""
    if line.get("event") != "system.snapshot":
        return
    status = line.get("status")
    listed = status.get("alarms") if isinstance(status, Mapping) else None
    if not isinstance(listed, list):  # the actor that keeps them did not answer
        return
    now = {str(alarm.get("id")): alarm for alarm in listed if isinstance(alarm, Mapping)}
    for alarm in set(standing) - set(now):
        yield {**standing[alarm], "event": "alarm.cleared"}
    for alarm in now:
        if alarm not in standing:
            yield {**now[alarm], "event": "alarm.raised", "level": "WARNING", "actor": "alarms"}
