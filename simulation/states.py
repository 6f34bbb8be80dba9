"""What the actors of a process are in: their life, and what they say of themselves where it bears on what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from supervisors.process import Process

__all__ = ["ActorStates"]

# what an actor says of how it is, not of how much it has done → what is not worth a word when it is first seen
_TOLD: Mapping[str, Mapping[str, str]] = {
    "journal": {"failed": "", "lost": "", "reserve": "0"},
    "gateway": {"connected": "", "epoch": "", "degraded": "", "entries_barred": ""},
    "orders": {"not_reconciled": "", "halted": "", "live": ""},
    "portfolio": {"state": "ACTIVE", "reserved": ""},
    "position": {"status": "CLOSED", "quantity": "0", "stop": "None", "protected": "", "closing": "", "feed": "live"},
    "alarms": {"standing": ""},
}
_LIFE = "life"
_BORN = ("new", "starting")


class ActorStates:
    """Tells what has changed since the last look, a line for each actor."""

    def __init__(self, told: Callable[[str], object]) -> None:
        self._told = told
        self._process: Process | None = None
        self._known: dict[str, dict[str, str]] = {}

    def look(self, process: Process | None) -> None:
        """Look at all actors of the process that runs now, None for none."""
        if process is not self._process:
            self._process, self._known = process, {}
        if process is None:
            return
        state = process.state
        self._say("process", {_LIFE: f"{state.state} {state.reason}".rstrip()})
        for status in process.system.snapshot():
            name, life = status.address, str(status.state)
            seen = {_LIFE: life}
            if life == "running":
                said = process.system.describe(name)
                seen |= {key: _words(said.get(key)) for key in _TOLD.get(name.partition("/")[0], {})}
            self._say(name, seen)

    def _say(self, name: str, seen: dict[str, str]) -> None:
        known = self._known.setdefault(name, {_LIFE: "new", **_TOLD.get(name.partition("/")[0], {})})
        changes = [
            (value if known[key] in _BORN else f"{known[key]} → {value}")
            if key == _LIFE
            else f"{key} {value or 'no more'}".replace("_", " ")
            for key, value in seen.items()
            if known.get(key, "") != value and not (key == _LIFE and value in _BORN and known[key] in _BORN)
        ]
        known.update(seen)
        if changes:
            self._told(f"{name}: {'; '.join(changes)}")


def _words(value: Any) -> str:
    match value:
        case Mapping():
            return ", ".join(f"{item} {key}" for key, item in value.items())
        case list() | tuple():
            return ", ".join(map(str, value))
        case None | False:
            return ""
        case True:
            return "yes"
    return str(value)
