"""What a trace consists of."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from messages.journal import Record
from messages.order import OrderStatus, OrderView
from messages.signal import PredictionSignalEvent
from monitoring.trace.subject import Subject
from monitoring.trace.words import Words

__all__ = ["Line", "OrderOutcome", "PositionOutcome", "Trace"]


@frozen(slots=True)
class Line:
    """One record of the journal: what it says, and the status of its order after it where that changed."""

    record: Record
    words: Words
    order_ref: str = ""
    status: str = ""


@frozen(slots=True)
class OrderOutcome:
    """How an order stands at the end of the journal; `doubt` is why nobody knows, where nobody does."""

    view: OrderView
    perm_ids: tuple[int, ...]
    commission: Decimal
    doubt: str = ""


@frozen(slots=True, kw_only=True)
class PositionOutcome:
    """What a position came to; money in the instrument's currency. `closed` is its reason, "" while it is open."""

    position_id: str
    symbol: str
    quantity: Decimal
    average_price: Decimal | None
    realized_pnl: Decimal
    commission: Decimal
    closed: str

    @property
    def net_pnl(self) -> Decimal:
        """Realised P&L without commission."""
        return self.realized_pnl - self.commission


@frozen(slots=True)
class Trace:
    """A life: what was asked for, its records in order, and what became of orders and positions."""

    subject: Subject
    lines: tuple[Line, ...]
    orders: tuple[OrderOutcome, ...]
    positions: tuple[PositionOutcome, ...]
    prediction: PredictionSignalEvent | None

    @property
    def traded(self) -> tuple[str, ...]:
        """References of the orders of which bytes left, or may have."""
        views = (outcome.view for outcome in self.orders)
        return tuple(view.order_ref for view in views if view.status is not OrderStatus.NOT_SENT)
