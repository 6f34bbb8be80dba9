"""How much of an entry the account can carry: asked of the broker, size by size, before anything is planned."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pykka
import trio
from attrs import evolve, frozen

from domain.buying_power import LargestThatPasses, answer_in_words
from domain.entries import EntryRefused
from domain.entry_gates import STAGE
from domain.instrument import canonical
from domain.sizing import size_step
from messages.market import Instrument
from messages.order import OrderRequest
from messages.position import OpenPosition, Size
from messages.verdict import GateVerdict
from messages.what_if import WHAT_IF, AskWhatIf, WhatIfAnswer

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Carried", "carried", "question_wanted", "within"]


@frozen(slots=True)
class Carried:
    """What the broker said of an entry of `wanted`: it lets `quantity` of it through, 0 for none of it.

    `failure` says why that is not known. `answers` tell each question's in words.
    """

    wanted: Decimal
    quantity: Decimal
    answers: tuple[str, ...] = ()
    failure: str = ""

    @property
    def figures(self) -> str:
        """The sizes and what was said of each."""
        return "; ".join((f"{canonical(self.wanted)} → {canonical(self.quantity)}", *self.answers))

    @property
    def verdict(self) -> GateVerdict:
        """It as a gate's, for the journal."""
        said = "; ".join((self.failure, *self.answers)) if self.failure else self.figures
        return GateVerdict(STAGE, "what-if order", self.quantity > 0 and not self.failure, said)

    def cut_to(self, quantity: Decimal) -> str:
        """Return what who asked is told where this has made the entry smaller, "" where not."""
        if not quantity == self.quantity < self.wanted:
            return ""
        return f"accepted: {canonical(quantity)} of {canonical(self.wanted)}, which the account can carry"


def question_wanted(actor: PositionActor, command: OpenPosition) -> bool:
    """Whether this command's size is the broker's to judge."""
    return actor.settings.asks_the_broker(actor.symbol) if command.what_if is None else command.what_if


def within(command: OpenPosition, planned: Decimal, found: Carried) -> OpenPosition:
    """Return the command no larger than what passed. Raises EntryRefused where nothing did, or nobody knows."""
    if found.failure:
        raise EntryRefused("the broker did not say what the account can carry", found.verdict.figures)
    if not found.quantity:
        raise EntryRefused("the account cannot carry it", "; ".join(found.answers))
    if planned <= found.quantity:
        return command
    return evolve(command, size=Size(quantity=found.quantity), size_factor=Decimal(1))


async def carried(actor: PositionActor, order: OrderRequest, instrument: Instrument, deadline: float) -> Carried:
    """Ask until the largest size that passes is known, the questions are used up, or `deadline`, an instant of trio's
    clock, has come. One question that is not answered ends it: nothing may rest on a guess."""
    wanted = order.quantity
    step = size_step(wanted, instrument.size_increment, fractional=actor.settings.fractional(actor.symbol))
    search = LargestThatPasses(wanted, step, actor.settings.risk.what_if_questions)
    said: list[str] = []
    while (size := search.next()) is not None:
        question = evolve(order, order_ref=f"{WHAT_IF}{actor.environment.new_id()}", quantity=size)
        answer: WhatIfAnswer | None = None
        with trio.move_on_at(deadline):
            try:
                answer = await actor.orders.ask(AskWhatIf(question))
            except pykka.ActorDeadError:
                return Carried(wanted, Decimal(0), tuple(said), "the question was lost with the order actor")
        if answer is None:
            text = f"{canonical(size)}: the entry's time was over before the broker answered"
            return Carried(wanted, Decimal(0), tuple(said), text)
        if answer.failure:
            return Carried(wanted, Decimal(0), tuple(said), answer_in_words(answer))
        search.told(answer)
        said.append(answer_in_words(answer))
    return Carried(wanted, search.largest, tuple(said))
