"""What each step of our own side does to an order: bytes sent or not, changes intended, doubts resolved."""

from __future__ import annotations

from typing import TypeAlias

from domain.order_states import OrderInput
from domain.orders.effects import Effect, Happened, SendCancel, ToJournal, Watch
from domain.orders.record import OrderRecord, Terms
from domain.orders.standing import Standing, changes, end_modify, move, settle
from messages.gateway import OrderNotSent, OrderSent
from messages.order import CancelIntended, ModifyIntended, OrderRenumbered, OrderResolved, OrderStatus

__all__ = ["Step", "take_step"]

Step: TypeAlias = OrderRenumbered | OrderSent | OrderNotSent | ModifyIntended | CancelIntended | OrderResolved

_RESOLUTIONS: dict[OrderStatus, OrderInput] = {
    OrderStatus.ACCEPTED: OrderInput.FIND,
    OrderStatus.NOT_SENT: OrderInput.ABSENT,
    OrderStatus.EXPIRED: OrderInput.VANISH,
    OrderStatus.CANCELLED: OrderInput.CANCEL,
    OrderStatus.REJECTED: OrderInput.REJECT,
    OrderStatus.FILLED: OrderInput.FILL_WHOLE,
}


def take_step(record: OrderRecord, fact: Step) -> list[Effect]:
    """Take the step. Raises IllegalTransition for a modification of an order that cannot be modified."""
    before = Standing.of(record)
    effects: list[Effect] = []
    modified: bool | None = None
    cause = ""
    match fact:
        case OrderRenumbered(_, order_id):
            record.order_id = order_id
        case OrderSent(_, _, epoch):
            record.epoch, record.queued = epoch, False
            if record.wanted is not None or record.cancel_wanted:
                record.request_epoch = epoch
            move(record, OrderInput.SEND)
            if record.cancel_wanted and record.status is OrderStatus.SENT:
                move(record, OrderInput.ASK_CANCEL)
                effects.append(SendCancel(record.order_ref))
            effects += [ToJournal(record.symbol, fact), Watch(record.order_ref)]
        case OrderNotSent(_, _, reason, cancellation):
            cause = reason
            effects.append(ToJournal(record.symbol, fact))
            if cancellation:
                effects.append(Watch(record.order_ref))
            elif record.wanted is not None:
                record.queued = False
                end_modify(record, None)
                modified = False
            elif not record.acknowledged:
                record.queued = False
                move(record, OrderInput.KEEP)
        case ModifyIntended(modify, revision):
            move(record, OrderInput.ASK_MODIFY)
            record.versions.append(Terms.of(modify))
            record.wanted, record.revision = len(record.versions) - 1, revision
            record.request_epoch = record.stale = 0
            record.queued = True
        case CancelIntended(_, reason):
            if not record.status.done:
                record.cancel_wanted, record.cancel_reason = True, reason
                move(record, OrderInput.ASK_CANCEL)
        case OrderResolved(_, status, evidence, settled, perm_id):
            cause, record.settled = evidence, settled
            if status is OrderStatus.ACCEPTED and not record.status.done and record.wanted is not None:
                end_modify(record, None)
                modified = False
            if status in _RESOLUTIONS:
                move(record, _RESOLUTIONS[status])
            if status.done:
                record.perms = dict.fromkeys(record.perms, False)  # none of them is at the broker
            elif perm_id in record.perms:
                record.perms[perm_id] = True
            effects.append(ToJournal(record.symbol, fact))
    settle(record)
    events = changes(record, before, cause, modified=modified, denied=isinstance(fact, OrderNotSent))
    return effects + [Happened(record.symbol, event) for event in events]
