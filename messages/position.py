"""Positions: commands, what is journaled, and the events they cause."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from messages.event import BaseEvent
from messages.order import OrderType, Side

__all__ = [
    "AdjustExits",
    "AdoptHolding",
    "AttachOrders",
    "BrokerHolding",
    "ClosePosition",
    "CommandAccepted",
    "CommandOutcome",
    "CommandRefused",
    "DescribePosition",
    "ExitPlan",
    "ExitsAdjusted",
    "OpenPosition",
    "PlaceOrder",
    "PositionCloseEvent",
    "PositionClosed",
    "PositionClosing",
    "PositionEvent",
    "PositionOpenEvent",
    "PositionPlanned",
    "PositionStatus",
    "PositionUpdateEvent",
    "PositionView",
    "ProtectionArmedEvent",
    "ProtectionMissingEvent",
    "Size",
]


class PositionStatus(StrEnum):
    """Life of a position."""

    PLANNED = "PLANNED"
    OPENING = "OPENING"
    OPEN = "OPEN"
    ADJUSTING = "ADJUSTING"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


@frozen(slots=True, kw_only=True)
class ExitPlan:
    """How a position is left. Percentages (0.03 = 3 %) are of the average entry price of what filled; prices are
    absolute and win over percentages. None means no such exit.
    """

    stop_loss_pct: Decimal | None = None
    stop_loss_price: Decimal | None = None
    take_profit_pct: Decimal | None = None
    take_profit_price: Decimal | None = None
    trailing_stop_pct: Decimal | None = None
    trailing_stop_amount: Decimal | None = None

    @property
    def protects(self) -> bool:
        """Whether it limits the loss."""
        return (
            self.stop_loss_pct is not None
            or self.stop_loss_price is not None
            or self.trailing_stop_pct is not None
            or self.trailing_stop_amount is not None
        )


@frozen(slots=True, kw_only=True)
class Size:
    """How much to trade: exactly one of these. Money is in the account's currency, `risk_pct` of its equity."""

    quantity: Decimal | None = None
    allocation: Decimal | None = None
    risk_pct: Decimal | None = None


# rules, control → position/SYMBOL


@frozen(slots=True, kw_only=True)
class OpenPosition:
    """Open a position, or add to one on the same side where `add` says so.

    A position on the other side is reversed: its orders cancelled, flattened, and entered anew once executions
    prove it flat. `signal_id` acts once, across restarts.
    """

    side: Side
    size: Size
    exits: ExitPlan
    source: str
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    signal_id: str | None = None
    add: bool = False


@frozen(slots=True)
class ClosePosition:
    """Cancel the entries, go flat, cancel the exits."""

    reason: str
    source: str = "operator"


@frozen(slots=True)
class AdjustExits:
    """Take this plan for the open position from now on."""

    exits: ExitPlan
    source: str = "operator"


@frozen(slots=True)
class AdoptHolding:
    """Take what is held without a plan under management, with these exits.

    Own exits that rest at the broker are taken over. Where orders of somebody else rest on the closing side it is
    refused, unless `beside` says that ours are to rest beside them.
    """

    exits: ExitPlan
    beside: bool = False
    source: str = "operator"


@frozen(slots=True, kw_only=True)
class PlaceOrder:
    """One plain order on the position's symbol, without exits of its own (the requirements' OrderManager)."""

    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    order_ref: str | None = None
    source: str = "operator"


@frozen(slots=True)
class DescribePosition:
    """Ask for a PositionView."""


# position → whoever asked (a command is asked where the answer matters)


@frozen(slots=True)
class CommandAccepted:
    """The command was taken up; `order_refs` are the orders it makes."""

    order_refs: tuple[str, ...] = ()
    text: str = ""


@frozen(slots=True)
class CommandRefused:
    """The command did nothing, for this reason."""

    reason: str
    figures: str = ""


CommandOutcome = CommandAccepted | CommandRefused


# orders → position


@frozen(slots=True)
class BrokerHolding:
    """What the broker's complete snapshot says of this symbol, zero included: to be compared, never booked."""

    epoch: int
    quantity: Decimal
    average_cost: Decimal


# journal (stream: the symbol)


@frozen(slots=True, kw_only=True)
class PositionPlanned:
    """A position was planned; its orders carry its id."""

    position_id: str
    symbol: str
    side: Side
    quantity: Decimal
    exits: ExitPlan
    source: str
    signal_id: str | None = None


@frozen(slots=True)
class ExitsAdjusted:
    """The plan changed."""

    position_id: str
    exits: ExitPlan
    source: str


@frozen(slots=True)
class PositionClosing:
    """The position is to go flat: a restart goes on with it, whether or not an order for it exists yet."""

    position_id: str
    reason: str
    source: str


@frozen(slots=True, kw_only=True)
class PositionClosed:
    """Flat again, and everything about it in one record: replay of the symbol may begin here.

    `realized_pnl` does not contain `commission`; both in the instrument's currency.
    """

    position_id: str
    symbol: str
    reason: str
    realized_pnl: Decimal
    commission: Decimal
    exec_bases: tuple[str, ...]
    signal_ids: tuple[str, ...] = ()
    day: str = ""


# position → orders


@frozen(slots=True)
class AttachOrders:
    """Journal this plan, and take these orders of ours, which the journal does not know, for its exits.

    Answered with `tuple[OrderView, ...]`, those that were attached.
    """

    plan: PositionPlanned
    stops: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


# bus, status


@frozen(slots=True, kw_only=True)
class PositionView:
    """A position as it stands. Quantity is negative for a short; money in the instrument's currency.

    P&L does not contain commission, which stands beside it, and neither does the average price.
    """

    symbol: str
    position_id: str
    status: PositionStatus
    quantity: Decimal
    average_price: Decimal | None
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    commission: Decimal
    stop: Decimal | None
    target: Decimal | None
    protected: bool
    last_price: float | None = None
    opened: datetime | None = None


@frozen(slots=True)
class PositionEvent(BaseEvent):
    """Something happened to a position; `position` is how it stands after it."""

    position: PositionView


@frozen(slots=True)
class PositionOpenEvent(PositionEvent):
    """The first fill of an entry."""


@frozen(slots=True)
class PositionUpdateEvent(PositionEvent):
    """Quantity, average price or exits changed."""


@frozen(slots=True)
class PositionCloseEvent(PositionEvent):
    """Flat; reason is stop, target, trailing_stop, or what the closing command said."""

    reason: str


@frozen(slots=True)
class ProtectionArmedEvent(PositionEvent):
    """The broker has confirmed each exit for the whole quantity, `naked_seconds` after the fill that needed it."""

    naked_seconds: float


@frozen(slots=True)
class ProtectionMissingEvent(PositionEvent):
    """The position has been without confirmed protection for longer than allowed."""

    naked_seconds: float
