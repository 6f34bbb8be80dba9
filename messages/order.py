"""Orders: their terms, the commands about them, what is journaled, and the events they cause."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from messages.event import BaseEvent
from messages.verdict import GateVerdict

__all__ = [
    "CancelIntended",
    "CancelOrder",
    "CheckAlarms",
    "Commission",
    "CommissionBooked",
    "Execution",
    "ExecutionBooked",
    "GroupRefused",
    "IdsReserved",
    "ListOrders",
    "ModifyIntended",
    "ModifyOrder",
    "OrderAcceptedEvent",
    "OrderCancelledEvent",
    "OrderClaimedEvent",
    "OrderCorrectedEvent",
    "OrderCreatedEvent",
    "OrderDenied",
    "OrderDeniedEvent",
    "OrderEvent",
    "OrderExpiredEvent",
    "OrderFilledEvent",
    "OrderIntended",
    "OrderModifiedEvent",
    "OrderRejectedEvent",
    "OrderRenumbered",
    "OrderRequest",
    "OrderResolved",
    "OrderResolvedEvent",
    "OrderStatus",
    "OrderSubmittedEvent",
    "OrderType",
    "OrderUnknownEvent",
    "OrderView",
    "Role",
    "SettleOrder",
    "Side",
    "SubmitOrders",
    "TimeInForce",
]


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """The order types Pitboss sends, by TWS's own names."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAILING_STOP = "TRAIL"


