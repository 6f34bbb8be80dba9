"""The alarms that stand."""

from __future__ import annotations

from typing import Any

from monitoring.board.fields import MOST, Line, shaped, whole, word

__all__ = ["AlarmsPart"]

_NEW: dict[str, Any] = {
    "id": "", "kind": "", "symbol": None, "order_ref": None, "perm_id": None, "text": "", "since": "",
}  # fmt: skip


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
        if len(self.alarms) >= MOST:
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
        rows = [shaped(one, _NEW) for one in alarms]
        self.alarms = {row["id"]: row for row in rows}

    def status(self) -> list[dict[str, Any]]:
        """All that stand."""
        return [dict(alarm) for alarm in self.alarms.values()]

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return self.alarms

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.alarms = dumped
