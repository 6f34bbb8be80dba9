"""Verbs about the link, and about the gateway as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from simulator.faults.verbs.base import Verb

if TYPE_CHECKING:
    from simulator.faults.scene import Scene


@frozen(slots=True)
class Reset(Verb):
    """Break the link off; what is on its way is lost."""

    everyone: bool = False

    def act(self, scene: Scene) -> None:
        """Break it off."""
        for session in scene.sessions(self.everyone):
            session.abort()


@frozen(slots=True)
class Close(Verb):
    """Close the link in order, after what was said."""

    everyone: bool = False

    def act(self, scene: Scene) -> None:
        """Close it."""
        for session in scene.sessions(self.everyone):
            session.end()


@frozen(slots=True)
class Cut(Verb):
    """Let so many more bytes pass, then end the link in mid-frame: to the client (`out`) or from it (`in`)."""

    bytes: int
    direction: str = "out"

    def __attrs_post_init__(self) -> None:
        """Raises ValueError for another direction."""
        if self.direction not in ("in", "out") or self.bytes < 0:
            raise ValueError("cut needs bytes ≥ 0 and direction in or out")

    def act(self, scene: Scene) -> None:
        """Begin counting."""
        for session in scene.sessions(everyone=False):
            session.cut(self.bytes, incoming=self.direction == "in")


@frozen(slots=True)
class BlackHole(Verb):
    """Read and write nothing, with the link up. After `seconds`, `then` it flows in a burst, or is reset."""

    seconds: float | None = None
    then: str = "flow"
    everyone: bool = False

    def __attrs_post_init__(self) -> None:
        """Raises ValueError for another end."""
        if self.then not in ("flow", "reset"):
            raise ValueError("then is flow or reset")

    def act(self, scene: Scene) -> None:
        """Stop the link."""
        scene.black_hole(self.seconds, self.then, self.everyone)


@frozen(slots=True)
class Stall(Verb):
    """A black hole for so long, then everything flows in a burst."""

    seconds: float
    everyone: bool = False

    def act(self, scene: Scene) -> None:
        """Stop the link for a while."""
        scene.black_hole(self.seconds, "flow", self.everyone)


@frozen(slots=True)
class Flow(Verb):
    """End a black hole: what was sent meanwhile is processed, what was said meanwhile arrives."""

    everyone: bool = False

    def act(self, scene: Scene) -> None:
        """Let it flow."""
        for session in scene.sessions(self.everyone):
            session.resume()


@frozen(slots=True, kw_only=True)
class Restart(Verb):
    """A gateway restart: every link ends; for `seconds` new ones are closed at once; ids go on from `next_id`.

    `keep` names the open orders that survive by order reference: `["*"]` for all. What does not survive is gone
    without a word. `executions` False hides the executions so far, as after midnight on a gateway.
    """

    next_id: int | None = None
    keep: Sequence[str] = field(default=("*",), converter=tuple[str, ...])
    executions: bool = True
    seconds: float = 0.0
    how: str = "reset"

    def __attrs_post_init__(self) -> None:
        """Raises ValueError for another way to end links, or an id below 1."""
        if self.how not in ("reset", "close") or (self.next_id is not None and self.next_id < 1):
            raise ValueError("how is reset or close, next_id at least 1")

    def act(self, scene: Scene) -> None:
        """Restart."""
        scene.restart(self)
