"""The supervision tree: the state of each actor, its restarts and what waits in its mailbox."""

from __future__ import annotations

from typing import Any

from monitoring.board.fields import MOST, Line, shaped, whole, word

__all__ = ["ActorsPart"]

_NEW: dict[str, Any] = {"address": "", "state": "starting", "restarts": 0, "mailbox": 0, "error": ""}


class ActorsPart:
    """Folds `actor.*`: address → actor, in the form of `status`."""

    def __init__(self) -> None:
        """No actor is known."""
        self.actors: dict[str, dict[str, Any]] = {}

    def fold(self, event: str, line: Line) -> None:
        """Take a line about an actor."""
        address = word(line, "actor")
        if not address or (address not in self.actors and len(self.actors) >= MOST):
            return
        actor = self.actors.setdefault(address, dict(_NEW, address=address))
        match event:
            case "actor.started":
                actor["state"] = "running"
            case "actor.crashed":
                actor["state"], actor["error"] = "restarting", word(line, "error") or ""
            case "actor.restarted":
                actor["state"], actor["restarts"] = "running", whole(line, "restarts") or actor["restarts"] + 1
            case "actor.quarantined":
                actor["state"], actor["error"] = "quarantined", word(line, "error") or actor["error"]
            case "actor.stopped":
                actor["state"], actor["mailbox"] = "stopped", 0

    def starting(self) -> None:
        """A new process: nobody runs yet."""
        self.actors.clear()

    def mailboxes(self, waiting: Line) -> None:
        """Take a pulse's mailboxes: those that it does not name are empty."""
        for address, actor in self.actors.items():
            actor["mailbox"] = whole(waiting, address) or 0

    def snapshot(self, actors: list[dict[str, Any]]) -> None:
        """Replace the picture by a snapshot's."""
        above = self.supervisors()
        rows = [shaped(one, _NEW) for one in actors]
        self.actors = {row["address"]: row for row in rows} | above

    def status(self) -> list[dict[str, Any]]:
        """The actors, in the order in which they came; `status` knows no supervisors."""
        supervisors = self.supervisors()
        return [dict(actor) for address, actor in self.actors.items() if address not in supervisors]

    def supervisors(self) -> dict[str, dict[str, Any]]:
        """The supervisors of which the log has spoken, by name: `positions` is above `position/AAPL`."""
        above = {address.partition("/")[0] for address in self.actors if "/" in address}
        return {
            address: dict(actor)
            for address, actor in self.actors.items()
            if address in above or (address.endswith("s") and address[:-1] in above)
        }

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return self.actors

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.actors = dumped
