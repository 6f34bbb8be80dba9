"""What every verb is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from simulator.faults.scene import Scene

__all__ = ["Verb"]


@frozen(slots=True)
class Verb:
    """One thing that goes wrong."""

    def act(self, scene: Scene) -> None:
        """Do it."""
        raise TypeError(f"{type(self).__name__} is for the engine to read")