class TimeInForce(StrEnum):
    """How long an order lives."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"


class Role(StrEnum):
    """What an order is for. Only ENTRY and SCALE add risk."""

    ENTRY = "entry"
    SCALE = "scale"
    STOP = "stop"
    TARGET = "target"
    EXIT = "exit"

    @property
    def adds_risk(self) -> bool:
        """Whether the order may make a position larger."""
        return self in (Role.ENTRY, Role.SCALE)


class OrderStatus(StrEnum):
    """Where an order stands; `domain.order_states` holds the transitions."""

    CREATED = "CREATED"  # asked for, not yet journaled
    INTENDED = "INTENDED"  # journaled and fsynced; bytes may leave from here on
    SENT = "SENT"  # bytes were given to the socket; nothing heard yet
    ACCEPTED = "ACCEPTED"  # the broker has it: PreSubmitted or Submitted
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_MODIFY = "PENDING_MODIFY"
    PENDING_CANCEL = "PENDING_CANCEL"  # can still fill
    HELD = "HELD"  # Inactive, or waiting for shares to borrow
    UNKNOWN = "UNKNOWN"  # to be resolved; counts as live
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    DENIED = "DENIED"  # by Pitboss, before anything was journaled as an intent
    NOT_SENT = "NOT_SENT"  # an intent whose bytes never left, or that the broker provably never had

    @property
    def done(self) -> bool:
        """Whether the order rests nowhere any more. A late fill is booked all the same."""
        return self in _DONE


_DONE = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.DENIED,
        OrderStatus.NOT_SENT,
    }
)


@frozen(slots=True, kw_only=True)
class OrderRequest:
    """The terms of one order. Prices are rounded to the instrument's tick by whoever asks; None means not used.

    `order_ref` is unique for ever and travels to the broker. `stop_price` is the trigger of a stop, and where a
    trailing stop starts; a trailing stop also has exactly one of `trailing_pct` (0.02 = 2 %) and `trailing_amount`.
    `parent_ref` names an order of the same SubmitOrders whose fill activates this one.
    """

    order_ref: str
    symbol: str
    role: Role
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None
    tif: TimeInForce = TimeInForce.DAY
    outside_rth: bool = False
    parent_ref: str | None = None
    oca_group: str = ""
    position_id: str = ""
    source: str = ""  # rule id, "operator", "position", …: for the trace
    signal_id: str | None = None


# position, rules, control → portfolio (what adds risk) or orders (the rest)


@frozen(slots=True)
class SubmitOrders:
    """Send these together: one journal record group, one unit on the wire, parents first.

    `reply_to` is the address that receives the order events and, where the whole is refused, GroupRefused.
    `reference_price` is the quote the decision was made on: for limits, notional and the price collar.
    `cleared` is set by portfolio when it has reserved the exposure; orders denies risk that comes without.
    `verdicts` are those of the gates that it has passed, for the journal.
    """

    orders: tuple[OrderRequest, ...]
    reply_to: str
    reference_price: Decimal | None = None
    cleared: bool = False
    verdicts: tuple[GateVerdict, ...] = ()


@frozen(slots=True)
class CheckAlarms:
    """From `alarms` to `orders`: clear those whose cause is gone, of these that stand since before this start.

    Each is a kind, a symbol, and an order reference.
    """

    alarms: tuple[tuple[str, str, str], ...]


@frozen(slots=True)
class CancelOrder:
    """Cancel a working order; idempotent."""

    order_ref: str
    reason: str


@frozen(slots=True)
class SettleOrder:
    """Take an order that nobody can account for as done; `filled` shares have filled at `price` that nobody has told.

    Asked for a CommandOutcome. With nothing filled the price does not matter.
    """

    order_ref: str
    filled: Decimal
    price: Decimal


@frozen(slots=True, kw_only=True)
class ModifyOrder:
    """Replace the terms of a working order in place; the earlier version lives until the broker confirms."""

    order_ref: str
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None
    reason: str = ""


@frozen(slots=True)
class ListOrders:
    """Ask orders for `tuple[OrderView, ...]`, of one symbol or of all; done ones of today only if `done`."""

    symbol: str | None = None
    done: bool = False


@frozen(slots=True)
class OrderDenied:
    """Why one order of a group was not let through; `figures` are the numbers behind it, as text."""

    order_ref: str
    reason: str
    figures: str = ""


@frozen(slots=True)
class GroupRefused:
    """Nothing of the group was sent."""

    denials: tuple[OrderDenied, ...]


# broker facts about fills


@frozen(slots=True, kw_only=True)
class Execution:
    """One version of one fill. Quantity is positive; 0 is a bust."""

    exec_id: str
    order_ref: str  # "" for an order that is not ours
    order_id: int
    perm_id: int
    client_id: int
    account: str
    symbol: str
    con_id: int
    side: Side
    quantity: Decimal
    price: Decimal
    time: datetime
    liquidation: bool = False

    @property
    def base(self) -> str:
        """Its identity: execId without the last dotted part (corrections change only that part)."""
        return self.exec_id.rpartition(".")[0] or self.exec_id

    @property
    def version(self) -> int:
        """The last dotted part as a number; 0 where there is none."""
        _, _, suffix = self.exec_id.rpartition(".")
        return int(suffix) if suffix.isdigit() else 0

    @property
    def signed_quantity(self) -> Decimal:
        """Positive for a buy, negative for a sell."""
        return self.quantity * self.side.sign


@frozen(slots=True)
class Commission:
    """What a fill cost; `amount` is None where the broker does not know (its sentinels −1 and 1.797e308)."""

    exec_id: str
    amount: Decimal | None
    currency: str
    realized_pnl: Decimal | None


# journal (stream: the symbol)


@frozen(slots=True)
class OrderIntended:
    """Written and fsynced before the first byte leaves. `order_id` counts only within (client id, epoch)."""

    order: OrderRequest
    order_id: int
    client_id: int
    account: str
    reference_price: Decimal | None = None


@frozen(slots=True)
class OrderRenumbered:
    """An intent of which no byte had left takes another order id; written and fsynced before the first byte leaves."""

    order_ref: str
    order_id: int


@frozen(slots=True)
class ModifyIntended:
    """Written before a modification leaves; `revision` counts from 1."""

    modify: ModifyOrder
    revision: int


@frozen(slots=True)
class CancelIntended:
    """Written before a cancellation leaves."""

    order_ref: str
    reason: str


@frozen(slots=True)
class OrderResolved:
    """Evidence, or proof of absence, settled an order that was UNKNOWN.

    `settled` says that its executions are all there will be, whatever else the broker has named as filled; `perm_id`
    which order lives, where it had been given up.
    """

    order_ref: str
    status: OrderStatus
    evidence: str
    settled: bool = False
    perm_id: int = 0


@frozen(slots=True)
class ExecutionBooked:
    """A fill was booked. `replaces` is the execId of the version that it corrects."""

    execution: Execution
    role: Role | None
    position_id: str
    replaces: str | None = None


@frozen(slots=True)
class CommissionBooked:
    """The commission of a fill of this symbol."""

    symbol: str
    commission: Commission


@frozen(slots=True)
class IdsReserved:
    """Order ids below this one may have been used (stream "orders")."""

    next_order_id: int


# orders → position, bus, status


@frozen(slots=True, kw_only=True)
class OrderView:
    """An order as it stands now. `confirmed` says that the broker has echoed these very terms.

    `awaited` is what the broker has named as filled beyond the executions that are here.
    """

    order_ref: str
    symbol: str
    role: Role | None
    side: Side
    quantity: Decimal
    filled: Decimal
    order_type: str
    status: OrderStatus
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None
    average_price: Decimal | None = None
    tif: str = ""
    order_id: int = 0
    perm_id: int = 0
    client_id: int = 0
    parent_ref: str | None = None
    oca_group: str = ""
    position_id: str = ""
    confirmed: bool = False
    text: str = ""
    awaited: Decimal = Decimal(0)

    @property
    def remaining(self) -> Decimal:
        """What may still fill."""
        return self.quantity - self.filled


@frozen(slots=True)
class OrderEvent(BaseEvent):
    """Something happened to an order; `order` is how it stands after it."""

    order: OrderView


@frozen(slots=True)
class OrderCreatedEvent(OrderEvent):
    """Its intent is durable."""


@frozen(slots=True)
class OrderSubmittedEvent(OrderEvent):
    """Its bytes were given to the socket."""


@frozen(slots=True)
class OrderAcceptedEvent(OrderEvent):
    """The broker has it, or confirms it again."""


@frozen(slots=True)
class OrderModifiedEvent(OrderEvent):
    """The broker has echoed the new terms, or refused them and the earlier ones live; `denied` where these have not
    left: the journal or the link failed."""

    applied: bool
    denied: bool = False


@frozen(slots=True)
class OrderFilledEvent(OrderEvent):
    """A fill was booked, in full or in part."""

    execution: Execution


@frozen(slots=True)
class OrderCorrectedEvent(OrderEvent):
    """A fill changed or was busted (`execution.quantity` 0); `replaces` is the version it takes the place of."""

    execution: Execution
    replaces: Execution


@frozen(slots=True)
class OrderClaimedEvent(OrderEvent):
    """The broker names more of it filled than the executions that are here, or does not any more: `order.awaited`."""


@frozen(slots=True)
class OrderCancelledEvent(OrderEvent):
    """It rests nowhere any more; what had filled stays filled."""

    reason: str


@frozen(slots=True)
class OrderExpiredEvent(OrderEvent):
    """Its time in force ran out, or its queue deadline passed, or the broker provably never had it."""

    reason: str


@frozen(slots=True)
class OrderRejectedEvent(OrderEvent):
    """The broker refused it."""

    code: int
    reason: str


@frozen(slots=True)
class OrderDeniedEvent(OrderEvent):
    """Pitboss refused it."""

    reason: str
    figures: str = ""


@frozen(slots=True)
class OrderUnknownEvent(OrderEvent):
    """Nobody knows where it stands; it counts as live."""

    reason: str


@frozen(slots=True)
class OrderResolvedEvent(OrderEvent):
    """It is known again."""

    evidence: str
