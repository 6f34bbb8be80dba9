"""What orders and the gateway say to each other, and what the broker said, word for word."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum

from attrs import frozen

from messages.event import BaseEvent
from messages.order import Commission, Execution, OrderRequest, Side
from messages.verdict import GateVerdict

__all__ = [
    "AccountPnl",
    "AccountValue",
    "AskAccount",
    "AskBroker",
    "AskTradingAllowed",
    "BrokerCommission",
    "BrokerConnected",
    "BrokerError",
    "BrokerExecution",
    "BrokerLost",
    "BrokerNotice",
    "BrokerOrder",
    "BrokerOrderStatus",
    "BrokerPosition",
    "BrokerSnapshot",
    "CancelOutgoing",
    "GatewayStatus",
    "LinkStatus",
    "OrderNotSent",
    "OrderSent",
    "OrdersOvertaken",
    "OutgoingOrder",
    "PlaceOrders",
    "Priority",
    "TradingAllowed",
]


class Priority(IntEnum):
    """Order of the send queue: lower goes first."""

    CANCEL = 0
    EXIT = 1
    ENTRY = 2
    DATA = 3


# orders → gateway


@frozen(slots=True)
class OutgoingOrder:
    """One placeOrder message. The same order id again is a modification.

    `reference_price` is the quote that it was decided on, for what a market order comes to. With `what_if` it is no
    order but a question about one.
    """

    request: OrderRequest
    order_id: int
    account: str
    parent_order_id: int = 0
    transmit: bool = True
    modification: bool = False
    reference_price: Decimal | None = None
    what_if: bool = False


@frozen(slots=True)
class PlaceOrders:
    """Write these in this order and with nothing between them; after `deadline_seconds` in the queue do not."""

    orders: tuple[OutgoingOrder, ...]
    priority: Priority
    deadline_seconds: float


@frozen(slots=True)
class CancelOutgoing:
    """Write a cancelOrder message."""

    order_ref: str
    order_id: int
    symbol: str


@frozen(slots=True)
class AskBroker:
    """Fetch everything (open, completed, executions, positions) and answer with a BrokerSnapshot."""

    reason: str


# gateway → orders


@frozen(slots=True)
class OrderSent:
    """The bytes of the latest version of this order were given to the socket in this epoch."""

    order_ref: str
    order_id: int
    epoch: int


@frozen(slots=True)
class OrderNotSent:
    """No byte of it left: the last gate, the queue's deadline or the link stood against it. Of an entry `verdicts` are
    those of all the gateway's gates at that moment."""

    order_ref: str
    order_id: int
    reason: str
    cancellation: bool = False
    verdicts: tuple[GateVerdict, ...] = ()


@frozen(slots=True)
class OrdersOvertaken:
    """No byte of this unit left: an order with a higher id went first, and TWS takes no lower one after it (103). Under
    new ids it may leave until `deadline`, an instant of trio's clock."""

    orders: tuple[OutgoingOrder, ...]
    priority: Priority
    deadline: float
    epoch: int


@frozen(slots=True)
class BrokerConnected(BaseEvent):
    """The handshake is done. Nothing may be concluded about orders before the BrokerSnapshot of this epoch."""

    epoch: int
    next_order_id: int
    account: str
    server_version: int


@frozen(slots=True)
class BrokerLost(BaseEvent):
    """The socket is gone; whatever was in flight is unknown."""

    epoch: int
    reason: str


@frozen(slots=True)
class BrokerNotice(BaseEvent):
    """A message of TWS about no order: 1100, 1101, 1102, farms, warnings."""

    code: int
    text: str


@frozen(slots=True, kw_only=True)
class BrokerOrder:
    """openOrder or, with `completed`, completedOrder (order id 0, and `quantity` is what filled)."""

    epoch: int
    order_id: int
    client_id: int
    perm_id: int
    parent_id: int
    order_ref: str
    account: str
    symbol: str
    con_id: int
    side: Side
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail_stop_price: Decimal | None
    trailing_pct: Decimal | None
    tif: str
    oca_group: str
    status: str
    filled: Decimal | None = None
    completed: bool = False
    text: str = ""


@frozen(slots=True, kw_only=True)
class BrokerOrderStatus:
    """orderStatus. Quantities inform and are never booked."""

    epoch: int
    order_id: int
    client_id: int
    perm_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    why_held: str = ""


@frozen(slots=True)
class BrokerExecution:
    """execDetails, live or as an answer to reqExecutions."""

    epoch: int
    execution: Execution


@frozen(slots=True)
class BrokerCommission:
    """commissionReport."""

    epoch: int
    commission: Commission


@frozen(slots=True)
class BrokerError:
    """An error with an id that belongs to an order. No code proves an order dead."""

    epoch: int
    order_id: int
    code: int
    text: str


@frozen(slots=True)
class BrokerPosition:
    """What the broker says an account holds; average cost per unit, commission included."""

    account: str
    symbol: str
    con_id: int
    quantity: Decimal
    average_cost: Decimal


@frozen(slots=True)
class BrokerSnapshot:
    """Every answer came with its end marker in this epoch. A list that did not end is None: unknown, not empty.

    `also_completed` are the rows of a list of completed orders that did not end: what is in it is over all the same.
    (The rows of open orders and executions are told as they come.) `statuses` are the last words, while the lists were
    made, on orders that no row shows: TWS tells of each open order by openOrder and by orderStatus, and one of the two
    may be missing. Without `conclusive` TWS had lost its servers at some time while the lists were made: what they lack
    may be there all the same.
    """

    epoch: int
    open_orders: tuple[BrokerOrder, ...] | None
    completed_orders: tuple[BrokerOrder, ...] | None
    executions: tuple[Execution, ...] | None
    commissions: tuple[Commission, ...]
    positions: tuple[BrokerPosition, ...] | None
    also_completed: tuple[BrokerOrder, ...] = ()
    statuses: tuple[BrokerOrderStatus, ...] = ()
    conclusive: bool = True

    @property
    def complete(self) -> bool:
        """Whether absence from it means absence."""
        return None not in (self.open_orders, self.completed_orders, self.executions, self.positions)


@frozen(slots=True)
class TradingAllowed(BaseEvent):
    """orders has reconciled with the broker (or no longer has): new risk is possible, or not and why."""

    allowed: bool
    reason: str = ""


# signals → orders


@frozen(slots=True)
class AskTradingAllowed:
    """Ask orders whether new risk is possible now: a TradingAllowed."""


# portfolio → gateway


@frozen(slots=True)
class AskAccount:
    """Have the broker tell the account's values and P&L again, changed or not."""


# gateway → portfolio


@frozen(slots=True)
class AccountValue(BaseEvent):
    """One value of the account, by TWS's key (NetLiquidation, BuyingPower, …)."""

    account: str
    key: str
    value: str
    currency: str


@frozen(slots=True)
class AccountPnl(BaseEvent):
    """The broker's own P&L of the account's day, in its base currency; None is unknown."""

    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None


# status


@frozen(slots=True)
class GatewayStatus:
    """Ask the gateway for a LinkStatus."""


@frozen(slots=True)
class LinkStatus:
    """The link as the gateway sees it; `last_round_trip` is ISO 8601 UTC or None."""

    connected: bool
    epoch: int
    last_round_trip: str | None
    account: str
    queued: int
