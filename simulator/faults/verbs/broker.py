"""Verbs about the truth at the broker, its market data and its clock."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from simulator.faults.verbs.base import Verb

if TYPE_CHECKING:
    from simulator.faults.scene import Scene


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
