"""The verbs of a fault script.

Those that decide about the request itself (`accept`, `accept_silently`, `swallow`, `split`) and `wait` are read by
the engine; all others act on a scene: the engine, and the session and request that set them off, if any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from simulator.faults.scene import Scene

__all__ = ["VERBS", "Verb"]


@frozen(slots=True)
class Verb:
    """One thing that goes wrong."""

    def act(self, scene: Scene) -> None:
        """Do it."""
        raise TypeError(f"{type(self).__name__} is for the engine to read")


# about the request


@frozen(slots=True)
class Accept(Verb):
    """Carry the request out here; without this verb that happens at the first wait, or at the end."""


@frozen(slots=True)
class AcceptSilently(Verb):
    """Carry it out, but say nothing of the order unless asked. It can fill."""


@frozen(slots=True)
class Swallow(Verb):
    """Act as if the request had never arrived."""


@frozen(slots=True)
class Split(Verb):
    """Carry a change of a live order out as a second order beside it: two permIds for one order id (INC-08)."""


@frozen(slots=True)
class Wait(Verb):
    """Do the rest of the list some seconds later."""

    seconds: float


# about messages


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


# about the link


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


# the truth at the broker


@frozen(slots=True, kw_only=True)
class Fill(Verb):
    """Execute an order at the broker: the request's, or one named by reference or permId. No quantity: the rest."""

    price: Decimal
    quantity: Decimal | None = None
    order_ref: str = ""
    perm_id: int = 0

    def act(self, scene: Scene) -> None:
        """Execute it."""
        scene.fill(self)


@frozen(slots=True, kw_only=True)
class Correct(Verb):
    """Correct a fill of an order at the broker: the next version of its execution id. Quantity 0 is a bust."""

    quantity: Decimal
    price: Decimal
    fill: int = -1  # which of the order's fills, from 0; −1 is the last
    order_ref: str = ""
    perm_id: int = 0

    def act(self, scene: Scene) -> None:
        """Correct it."""
        scene.correct(self)


@frozen(slots=True, kw_only=True)
class Manual(Verb):
    """A trade by hand: positive buys, negative sells."""

    symbol: str
    quantity: Decimal
    price: Decimal
    account: str = ""

    def act(self, scene: Scene) -> None:
        """Book it."""
        scene.manual(self)


@frozen(slots=True, kw_only=True)
class ManualOrder(Verb):
    """An order placed by hand in TWS: it has order id 0 until client 0 binds it."""

    symbol: str
    side: str
    quantity: Decimal
    type: str = "LMT"
    limit: Decimal | None = None
    stop: Decimal | None = None
    tif: str = "DAY"
    account: str = ""

    def act(self, scene: Scene) -> None:
        """Place it."""
        scene.manual_order(self)


@frozen(slots=True)
class CancelAtBroker(Verb):
    """Cancel an order without a request: the request's, or the one with this reference."""

    order_ref: str = ""

    def act(self, scene: Scene) -> None:
        """Cancel it."""
        scene.cancel(self.order_ref)


@frozen(slots=True)
class Entitle(Verb):
    """Change what market data may be seen of a symbol: live, delayed, none, competing. For requests from now on."""

    symbol: str
    extent: str

    def act(self, scene: Scene) -> None:
        """Change it."""
        scene.entitle(self.symbol, self.extent)


@frozen(slots=True)
class Silence(Verb):
    """Stop the ticks of all present subscriptions; new request ids get theirs (INC-37). No symbol: all."""

    symbol: str = ""

    def act(self, scene: Scene) -> None:
        """Stop them."""
        scene.silence(self.symbol)


@frozen(slots=True)
class Connectivity(Verb):
    """TWS and its servers: `lost` sends 1100 and stops the ticks; `kept` ends that with 1102; `dropped` with 1101,
    after which subscriptions must be made again.
    """

    state: str

    def __attrs_post_init__(self) -> None:
        """Raises ValueError for another state."""
        if self.state not in ("lost", "kept", "dropped"):
            raise ValueError("state is lost, kept or dropped")

    def act(self, scene: Scene) -> None:
        """Change it."""
        scene.connectivity(self.state)


@frozen(slots=True)
class Jump(Verb):
    """Set the broker's clock forward or back by so many seconds."""

    seconds: float

    def act(self, scene: Scene) -> None:
        """Set it."""
        scene.jump(self.seconds)


VERBS: dict[str, type[Verb]] = {
    "accept": Accept,
    "accept_silently": AcceptSilently,
    "swallow": Swallow,
    "split": Split,
    "wait": Wait,
    "hold": Hold,
    "drop": Drop,
    "duplicate": Duplicate,
    "reorder": Reorder,
    "delay": Delay,
    "alter": Alter,
    "release": Release,
    "error": Error,
    "emit": Emit,
    "reset": Reset,
    "close": Close,
    "cut": Cut,
    "black_hole": BlackHole,
    "stall": Stall,
    "flow": Flow,
    "restart": Restart,
    "fill": Fill,
    "correct": Correct,
    "manual": Manual,
    "manual_order": ManualOrder,
    "cancel": CancelAtBroker,
    "entitle": Entitle,
    "silence": Silence,
    "connectivity": Connectivity,
    "jump": Jump,
}
"""name in a script → verb"""
