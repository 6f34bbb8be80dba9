"""New ids for what was overtaken in the send queue.

An order takes its id when its intent is journaled. A more urgent one that leaves first carries a higher id, and TWS
answers 103 to every lower one after it. Of what waits no byte has left, so it takes new ids, journaled before the bytes
like the first ones: only the overtaken pay for that with an fsync, and only within their deadline.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio
from attrs import evolve, frozen

from actors.orders.desk import OrderDesk
from config.logging import log
from domain.ids import OrderIdsExhausted
from messages.gateway import OrderNotSent, OrdersOvertaken, OutgoingOrder, PlaceOrders
from messages.journal import Append, Entry
from messages.order import IdsReserved, OrderRenumbered, OrderStatus, Role

__all__ = ["Renumbering"]


@frozen(slots=True)
class _Pending:
    """A unit whose new ids are being written."""

    message: OrdersOvertaken
    ids: tuple[int, ...]


class Renumbering:
    """Takes units that were overtaken. Never two of one order: it goes on only where the gateway has said that no byte
    left, and this incarnation gave the order to it."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._pending: dict[str, _Pending] = {}  # token → unit

    @property
    def writing(self) -> int:
        """How many units wait for the journal."""
        return len(self._pending)

    def overtaken(self, message: OrdersOvertaken) -> None:
        """Have new ids written for a unit, or say that it was not sent."""
        desk = self._desk
        reason = self._against(message)
        if reason:
            self._give_up(message.orders, reason)
            return
        try:
            ids, reservation = desk.book.ids.take(len(message.orders))
        except OrderIdsExhausted as error:
            desk.alarm("order.ids_exhausted", str(error))
            self._give_up(message.orders, str(error))
            return
        entries = [
            Entry(each.request.symbol, OrderRenumbered(each.request.order_ref, order_id))
            for each, order_id in zip(message.orders, ids, strict=True)
        ]
        if reservation is not None:
            entries.insert(0, Entry("orders", IdsReserved(reservation)))
        token = desk.token()
        self._pending[token] = _Pending(message, tuple(ids))
        safe = not any(each.request.role.adds_risk for each in message.orders)
        desk.journal.tell(Append(tuple(entries), desk.context.address.name, token, reduces_risk=safe))

    def appended(self, token: str) -> bool:
        """The new ids are durable: bytes may leave. False where the token belongs to somebody else."""
        pending = self._pending.pop(token, None)
        if pending is None:
            return False
        desk, message = self._desk, pending.message
        numbers = {each.order_id: new for each, new in zip(message.orders, pending.ids, strict=True)}
        orders = tuple(
            evolve(each, order_id=numbers[each.order_id], parent_order_id=numbers.get(each.parent_order_id, 0))
            for each in message.orders
        )
        for each in orders:
            desk.apply(OrderRenumbered(each.request.order_ref, each.order_id))
        reason = self._against(message)
        if reason:
            self._give_up(orders, reason)
            return True
        for old, new in zip(message.orders, orders, strict=True):
            log(
                "order.renumbered", actor="orders", symbol=new.request.symbol, order_ref=new.request.order_ref,
                order_id=new.order_id, instead_of=old.order_id,
            )  # fmt: skip
        desk.gateway.tell(PlaceOrders(orders, message.priority, message.deadline - trio.current_time()))
        return True

    def failed(self, token: str, error: str) -> bool:
        """The new ids are not durable: nothing of the unit leaves. False where the token belongs elsewhere."""
        pending = self._pending.pop(token, None)
        if pending is None:
            return False
        self._give_up(pending.message.orders, f"the journal failed: {error}")
        return True

    def _against(self, message: OrdersOvertaken) -> str:
        """Why the unit may not leave any more, "" where it may."""
        desk = self._desk
        if message.epoch != desk.epoch:
            return "the link was lost before it left"
        if desk.not_reconciled and any(each.request.role is not Role.EXIT for each in message.orders):
            return desk.not_reconciled
        if message.deadline <= trio.current_time():
            return "its deadline passed in the send queue"
        for each in message.orders:
            record = desk.book.get(each.request.order_ref)
            if record is None or record.status is not OrderStatus.INTENDED or not record.queued:
                return "it was given to the gateway by an order actor that is gone"
            if record.cancel_wanted:
                return f"{record.order_ref} was cancelled before it left"
        return ""

    def _give_up(self, orders: Sequence[OutgoingOrder], reason: str) -> None:
        for each in orders:
            self._desk.apply(OrderNotSent(each.request.order_ref, each.order_id, reason))
