"""Questions about orders on their way to the socket, and the answers. What leaves here can never trade."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio
from attrs import evolve, frozen

from actors.gateway.last_gate import LastGate
from actors.gateway.outlets import Outlets
from actors.gateway.queue import Unit
from actors.gateway.sender import Sender
from actors.ib.client import WireClient
from actors.ib.contract import contract_of
from actors.ib.order import order_of
from domain.orders.replies import CodeMeaning, code_meaning
from messages.gateway import BrokerOrder, OutgoingOrder, Priority
from messages.market import Instrument
from messages.what_if import WHAT_IF, PlaceWhatIf, WhatIfAnswer, WhatIfOvertaken

__all__ = ["OrderLink", "WhatIfDesk"]

_REJECTED = 201


@frozen(slots=True)
class OrderLink:
    """What is needed of the connection that orders are written to."""

    client: WireClient
    epoch: int
    account: str
    first_order_id: int


class WhatIfDesk:
    """Writes what-if orders and tells `orders` what TWS answers. Nothing is kept for another connection.

    A flag that got lost on the way would make an order of a question (tws-api, margin: "what-if"): one that TWS shows
    as an order is cancelled at once.
    """

    def __init__(
        self,
        sender: Sender,
        gate: LastGate,
        instruments: Mapping[str, Instrument],
        outlets: Outlets,
        entry_bar: Callable[[], str],
    ) -> None:
        """`entry_bar()` returns why no risk may be added at this moment, or ''."""
        self._sender = sender
        self._gate = gate
        self._instruments = instruments
        self._outlets = outlets
        self._entry_bar = entry_bar
        self._link: OrderLink | None = None
        self._open: dict[int, OutgoingOrder] = {}  # order id → question that waits for its answer

    def open(self, link: OrderLink | None) -> None:
        """Write to this connection from now on; without one, to none. What waits is not answered any more."""
        self._link = link
        self._open.clear()

    def ask(self, message: PlaceWhatIf) -> None:
        """Send the question in its turn."""
        order = message.order
        self._sender.put(
            Unit(
                Priority.ENTRY,
                1,
                lambda: self._write(order),
                lambda reason: self._fail(order, reason),
                order.request.order_ref,
                deadline=trio.current_time() + message.deadline_seconds,
                alive=True,
            )
        )

    def answered(self, answer: WhatIfAnswer) -> None:
        """Take an answer. One without figures is not the last."""
        if answer.slack is not None and self._open.pop(answer.order_id, None) is not None:
            self._outlets.orders(answer)

    def refused(self, order_id: int, code: int, text: str) -> bool:
        """Take an error that names a question. False where it names none."""
        if order_id not in self._gate.questions:
            return False
        if code_meaning(code) is CodeMeaning.INFORMATION:
            return True
        order = self._open.pop(order_id, None)
        if order is not None:
            answer = WhatIfAnswer(order_ref=order.request.order_ref, order_id=order_id, quantity=order.request.quantity)
            said = f"{code} {text}"
            # only a rejection says something of the size; whatever else is wrong is so with a smaller one
            told = evolve(answer, refusal=said) if code == _REJECTED else evolve(answer, failure=said)
            self._outlets.orders(told)
        return True

    def shown(self, order: BrokerOrder) -> None:
        """Cancel a question that TWS shows as an order."""
        link = self._link
        if not order.order_ref.startswith(WHAT_IF) or link is None or order.status in ("Cancelled", "ApiCancelled"):
            return
        if order.client_id == link.client.clientId:
            link.client.cancelOrder(order.order_id)
        text = f"{order.order_ref} was a question, and the broker shows it as an order: it is being cancelled"
        self._outlets.alarm("order.last_gate", text, symbol=order.symbol, order_ref=order.order_ref)

    def _write(self, order: OutgoingOrder) -> int:
        link, request = self._link, order.request
        if link is None:
            self._fail(order, "there is no connection to the broker")
            return 0
        bar = self._entry_bar()
        if bar:
            self._fail(order, bar)
            return 0
        refusal = self._gate.question_refusal(
            order, account=link.account, first_order_id=link.first_order_id, instruments=self._instruments
        )
        if refusal is not None and refusal.overtaken:
            self._outlets.orders(WhatIfOvertaken(order.order_id))
            return 0
        if refusal is not None:
            self._outlets.alarm(
                "order.last_gate", f"refused: {refusal.reason}", symbol=request.symbol, order_ref=refusal.order_ref
            )
            self._fail(order, f"last gate: {refusal.reason}")
            return 0
        try:
            link.client.placeOrder(order.order_id, contract_of(self._instruments[request.symbol]), order_of(order))
        except (ConnectionError, ValueError) as error:
            self._fail(order, str(error))
            return 0
        self._gate.asked(order)
        self._open[order.order_id] = order
        return 1

    def _fail(self, order: OutgoingOrder, reason: str) -> None:
        request = order.request
        self._outlets.orders(
            WhatIfAnswer(
                order_ref=request.order_ref, order_id=order.order_id, quantity=request.quantity, failure=reason
            )
        )
