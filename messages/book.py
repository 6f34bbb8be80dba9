"""What a snapshot of the order book is made of, for the journal (stream "orders").

One snapshot is a BookSnapshotBegun, any number of OrdersKept, ExecutionsKept and BookArchived with its id, and a
BookSnapshotEnded. Without the last it counts for nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from messages.gateway import BrokerOrder
from messages.order import Commission, OrderRequest, OrderStatus, Role, Side

__all__ = [
    "BOOK_VERSION",
    "BookArchived",
    "BookSnapshotBegun",
    "BookSnapshotEnded",
    "ExecutionsKept",
    "OrderState",
    "OrderTerms",
    "OrdersKept",
]

BOOK_VERSION = 1
"""Raised when the parts of a snapshot come to mean something else: one of another version is not used."""


@frozen(slots=True, kw_only=True)
class OrderTerms:
    """What a modification can change."""

    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None


@frozen(slots=True, kw_only=True)
class OrderState:
    """Everything that the book knows of one order of ours; see `domain.orders.record` for what the fields mean.

    `perms` are (permId, whether the broker may still hold it), `numbers` (client id, epoch, order id) under which it
    was sent or shown.
    """

    order_ref: str
    symbol: str
    role: Role | None
    side: Side
    order_type: str
    tif: str
    account: str
    client_id: int
    order_id: int
    request: OrderRequest | None
    versions: tuple[OrderTerms, ...]
    status: OrderStatus
    live: int
    wanted: int | None
    revision: int
    queued: bool
    cancel_wanted: bool
    cancel_reason: str
    perms: tuple[tuple[int, bool], ...]
    acknowledged: bool
    echoed: int | None
    worked: bool
    tif_shown: str
    echo: BrokerOrder | None
    broker_status: str
    rejection: tuple[int, str] | None
    claimed: Decimal
    claimed_whole: bool
    epoch: int
    request_epoch: int
    text: str
    at: datetime | None
    bases: tuple[str, ...]
    missing: int
    stale: int
    severe: tuple[str, ...]
    outlived: tuple[str, ...]
    numbers: tuple[tuple[int, int, int], ...]
    settled: bool = False


@frozen(slots=True)
class BookSnapshotBegun:
    """The book as it stood when this was written: every fact of an earlier record is in it, and of a later one none.

    `net` is symbol and signed sum of all fills; `unclaimed` is permId and execId bases of fills whose order is not
    known; `early` are commission reports whose fill is not known.
    """

    id: str
    version: int
    next_order_id: int
    reserved_order_id: int
    net: tuple[tuple[str, Decimal], ...]
    unclaimed: tuple[tuple[int, tuple[str, ...]], ...]
    early: tuple[Commission, ...]


@frozen(slots=True)
class OrdersKept:
    """Some of the orders that are in memory, oldest first."""

    id: str
    orders: tuple[OrderState, ...]


@frozen(slots=True)
class ExecutionsKept:
    """Some of the executions of those orders, a line each (`domain.orders.archive`)."""

    id: str
    lines: str


@frozen(slots=True)
class BookArchived:
    """References of orders that are done and have left memory, one a line, and their executions, as above.

    What is in here belongs to every later snapshot as well, which does not repeat it.
    """

    id: str
    refs: str
    lines: str


@frozen(slots=True)
class BookSnapshotEnded:
    """It is complete: it begins at the record `begun` and has as many orders and executions, those archived with it
    included."""

    id: str
    version: int
    begun: int
    orders: int
    executions: int
