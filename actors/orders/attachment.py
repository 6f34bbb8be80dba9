"""Orders of ours that the journal does not know, at the broker: attached again to the position that takes them over."""

from __future__ import annotations

from actors.orders.desk import OrderDesk
from domain.orders.book import Fact
from domain.orders.echo import shown_terms
from domain.orders.record import OrderRecord
from messages.gateway import OrderSent
from messages.journal import Append, Entry
from messages.order import OrderIntended, OrderRequest, OrderType, OrderView, Role, TimeInForce
from messages.position import AttachOrders

__all__ = ["attach"]


def attach(desk: OrderDesk, message: AttachOrders) -> tuple[OrderView, ...]:
    """Take external orders for ours, as exits of this plan, and return how they stand.

    The plan and the orders are one Append: after a crash there is either both or neither. They are at the broker
    already, so nothing waits for it. Their position is told of them by the answer alone.
    """
    plan = message.plan
    known = {record.order_ref: record for record in desk.book.external() if record.order_ref}
    facts: list[Fact] = []
    refs: list[str] = []
    for role, order_refs in ((Role.STOP, message.stops), (Role.TARGET, message.targets)):
        for order_ref in order_refs:
            record = known.get(order_ref)
            if record is not None and record.echo is not None:
                refs.append(order_ref)
                facts += _facts(record, role, plan.position_id, plan.source, desk.epoch)
    desk.journal.tell(Append((Entry(plan.symbol, plan), *(Entry(plan.symbol, fact) for fact in facts))))
    now = desk.context.environment.now()
    for fact in facts:
        desk.book.apply(fact, now)
    found = (desk.book.get(order_ref) for order_ref in refs)
    return tuple(record.view() for record in found if record is not None)


def _facts(record: OrderRecord, role: Role, position_id: str, source: str, epoch: int) -> tuple[Fact, ...]:
    echo = record.echo
    if echo is None:
        raise ValueError(f"{record.order_ref} was never shown")
    terms = shown_terms(echo)
    request = OrderRequest(
        order_ref=record.order_ref,
        symbol=record.symbol,
        role=role,
        side=record.side,
        quantity=terms.quantity,
        order_type=OrderType(record.order_type),
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        trailing_pct=terms.trailing_pct,
        trailing_amount=terms.trailing_amount,
        tif=TimeInForce(record.tif),
        oca_group=echo.oca_group,
        position_id=position_id,
        source=source,
    )
    intended = OrderIntended(request, record.order_id, record.client_id, record.account)
    return intended, OrderSent(record.order_ref, record.order_id, epoch), echo
