"""Commands about a position that exists."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from domain.entries import levels_refusal
from domain.exit_levels import exit_levels
from messages.order import Role
from messages.position import (
    AdjustExits,
    ClosePosition,
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    ExitPlan,
    ExitsAdjusted,
    PositionPlanned,
)

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["adjust_exits", "close_position"]


def close_position(actor: PositionActor, command: ClosePosition) -> CommandOutcome:
    """Begin to go flat. A holding without a plan is taken over first: the command is a person's word."""
    book = actor.book
    if command.position_id and (book.plan is None or book.plan.position_id != command.position_id):
        return CommandRefused("this is not the position there is", book.plan.position_id if book.plan else "none")
    if actor.holding.short:
        text = "the broker holds less: an order to close it would open the other side"
        return CommandRefused(text, actor.holding.difference or "it is being asked again")
    actor.desk.drop_reversal("the position was closed by a command")
    if book.plan is None and book.quantity:
        taken_over = PositionPlanned(
            position_id=actor.environment.new_id(),
            symbol=actor.symbol,
            side=book.side,
            quantity=abs(book.quantity),
            exits=ExitPlan(),
            source=command.source,
        )
        actor.append(taken_over)
        book.planned(taken_over)
    if book.plan is None:
        return CommandRefused("no position")
    if actor.closing is not None:
        return CommandAccepted(text=f"being closed already: {actor.closing.reason}")
    actor.begin_closing(command.reason, command.source)
    return CommandAccepted(tuple(order.order_ref for order in book.live(Role.EXIT)), "closing")


def adjust_exits(actor: PositionActor, command: AdjustExits) -> CommandOutcome:
    """Take another plan of exits, unless they would fire at once."""
    book = actor.book
    if book.plan is None or actor.closing is not None:
        return CommandRefused("no open position" if book.plan is None else "the position is being closed")
    average, mark = book.ledger.average_price, actor.quote.mark
    if average is not None and actor.instrument is not None:
        try:
            levels = exit_levels(command.exits, book.side, average, actor.instrument)
        except ValueError as error:
            return CommandRefused("the exits are no prices", str(error))
        wrong = levels_refusal(levels, book.side, Decimal(repr(mark))) if mark is not None else ""
        if wrong:
            return CommandRefused("the exits would fire at once", wrong)
    fact = ExitsAdjusted(book.plan.position_id, command.exits, command.source)
    actor.append(fact)
    book.adjusted(fact)
    actor.levels.forget()
    actor.converge()
    actor.reports.updated(actor.view())
    return CommandAccepted(text="exits adjusted")
