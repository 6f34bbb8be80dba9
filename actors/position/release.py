"""Letting go of a position: its exits are cancelled, and what is held stays at the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from attrs import frozen

from messages.gateway import AskBroker
from messages.order import Role
from messages.position import CommandAccepted, CommandOutcome, CommandRefused

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Release", "ReleaseOver"]

PATIENCE_SECONDS = 30.0


@frozen(slots=True)
class ReleaseOver:
    """The exits had their time to be cancelled."""

    position_id: str


class Release:
    """One release at a time.

    The position is let go of when the broker has confirmed that none of its exits works any more: one that filled
    afterwards would sell what is no longer ours. Until then nothing protects what still can fill; where a confirmation
    does not come in time, or the process starts anew, the release is off and the exits are placed again.

    Afterwards the books say that nothing is held, and the broker says otherwise: that difference keeps new risk away
    until somebody adopts the holding, at the broker's quantity and cost, or sells it by hand.

    What is held without a plan can be let go of likewise: shares that went without a trade would be held for ever
    by their executions.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._of: str | None = None  # the id of the position that is being let go of; "" for what has no plan

    @property
    def begun(self) -> bool:
        """Whether the position that there is, is being let go of."""
        plan = self._actor.book.plan
        return self._of == ("" if plan is None else plan.position_id)

    def begin(self) -> CommandOutcome:
        """Take the command."""
        actor, book = self._actor, self._actor.book
        if not book.quantity:
            return CommandRefused("no position is held")
        if not actor.allowed.allowed:
            return CommandRefused("orders are not reconciled with the broker", actor.allowed.reason)
        if actor.closing is not None:
            return CommandRefused("it is being closed", actor.closing.reason)
        if entering := [order.order_ref for order in book.live(Role.ENTRY, Role.SCALE)]:
            return CommandRefused("entries of it still work: cancel them first", ", ".join(entering))
        self._of = "" if book.plan is None else book.plan.position_id
        actor.clear("position.not_closed")
        actor.after(PATIENCE_SECONDS, ReleaseOver(self._of))
        text = f"{actor.symbol}: {book.quantity} are let go of as soon as their exits are cancelled"
        actor.converge()
        return CommandAccepted(text=text)

    def step(self) -> bool:
        """Cancel what still works; return whether nothing does."""
        working = [order for order in self._actor.book.all_exits() if not order.status.done]
        for order in working:
            self._actor.cancel(order.order_ref, "the position is released")
        return not working

    def over(self, message: ReleaseOver) -> None:
        """Give it up where it has not come to its end."""
        if self.begun and message.position_id == self._of:
            self._of = None
            text = "not released: its exits were not cancelled within 30 s, they are placed again"
            self._actor.alarm("position.not_closed", text)
            self._actor.protection.again()
            self._actor.converge()

    def forget(self) -> None:
        """Nothing is held any more: what comes next stays."""
        self._of = None

    def done(self) -> None:
        """The books have been closed: ask the broker what is held now."""
        self.forget()
        actor = self._actor
        actor.holding.last_fill = trio.current_time()
        actor.system.address("gateway").tell(AskBroker(f"{actor.symbol} was released"))
