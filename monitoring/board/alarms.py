"""The alarms that stand."""

from __future__ import annotations

from typing import Any

from monitoring.board.fields import Line, whole, word

__all__ = ["AlarmsPart"]


class AlarmsPart:
    """Folds `alarm.*`: id → alarm, in the form of `status`, oldest first."""

    def __init__(self) -> None:
        """None stands."""
        self.alarms: dict[str, dict[str, Any]] = {}

    def fold(self, event: str, line: Line) -> None:
        """Take a line about an alarm."""
        identity = word(line, "id")
        if not identity:
            return
        if event == "alarm.cleared":
            self.alarms.pop(identity, None)
            return
        self.alarms[identity] = {
            "id": identity,
            "kind": word(line, "kind") or "",
            "symbol": word(line, "symbol"),
            "order_ref": word(line, "order_ref"),
            "perm_id": whole(line, "perm_id"),
            "text": word(line, "text") or "",
            "since": word(line, "since") or line["ts"],
        }

    def snapshot(self, alarms: list[dict[str, Any]]) -> None:
        """Replace the picture by a snapshot's."""
        self.alarms = {one["id"]: dict(one) for one in alarms}

    def status(self) -> list[dict[str, Any]]:
        """All that stand."""
        return [dict(alarm) for alarm in self.alarms.values()]

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return self.alarms

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.alarms = dumped
