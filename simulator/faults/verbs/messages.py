"""Verbs about messages to the client: held, lost, repeated, altered, sent out of turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

from simulator.faults.verbs.base import Verb

if TYPE_CHECKING:
    from simulator.faults.scene import Scene


@frozen(slots=True, kw_only=True)
class Filtering(Verb):
    """A verb about messages to come. See `filters.Match` for the fields."""

    messages: Sequence[str] = field(converter=tuple[str, ...])
    where: Mapping[str, str] = field(factory=dict)
    asked: bool | None = None
    count: int | None = None
    after: int = 0
    everyone: bool = False  # all clients, not only the one of the request
    name: str = ""


@frozen(slots=True, kw_only=True)
class Hold(Filtering):
    """Keep messages back until `release`."""

    def act(self, scene: Scene) -> None:
        """Begin holding."""
        scene.hold(self)


@frozen(slots=True, kw_only=True)
class Drop(Filtering):
    """Lose messages."""

    def act(self, scene: Scene) -> None:
        """Begin dropping."""
        scene.drop(self)


@frozen(slots=True, kw_only=True)
class Duplicate(Filtering):
    """Send messages several times."""

    copies: int = 2

    def act(self, scene: Scene) -> None:
        """Begin repeating."""
        scene.duplicate(self, self.copies)


@frozen(slots=True, kw_only=True)
class Reorder(Filtering):
    """Collect as many messages as `order` has positions, then send them in that order."""

    order: Sequence[int] = field(converter=tuple[int, ...])

    def __attrs_post_init__(self) -> None:
        """Raises ValueError unless `order` is a permutation of 0, 1, 2, …"""
        if sorted(self.order) != list(range(len(self.order))) or not self.order:
            raise ValueError(f"order must be a permutation of 0 to n−1, not {list(self.order)}")

    def act(self, scene: Scene) -> None:
        """Begin collecting."""
        scene.reorder(self, self.order)


@frozen(slots=True, kw_only=True)
class Delay(Filtering):
    """Send messages some seconds later, each by itself."""

    seconds: float

    def act(self, scene: Scene) -> None:
        """Begin delaying."""
        scene.delay(self, self.seconds)


@frozen(slots=True, kw_only=True)
class Alter(Filtering):
    """Change fields of messages: a wrong echo."""

    set: Mapping[str, str]

    def act(self, scene: Scene) -> None:
        """Begin altering."""
        scene.alter(self, self.set)


@frozen(slots=True)
class Release(Verb):
    """Let held messages go, in the given order of positions, and stop the filters of that name; '' means all."""

    name: str = ""
    order: Sequence[int] = field(default=(), converter=tuple[int, ...])

    def act(self, scene: Scene) -> None:
        """Let go."""
        scene.release(self.name, self.order)


@frozen(slots=True)
class Error(Verb):
    """Send an error. Without `id` it answers the request; −1 is a notice, which `everyone` sends to all clients."""

    code: int
    text: str = ""
    id: int | None = None
    everyone: bool = False

    def act(self, scene: Scene) -> None:
        """Send it."""
        scene.error(self.code, self.text, self.id, self.everyone)


@frozen(slots=True, kw_only=True)
class Emit(Verb):
    """Send one message now: by its IB name about the request's order, with `set` changing fields; or raw `fields`.

    By name: openOrder, orderStatus, execDetails, commissionReport (of the order's last fill, unless `fill` counts
    another from 0), completedOrder, nextValidId, and the end markers. In values, `{orderId}`, `{permId}`, `{reqId}`,
    `{execId}` and `{execBase}` (without the version) are filled in.
    """

    message: str = ""
    set: Mapping[str, str] = field(factory=dict)
    fields: Sequence[str] = field(default=(), converter=tuple[str, ...])
    fill: int = -1

    def __attrs_post_init__(self) -> None:
        """Raises ValueError unless there is a message or fields."""
        if bool(self.message) == bool(self.fields):
            raise ValueError("emit needs either a message or fields")

    def act(self, scene: Scene) -> None:
        """Send it."""
        if self.message:
            scene.emit(self.message, self.set, self.fill)
        else:
            scene.emit_raw(self.fields)
