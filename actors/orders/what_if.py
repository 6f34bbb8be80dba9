"""Questions to the broker about orders that are not placed: ids, the durable record, the answer or its absence.

The book knows nothing of them: a question is no order, in no state, and what happens to it concerns who asked alone.
A process that dies forgets it; its id is in the journal, so that no order takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio
from attrs import define, evolve, frozen

from actors.orders.desk import OrderDesk
from actors.runtime.future import ReplyFuture
from config.logging import log
from domain.ids import OrderIdsExhausted
from messages.gateway import OutgoingOrder
from messages.journal import Append, Entry
from messages.order import IdsReserved, OrderRequest
from messages.what_if import AskWhatIf, PlaceWhatIf, WhatIfAnswer, WhatIfAsked, WhatIfOvertaken

__all__ = ["NoAnswer", "WhatIfs"]


@frozen(slots=True)
class NoAnswer:
    """The time to answer a question is over."""

    order_ref: str


@define(slots=True, eq=False)
class _Question:
    order: OrderRequest
    answer: ReplyFuture[WhatIfAnswer]
    deadline: float
    order_id: int = 0


class WhatIfs:
    """Answers AskWhatIf, always, and within the time that the broker has for any order."""

    def __init__(
        self,
        desk: OrderDesk,
        seconds: float,
        promise: Callable[[], ReplyFuture[WhatIfAnswer]],
        after: Callable[[float, Any], object],
    ) -> None:
        """`seconds` are how long an answer is waited for."""
        self._desk = desk
        self._seconds = seconds
        self._promise = promise
        self._after = after
        self._open: dict[str, _Question] = {}  # order_ref → question
        self._writing: dict[str, _Question] = {}  # token → question whose id is being written

    def ask(self, message: AskWhatIf) -> ReplyFuture[WhatIfAnswer]:
        """Take a question."""
        answer = self._promise()
        question = _Question(message.order, answer, trio.current_time() + self._seconds)
        self._open[message.order.order_ref] = question
        self._after(self._seconds, NoAnswer(message.order.order_ref))
        self._number(question)
        return answer

    def overtaken(self, message: WhatIfOvertaken) -> None:
        """Ask under another id: no byte has left under this one."""
        for question in list(self._open.values()):
            if question.order_id == message.order_id:
                self._number(question)

    def answered(self, answer: WhatIfAnswer) -> None:
        """Take what the gateway heard, or why it did not ask."""
        question = self._open.pop(answer.order_ref, None)
        if question is None:
            return  # it came too late
        answer = evolve(answer, quantity=question.order.quantity)
        self._desk.journal.tell(Append((Entry(question.order.symbol, answer),)))
        order = question.order
        log(
            "order.what_if", actor="orders", symbol=order.symbol, side=order.side, quantity=order.quantity,
            order_id=answer.order_id, passes=answer.passes, reason=answer.refusal or answer.failure,
        )  # fmt: skip
        question.answer.set(answer)

    def no_answer(self, order_ref: str) -> None:
        """The time is over."""
        question = self._open.get(order_ref)
        if question is not None:
            self._fail(question, f"no answer from the broker within {self._seconds:g} s")

    def lost(self) -> None:
        """The connection is gone, and the questions with it."""
        for question in list(self._open.values()):
            self._fail(question, "the link to the broker was lost")

    def appended(self, token: str) -> bool:
        """The id is durable: the question may leave. False where the token belongs to somebody else."""
        question = self._writing.pop(token, None)
        if question is None:
            return False
        if question.order.order_ref not in self._open:
            return True
        against = self._against()
        seconds = question.deadline - trio.current_time()
        if against or seconds <= 0:
            self._fail(question, against or "its deadline passed")
            return True
        outgoing = OutgoingOrder(question.order, question.order_id, self._desk.account, what_if=True)
        self._desk.gateway.tell(PlaceWhatIf(outgoing, seconds))
        return True

    def failed(self, token: str, error: str) -> bool:
        """The id is not durable: the question does not leave. False where the token belongs elsewhere."""
        question = self._writing.pop(token, None)
        if question is None:
            return False
        self._fail(question, f"the journal failed: {error}")
        return True

    def _number(self, question: _Question) -> None:
        desk = self._desk
        against = self._against()
        if against:
            self._fail(question, against)
            return
        try:
            (question.order_id,), reservation = desk.book.ids.take(1)
        except OrderIdsExhausted as error:
            desk.alarm("order.ids_exhausted", str(error))
            self._fail(question, str(error))
            return
        entries = [Entry(question.order.symbol, WhatIfAsked(question.order, question.order_id))]
        if reservation is not None:
            entries.insert(0, Entry("orders", IdsReserved(reservation)))
        token = desk.token()
        self._writing[token] = question
        desk.journal.tell(Append(tuple(entries), desk.context.address.name, token))

    def _against(self) -> str:
        return self._desk.not_reconciled or ("" if self._desk.epoch else "there is no connection to the broker")

    def _fail(self, question: _Question, reason: str) -> None:
        order = question.order
        self.answered(
            WhatIfAnswer(order_ref=order.order_ref, order_id=question.order_id, quantity=order.quantity, failure=reason)
        )
