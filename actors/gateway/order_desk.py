"""Orders and cancellations on their way to the socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio

from actors.gateway.last_gate import LastGate
from actors.gateway.outlets import Outlets
from actors.gateway.queue import Unit
from actors.gateway.sender import Sender
from actors.gateway.weighing import Weighing
from actors.gateway.what_if import OrderLink, WhatIfDesk
from actors.ib.contract import contract_of
from actors.ib.order import order_of
from config.logging import log
from messages.gateway import (
    CancelOutgoing,
    OrderNotSent,
    OrderSent,
    OrdersOvertaken,
    PlaceOrders,
    Priority,
)
from messages.market import Instrument

__all__ = ["OrderDesk"]


class OrderDesk:
    """Passes units through the queue and the last gate, writes them, and reports each order's fate, once."""

    def __init__(
        self,
        sender: Sender,
        gate: LastGate,
        instruments: Mapping[str, Instrument],
        outlets: Outlets,
        entry_bar: Callable[[], str],
        weighing: Weighing,
    ) -> None:
        """`entry_bar()` returns why no risk may be added at this moment, or ''. Exits and cancels are exempt."""
        self._sender = sender
        self._gate = gate
        self._instruments = instruments
        self._outlets = outlets
        self._entry_bar = entry_bar
        self._weighing = weighing
        self._link: OrderLink | None = None
        self.what_ifs = WhatIfDesk(sender, gate, instruments, outlets, entry_bar)

    def open(self, link: OrderLink) -> None:
        """Write to this connection from now on."""
        self._link = link
        self.what_ifs.open(link)

    def close(self) -> None:
        """There is no connection any more. The sender refuses what waits."""
        self._link = None
        self.what_ifs.open(None)

    def place(self, message: PlaceOrders) -> None:
        """Send the orders as one unit, or say why not."""
        entry = message.priority is Priority.ENTRY
        deadline = trio.current_time() + message.deadline_seconds
        self._sender.put(
            Unit(
                priority=message.priority,
                size=len(message.orders),
                write=lambda: self._write(message, deadline),
                refuse=lambda reason: self._refuse(message, reason),
                label=", ".join(order.request.order_ref for order in message.orders),
                deadline=deadline,
                alive=entry,
            )
        )

    def cancel(self, message: CancelOutgoing) -> None:
        """Send a cancellation; it waits for the budget alone."""

        def refuse(reason: str) -> None:
            self._outlets.orders(OrderNotSent(message.order_ref, message.order_id, reason, cancellation=True))

        def write() -> int:
            if self._link is None:
                refuse("there is no connection to the broker")
                return 0
            try:
                self._link.client.cancelOrder(message.order_id)
            except ConnectionError as error:
                refuse(str(error))
                return 0
            return 1

        self._sender.put(Unit(Priority.CANCEL, 1, write, refuse, f"cancel {message.order_ref}"))

    def _write(self, message: PlaceOrders, deadline: float) -> int:
        link, orders = self._link, message.orders
        if link is None:
            self._refuse(message, "there is no connection to the broker")
            return 0
        bar = self._entry_bar() if message.priority is Priority.ENTRY else ""
        if bar:
            self._refuse(message, bar)
            return 0
        now = trio.current_time()
        refusal = self._gate.refusal(
            orders,
            account=link.account,
            first_order_id=link.first_order_id,
            instruments=self._instruments,
            now=now,
        )
        if refusal is not None and refusal.overtaken:
            self._outlets.orders(OrdersOvertaken(orders, message.priority, deadline, link.epoch))
            return 0
        if refusal is not None:
            symbol = orders[0].request.symbol if orders else None
            if refusal.impossible:
                self._outlets.alarm(
                    "order.last_gate", f"refused: {refusal.reason}", symbol=symbol, order_ref=refusal.order_ref
                )
            self._refuse(message, f"last gate: {refusal.order_ref}: {refusal.reason}", denied=True)
            return 0
        try:
            # all of it is made before the first byte leaves, so that half a bracket never does
            wire = [(order, contract_of(self._instruments[order.request.symbol]), order_of(order)) for order in orders]
            with link.client.together():
                for order, contract, form in wire:
                    link.client.placeOrder(order.order_id, contract, form)
        except (ConnectionError, ValueError) as error:
            self._refuse(message, str(error))
            return 0
        self._gate.sent(orders, now)
        for order in orders:
            self._outlets.orders(OrderSent(order.request.order_ref, order.order_id, link.epoch))
        return len(orders)

    def _refuse(self, message: PlaceOrders, reason: str, *, denied: bool = False) -> None:
        entry = next((order for order in message.orders if order.request.role.adds_risk), None)
        for order in message.orders:
            request = order.request
            if denied:
                log(
                    "order.denied",
                    level="ERROR",
                    actor="gateway",
                    symbol=request.symbol,
                    order_ref=request.order_ref,
                    reason=reason,
                )
            weighed = self._weighing.verdicts(message.orders, message.deadline_seconds) if order is entry else ()
            self._outlets.orders(OrderNotSent(request.order_ref, order.order_id, reason, verdicts=weighed))
