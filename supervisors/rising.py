"""Starting children that stand on one another."""

from __future__ import annotations

import trio
from attrs import define, field

from supervisors.child import Child
from supervisors.specification import Restart

__all__ = ["Rising", "why_restart"]


def why_restart(child: Child, error: Exception | None) -> Exception | None:
    """Return what a child that ended is restarted for; None where its end is in order."""
    if child.restart is Restart.TEMPORARY or (child.restart is Restart.TRANSIENT and error is None):
        return None
    return error or RuntimeError("it stopped by itself, and is permanent")


@define(slots=True, eq=False)
class Rising:
    """A group on its way up: which of it run, and the first of those that ended again; the rest is given up then."""

    scope: trio.CancelScope = field(factory=trio.CancelScope)
    up: set[Child] = field(factory=set)
    fallen: tuple[Child, Exception] | None = None

    def ended(self, child: Child, error: Exception | None) -> None:
        """Take the end of a child."""
        reason = why_restart(child, error)
        if child in self.up and reason is not None and self.fallen is None:
            self.fallen = (child, reason)
            self.scope.cancel()
