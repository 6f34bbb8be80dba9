"""Positions: commands, what is journaled, and the events they cause."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from messages.event import BaseEvent
from messages.order import OrderType, Side, TimeInForce

__all__ = [
    "CORRECTION",
    "AdjustExits",
    "AdoptHolding",
    "AttachOrders",
    "BrokerHolding",
    "ClosePosition",
    "CommandAccepted",
    "CommandOutcome",
    "CommandRefused",
    "CompareHoldings",
    "DescribePosition",
    "Distance",
    "DoubleDown",
    "ExitPlan",
    "ExitsAdjusted",
    "HeldOverClose",
    "OpenPosition",
    "PlaceOco",
    "PlaceOrder",
    "PositionAbandonedEvent",
    "PositionCloseEvent",
    "PositionClosed",
    "PositionClosing",
    "PositionEvent",
    "PositionMarkedEvent",
    "PositionOpenEvent",
    "PositionPlanned",
    "PositionScaled",
    "PositionStatus",
    "PositionUpdateEvent",
    "PositionView",
    "ProtectionArmedEvent",
    "ProtectionMissingEvent",
    "ReleasePosition",
    "ScaleIn",
    "ScaleTarget",
    "Size",
    "StopStep",
    "TargetView",
    "Unit",
]


class PositionStatus(StrEnum):
    """Life of a position."""

    PLANNED = "PLANNED"
    OPENING = "OPENING"
    OPEN = "OPEN"
    ADJUSTING = "ADJUSTING"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


class Unit(StrEnum):
    """What a distance is measured in."""

    PCT = "pct"  # a fraction of the average entry price: 0.02 is 2 %
    AMOUNT = "amount"  # money per unit
    R = "r"  # the distance from the average entry price to the stop as it was planned
    ATR = "atr"  # of the indicator's value when the plan is taken; it becomes an amount then


@frozen(slots=True)
class Distance:
    """How far a price lies from the average entry price, on the side of the profit where positive."""

    value: Decimal
    unit: Unit


@frozen(slots=True)
class StopStep:
    """Once the profit has been `profit`, the stop stands at `stop`, and never further away again."""

    profit: Distance
    stop: Distance


@frozen(slots=True, kw_only=True)
class ScaleTarget:
    """A part of the position that is left at a price of its own: at exactly one of `distance` and `price`.

    `fraction` is of all that was entered (0.25 = a quarter).
    """

    fraction: Decimal
    distance: Distance | None = None
    price: Decimal | None = None


@frozen(slots=True, kw_only=True)
class ExitPlan:
    """How a position is left. Percentages (0.03 = 3 %) are of the average entry price of what filled, amounts are
    distances from it (6 × ATR, as it stood when the entry was decided); prices are absolute. A price wins over an
    amount, an amount over a percentage. None means no such exit.

    `stop_loss_atr` and its like become amounts when the plan is taken. `targets` leave parts of the position, nearest
    first; what they leave over has `take_profit_…`, where that is set. `exit_after_bars` counts bars of `bar_seconds`
    that end after the first fill; `exit_at` is a time of day such as "15:45" in the exchange's zone. With `trail_here`
    the trailing stop is a plain stop at the broker that Pitboss moves.
    """

    stop_loss_pct: Decimal | None = None
    stop_loss_price: Decimal | None = None
    take_profit_pct: Decimal | None = None
    take_profit_price: Decimal | None = None
    trailing_stop_pct: Decimal | None = None
    trailing_stop_amount: Decimal | None = None
    stop_loss_amount: Decimal | None = None
    take_profit_amount: Decimal | None = None
    stop_loss_atr: Decimal | None = None
    take_profit_atr: Decimal | None = None
    trailing_stop_atr: Decimal | None = None
    break_even: StopStep | None = None
    steps: tuple[StopStep, ...] = ()
    targets: tuple[ScaleTarget, ...] = ()
    exit_after_seconds: int | None = None
    exit_after_bars: int | None = None
    bar_seconds: int | None = None
    exit_at: str | None = None
    trail_here: bool = False

    @property
    def protects(self) -> bool:
        """Whether it limits the loss."""
        return (
            self.stop_loss_pct is not None
            or self.stop_loss_price is not None
            or self.stop_loss_amount is not None
            or self.stop_loss_atr is not None
            or self.trailing_stop_pct is not None
            or self.trailing_stop_amount is not None
            or self.trailing_stop_atr is not None
        )


@frozen(slots=True, kw_only=True)
class Size:
    """How much to trade: exactly one of these. Money is in the account's currency, `risk_pct` of its equity.

    `volatility_pct` is the part of the equity that a move by one ATR comes to.
    """

    quantity: Decimal | None = None
    allocation: Decimal | None = None
    risk_pct: Decimal | None = None
    volatility_pct: Decimal | None = None


# rules, control → position/SYMBOL


@frozen(slots=True, kw_only=True)
class OpenPosition:
    """Open a position, or add to one on the same side where `add` says so.

    A position on the other side is reversed: its orders cancelled, flattened, and entered anew once executions
    prove it flat. `signal_id` acts once, across restarts. `position_id` is the new position's, where whoever asks has
    one that was never used before; an order that adds goes to the position that there is.
    `size_factor` is the part of the size to take, above 0 and at most 1: a rule scales by its signal's confidence.
    With `what_if` the broker is asked first whether the account can carry it; None leaves that to the configuration.
    """

    side: Side
    size: Size
    exits: ExitPlan
    source: str
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    signal_id: str | None = None
    add: bool = False
    position_id: str = ""
    size_factor: Decimal = Decimal(1)
    what_if: bool | None = None


@frozen(slots=True)
class ClosePosition:
    """Cancel the entries, go flat, cancel the exits. With a `position_id`, only if that is the position there is."""

    reason: str
    source: str = "operator"
    position_id: str = ""


@frozen(slots=True)
class ReleasePosition:
    """Cancel the exits and manage the position no longer; what is held stays at the broker."""


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
class ScaleIn:
    """Add `quantity` at the market to an open position whose unrealised profit is at least `trigger_profit_pct`.

    The profit is that of the last price, as a fraction of the average entry price. At most `max_times` per position,
    across restarts; the exits follow the new total.
    """

    quantity: Decimal
    source: str
    trigger_profit_pct: Decimal = Decimal("0.02")
    max_times: int = 1


@frozen(slots=True, kw_only=True)
class DoubleDown:
    """Rest a limit order that adds `quantity_multiplier` of the position, between its average entry price and its stop.

    The limit lies `distance_to_stop_multiplier` of the way to the stop. Once per `level` and position, across restarts;
    cancelled with the position.
    """

    source: str
    distance_to_stop_multiplier: Decimal = Decimal("0.5")
    quantity_multiplier: Decimal = Decimal(1)
    level: int = 1


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
    tif: TimeInForce = TimeInForce.DAY
    outside_rth: bool = False


@frozen(slots=True, kw_only=True)
class PlaceOco:
    """Two or more entries of which one is to fill: the broker then cancels the others (one OCA group, type 1).

    All on one side, that of the position where there is one. A position that begins with them has `exits`, sent after
    the first fill: TWS takes the children of grouped parents for groups of their own.
    """

    orders: tuple[PlaceOrder, ...]
    exits: ExitPlan
    source: str = "operator"


@frozen(slots=True)
class HeldOverClose:
    """It was to be flat by `flatten_at`, and is held since before a close of its exchange."""

    flatten_at: str
    closed: datetime


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
class CompareHoldings:
    """From `alarms` to `orders`: tell the positions of these symbols what the broker holds, even where neither side
    holds anything. An alarm of theirs stands since before this start, and what it was raised for may be gone."""

    symbols: tuple[str, ...]


@frozen(slots=True)
class BrokerHolding:
    """What the broker's complete snapshot says of this symbol, zero included: to be compared, never booked."""

    epoch: int
    quantity: Decimal
    average_cost: Decimal


