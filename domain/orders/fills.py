"""Book executions onto orders, and make the records and events of them."""

from __future__ import annotations

from decimal import Decimal

from domain.orders.effects import Alarm, Effect
from domain.orders.executions import Executions
from domain.orders.record import OrderRecord
from messages.order import Execution, OrderStatus, OrderView

__all__ = ["fill_alarms", "foreign_view", "recount"]


def recount(record: OrderRecord, executions: Executions) -> None:
    """Recompute what has filled of an order, and at what average price, from the versions in force."""
    fills = [executions.in_force(base) for base in record.bases]
    record.filled = sum((fill.quantity for fill in fills), Decimal(0))
    record.filled_once = sum((executions.most(base) for base in record.bases), Decimal(0))
    value = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    record.average_price = value / record.filled if record.filled else None
    if len(record.perms) > 1:
        for perm_id in record.perms:
            once = sum((executions.most(fill.base) for fill in fills if fill.perm_id == perm_id), Decimal(0))
            if once >= record.most_quantity:
                record.perms[perm_id] = False


def foreign_view(execution: Execution) -> OrderView:
    """Return a view for a fill of an order that is not known: placed by hand, by another client, by the broker."""
    return OrderView(
        order_ref=execution.order_ref,
        symbol=execution.symbol,
        role=None,
        side=execution.side,
        quantity=execution.quantity,
        filled=execution.quantity,
        order_type="",
        status=OrderStatus.FILLED,
        average_price=execution.price,
        order_id=execution.order_id,
        perm_id=execution.perm_id,
        client_id=execution.client_id,
    )


def fill_alarms(record: OrderRecord | None, execution: Execution, wrong: tuple[str, ...]) -> list[Effect]:
    """Return what a person must know of this fill. It is booked whatever they say."""
    found: list[Effect] = []
    if execution.liquidation:
        text = f"the broker liquidated: {execution.side} {execution.quantity} at {execution.price}"
        found.append(Alarm("execution.liquidation", text, execution.symbol, perm_id=execution.perm_id or None))
    if record is None:
        return found
    if wrong:
        text = f"a fill of {record.order_ref} has {', '.join(wrong)}; it is booked as what it is"
        found.append(Alarm("order.mismatch", text, record.symbol, record.order_ref, hold=True, halt=True))
    most = max(terms.quantity for terms in record.versions)
    if record.filled > most:
        text = f"{record.filled} filled of {most} ordered"
        found.append(Alarm("order.overfilled", text, record.symbol, record.order_ref))
    return found
