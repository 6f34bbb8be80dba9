"""The venue's own record of an order: what the broker knows and does not tell."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from attrs import define, field

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Order
from simulator.venue.terms import ORDER_TYPES, Terms

if TYPE_CHECKING:
    from simulator.venue.conditions import Conditions

__all__ = ["Stage", "Working"]

MARKET = float("inf")


class Stage(Enum):
    """Where an order is on its way to the market; the status that clients see follows from it."""

    HELD = "held"  # not transmitted yet
    CHILD = "child"  # its parent has not filled
    CONDITION = "condition"  # its conditions do not hold yet
    LOCATE = "locate"  # shares to sell short are being looked for
    SCHEDULED = "scheduled"  # its time has not come
    TRIGGER = "trigger"  # its stop, trail or touch has not come
    LIVE = "live"  # may execute
    DONE = "done"

    @property
    def status(self) -> str:
        """The order status that TWS shows; of a finished order it depends on how it ended."""
        return _STATUS[self]

    @property
    def why_held(self) -> str:
        """TWS's whyHeld."""
        return self.value if self in (Stage.CHILD, Stage.LOCATE) else ""


_STATUS = {
    Stage.HELD: "PendingSubmit",
    Stage.CHILD: "PreSubmitted",
    Stage.CONDITION: "PreSubmitted",
    Stage.LOCATE: "PreSubmitted",
    Stage.SCHEDULED: "PreSubmitted",
    Stage.TRIGGER: "PreSubmitted",
    Stage.LIVE: "Submitted",
}


@define(slots=True, eq=False)
class Working:
    """An order with its place in time, its trigger, its family and its money."""

    order: Order
    definition: ContractDefinition
    rank: int  # time priority: lower came first
    stage: Stage = Stage.HELD
    released: bool = False  # a child whose parent has filled
    located: bool = False
    triggered: bool = False
    conditions: Conditions | None = None
    met: bool = False  # its conditions have held, which sets it free for good
    method: int = 0  # TWS's triggerMethod in force
    falling: bool = False  # whether the trigger lies below the market
    hits: int = 0  # consecutive quotes or trades through the trigger
    level: Decimal | None = None  # where the stop, trail or touch stands
    level_price: float = float("nan")  # the same for comparison with quotes
    best: float = float("nan")  # best price that a trailing stop has followed
    limit_offset: Decimal = ZERO  # of a trailing limit: between stop and limit
    limit: Decimal | None = None  # the limit in force; None: any price
    limit_price: float = MARKET  # the same for comparison with quotes, infinite for a market order
    notional: Decimal = ZERO  # Σ quantity × price of its fills
    charged: Decimal = ZERO  # commission so far
    starts: datetime | None = None
    pauses: datetime | None = None
    expires: datetime | None = None
    parent: Working | None = None
    children: list[Working] = field(factory=list)

    @property
    def terms(self) -> Terms:
        """What its order type asks."""
        return ORDER_TYPES[self.order.order_type]

    @property
    def buys(self) -> bool:
        """Whether it buys."""
        return self.order.side == "BUY"

    @property
    def exits(self) -> bool:
        """Whether it closes what its parent opens."""
        return self.parent is not None and self.parent.order.side != self.order.side

    def set_limit(self, price: Decimal | None) -> None:
        """Put the limit in force; None lifts it."""
        self.limit = price
        self.limit_price = MARKET if price is None else float(price)

    def set_level(self, price: Decimal) -> None:
        """Move the trigger."""
        self.level = price
        self.level_price = float(price)

    @property
    def priority(self) -> tuple[float, int]:
        """Price, then time: a smaller one executes first."""
        if self.limit is None:
            return (-MARKET, self.rank)
        return (-self.limit_price if self.buys else self.limit_price, self.rank)
