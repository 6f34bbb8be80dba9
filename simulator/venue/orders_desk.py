"""Where orders, changes and cancels come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.contracts import ContractBook, ContractDefinition
from simulator.model import Order, OrderError, WhatIf
from simulator.venue.admission import check_change, check_order
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.changes import apply_change, limit_offset, set_times
from simulator.venue.conditions import Conditions, read_conditions
from simulator.venue.engine import CANCELLED, Engine
from simulator.venue.families import closes_group, may_start
from simulator.venue.funds import check_funds, expected_price, what_if
from simulator.venue.refusal import OrderRefused
from simulator.venue.registry import Registry
from simulator.venue.reserves import Reserves
from simulator.venue.schedule import ignores_outside_hours, locked, schedule
from simulator.venue.sessions import Sessions
from simulator.venue.working import Stage, Working

__all__ = ["OrdersDesk"]


class OrdersDesk:
    """Checks what clients ask and passes it to the engine."""

    def __init__(
        self,
        contracts: ContractBook,
        registry: Registry,
        books: Bookkeeping,
        engine: Engine,
        sessions_of: Callable[[ContractDefinition], Sessions],
        now: Callable[[], datetime],
    ) -> None:
        self._contracts = contracts
        self._registry = registry
        self._books = books
        self._engine = engine
        self._sessions_of = sessions_of
        self._now = now
        self._reserves = Reserves(registry.live, books, expected_price)

    def place(self, order: Order) -> None:
        """Accept a new order or a change of a live one; a refusal is told as an error."""
        try:
            known = self._registry.to_modify(order.client_id, order.order_id)
            if known is None:
                self._accept(order)
            else:
                self._change(known, order)
        except OrderRefused as refusal:
            if self._registry.find(order.client_id, order.order_id) is None:
                self._registry.refuse(order.client_id, order.order_id)
            self._engine.refuse(order, refusal.code, refusal.text)

    def place_beside(self, order: Order) -> None:
        """Accept an order even though its id stands for a live one; the id means the new one from now on."""
        try:
            self._accept(order)
        except OrderRefused as refusal:
            self._engine.refuse(order, refusal.code, refusal.text)

    def what_if(self, order: Order) -> WhatIf | OrderError:
        """Return what the order would do to its account, or why it would be refused."""
        try:
            definition = self._checked(order)
            self.conditions(order)
            return what_if(order, definition, self._books, self._reserves)
        except OrderRefused as refusal:
            return OrderError(order.order_id, order.client_id, refusal.code, refusal.text)

    def cancel(self, working: Working) -> None:
        """Cancel a live order at its client's wish. Raises OrderRefused (161) for one that the auction already has."""
        if locked(working, self._now()):
            text = "Cancel attempted when order is not in a cancellable state. Order permId ="
            raise OrderRefused(161, f"{text}{working.order.perm_id}")
        self.drop(working)

    def drop(self, working: Working) -> None:
        """Cancel a live order, whatever its state."""
        if working.stage is not Stage.HELD:
            working.order.status = "PendingCancel"
            self._engine.tell(working)
        self._engine.end(working, CANCELLED)

    def conditions(self, order: Order) -> Conditions | None:
        """Return what the order waits for, read from its fields. Raises OrderRefused."""
        written = order.extra.get("conditions", "")
        return read_conditions(written, lambda con_id: self.definition(con_id).contract.sec_type)

    def definition(self, con_id: int) -> ContractDefinition:
        """Return a contract's definition. Raises OrderRefused (error 200) if there is none."""
        definition = self._contracts.by_con_id(con_id)
        if definition is None:
            raise OrderRefused(200, "No security definition has been found for the request")
        return definition

    def _checked(self, order: Order) -> ContractDefinition:
        definition = self.definition(order.contract.con_id)
        order.account = order.account or self._books.ledger.accounts[0]
        order.trail_stop = order.trail_stop or None  # clients write 0 for none
        check_order(order, definition, self._books.ledger.accounts)
        return definition

    def _accept(self, order: Order) -> None:
        definition = self._checked(order)
        conditions = self.conditions(order)
        times = schedule(order, self._sessions_of(definition), self._now())
        parent = self._parent(order)
        self._check_group(order)
        if any(closes_group(one) for one in self._registry.in_group(order.account, order.oca_group)):
            raise OrderRefused(201, "Order rejected - reason:OCA group is already filled.")
        working = Working(order, definition, rank=next(self._registry.ranks), parent=parent, conditions=conditions)
        working.limit_offset = limit_offset(order)
        set_times(working, times)
        if not working.exits:
            check_funds(order, definition, self._books, self._reserves)
        order.placed_at = self._now()
        self._registry.add(working)
        if parent is not None:
            parent.children.append(working)
            order.parent_perm_id = parent.order.perm_id
        if order.transmit:
            self._transmit(working)

    def _change(self, working: Working, change: Order) -> None:
        change.account = change.account or working.order.account
        check_change(working.order, change)
        if locked(working, self._now()):
            raise OrderRefused(201, "Order rejected - reason:The order is in the closing auction and cannot be changed")
        check_order(change, working.definition, self._books.ledger.accounts)
        conditions = self.conditions(change)
        times = schedule(change, self._sessions_of(working.definition), self._now())
        self._check_group(change)
        if not working.exits and change.quantity > working.order.quantity:
            check_funds(change, working.definition, self._books, self._reserves, working.order.filled)
        apply_change(working, change, times, self._registry.ranks)
        self._reserves.changed(working)
        self._engine.reconsider(working, conditions)
        if working.stage is Stage.HELD:
            if working.order.transmit:
                self._transmit(working)
        elif working.order.remaining <= 0:
            self._engine.complete(working)
        else:
            self._engine.enter(working, announce=True)

    def _transmit(self, working: Working) -> None:
        for one in self._registry.family(working):
            if one.stage is not Stage.HELD:
                continue  # ended meanwhile, with a relative
            one.released = may_start(one)
            self._engine.enter(one, announce=True)
            self._warn(one)

    def _warn(self, working: Working) -> None:
        order = working.order
        session = self._sessions_of(working.definition).current(self._now())
        if ignores_outside_hours(order) and session.early < session.opens:
            self._engine.refuse(
                order,
                2109,
                "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
                "destination. PlaceOrder is now being processed.",
            )
        if working.stage is Stage.LOCATE:
            self._engine.refuse(order, 404, "Order held while securities are located.")
        elif working.stage is Stage.SCHEDULED and working.starts is not None and not order.good_after:
            zone = working.definition.time_zone
            text = (
                f"Order Message:\n{order.side} {order.quantity} {order.contract.symbol} "
                f"{working.definition.contract.exchange}\nWarning: your order will not be placed at the exchange until "
                f"{_local(working.starts, zone)}"
            )
            self._engine.refuse(order, 399, text)

    def _parent(self, order: Order) -> Working | None:
        if not order.parent_id:
            return None
        parent = self._registry.find(order.client_id, order.parent_id)
        if parent is None:
            raise OrderRefused(135, f"Can't find order with id ={order.parent_id}")
        if parent.stage is Stage.DONE and parent.order.filled == 0:
            raise OrderRefused(201, "Order rejected - reason:Parent order is being cancelled.")
        return parent

    def _check_group(self, order: Order) -> None:
        if not order.oca_group:
            return
        for other in self._registry.live.values():
            same_client = other.order.client_id == order.client_id
            if same_client and other.order.oca_group == order.oca_group and other.order.account != order.account:
                raise OrderRefused(10224, "The OCA group's orders must all be for one account.")


def _local(time: datetime, zone: str) -> str:
    return f"{time.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}"