# journal (stream: the symbol)


@frozen(slots=True, kw_only=True)
class PositionPlanned:
    """A position was planned; its orders carry its id.

    `multiplier` and `currency` are its instrument's, so that its money can be told from the journal alone; "" where the
    instrument was not known.
    """

    position_id: str
    symbol: str
    side: Side
    quantity: Decimal
    exits: ExitPlan
    source: str
    signal_id: str | None = None
    multiplier: Decimal = Decimal(1)
    currency: str = ""


@frozen(slots=True)
class ExitsAdjusted:
    """The plan changed; or, by `source`, only where the stop stands did (`domain.position_book`)."""

    position_id: str
    exits: ExitPlan
    source: str


@frozen(slots=True)
class PositionScaled:
    """An order to add to the position was made: `kind` is scale_in or double_down, `level` which of them."""

    position_id: str
    kind: str
    level: int
    order_ref: str


@frozen(slots=True)
class PositionClosing:
    """The position is to go flat: a restart goes on with it, whether or not an order for it exists yet."""

    position_id: str
    reason: str
    source: str


CORRECTION = "correction"
"""The reason of a PositionClosed that tells what a correction has changed in a position that had closed before."""


@frozen(slots=True, kw_only=True)
class PositionClosed:
    """Flat again, and everything about it in one record: replay of the symbol may begin here.

    `realized_pnl` does not contain `commission`; both in the instrument's currency. With the reason CORRECTION it is
    no position of its own: both are to be added to what the symbol came to. `left` (signed) was let go of at its
    average price, `left_at`, and stays at the broker.
    """

    position_id: str
    symbol: str
    reason: str
    realized_pnl: Decimal
    commission: Decimal
    exec_bases: tuple[str, ...]
    signal_ids: tuple[str, ...] = ()
    day: str = ""
    left: Decimal = Decimal(0)
    left_at: Decimal | None = None


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
class TargetView:
    """One price at which a part of the position is left: what works there still, and what has been left there."""

    price: Decimal | None
    quantity: Decimal
    filled: Decimal


@frozen(slots=True, kw_only=True)
class PositionView:
    """A position as it stands. Quantity is negative for a short; money in the instrument's currency.

    P&L does not contain commission, which stands beside it, and neither does the average price. `exits` is the plan in
    force, None where there is none. `stop_moved` says what has moved the stop from where it began: trailing_stop,
    break_even or step. `target` is the nearest of `targets`. `leaves_at` is when it is left at the latest.
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
    exits: ExitPlan | None = None
    stop_moved: str = ""
    targets: tuple[TargetView, ...] = ()
    leaves_at: datetime | None = None


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
class PositionMarkedEvent(PositionEvent):
    """A second has passed with something held: its price and profit now. Published while somebody subscribes."""


@frozen(slots=True)
class PositionCloseEvent(PositionEvent):
    """Flat; reason is stop, target, trailing_stop, or what the closing command said."""

    reason: str


@frozen(slots=True)
class PositionAbandonedEvent(PositionEvent):
    """It was planned, and ended without a fill: refused, rejected, cancelled, expired."""

    reason: str


@frozen(slots=True)
class ProtectionArmedEvent(PositionEvent):
    """The broker has confirmed each exit for the whole quantity, `naked_seconds` after the fill that needed it."""

    naked_seconds: float


@frozen(slots=True)
class ProtectionMissingEvent(PositionEvent):
    """The position has been without confirmed protection for longer than allowed."""

    naked_seconds: float
