"""An order of which the broker will not tell what became of it: a person says how it ended."""

from __future__ import annotations

from decimal import Decimal

from actors.orders.desk import OrderDesk
from domain.orders.record import OrderRecord
from messages.gateway import BrokerExecution
from messages.order import Execution, OrderResolved, OrderStatus, SettleOrder
from messages.position import CommandAccepted, CommandOutcome, CommandRefused

__all__ = ["settle_by_hand"]

_LISTS = 8  # complete ones in a row that have not accounted for it: late executions would be here by then


def settle_by_hand(desk: OrderDesk, message: SettleOrder, apart: dict[str, Decimal]) -> CommandOutcome:
    """Book what has filled unheard, and take the order for done.

    TWS tells the executions of its day alone: a stop that fills while no process runs is, after TWS's restart in the
    night, completed for so many shares, at a price that the API tells nowhere (INC-14).

    `apart` holds symbol → the broker's position less all executions. No less is booked than that says: the position
    would be given exits for shares that are not there.
    """
    record = desk.book.get(message.order_ref)
    if record is None:
        return CommandRefused(f"no order of Pitboss has the reference {message.order_ref!r}")
    if record.status is not OrderStatus.UNKNOWN and not record.short_of_claim:
        return CommandRefused(f"{record.order_ref} is {record.status}, and nothing of it is in doubt")
    if not desk.reconciled:
        return CommandRefused("orders are not reconciled with the broker", desk.not_reconciled)
    if record.unexplained < _LISTS:
        heard = f"{record.unexplained} of the broker's lists in a row have left it open, {_LISTS} are needed"
        return CommandRefused(f"the broker may still tell what became of {record.order_ref}", heard)
    left = record.most_quantity - record.filled_once
    if message.filled > left:
        return CommandRefused(f"no more than {left:f} of {record.order_ref} can have filled unheard")
    missing = min(left, apart.get(record.symbol, Decimal(0)) * record.side.sign)
    if message.filled < missing:
        return CommandRefused(f"the broker's position in {record.symbol} says that {missing:f} have filled unheard")
    if message.filled:
        apart[record.symbol] = apart.get(record.symbol, Decimal(0)) - message.filled * record.side.sign
        desk.apply(BrokerExecution(desk.epoch, _execution(desk, record, message.filled, message.price)))
    told = f"{message.filled:f} at {message.price:f}" if message.filled else "nothing more"
    status = OrderStatus.FILLED if message.filled == left else OrderStatus.CANCELLED
    desk.apply(OrderResolved(record.order_ref, status, f"settled by hand: {told} filled", settled=True))
    return CommandAccepted((record.order_ref,), f"{record.order_ref} is {record.status}: {told} filled")


def _execution(desk: OrderDesk, record: OrderRecord, quantity: Decimal, price: Decimal) -> Execution:
    return Execution(
        exec_id=f"by-hand-{record.order_ref}.01",
        order_ref=record.order_ref,
        order_id=record.order_id,
        perm_id=record.perm_id,
        client_id=record.client_id,
        account=record.account,
        symbol=record.symbol,
        con_id=desk.book.con_ids.get(record.symbol, 0),
        side=record.side,
        quantity=quantity,
        price=price,
        time=desk.context.environment.now(),
    )
