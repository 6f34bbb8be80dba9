"""Commands about a position that exists."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from actors.position.taken_over import plan_of
from domain.entries import EntryRefused, levels_refusal
from domain.exit_levels import exit_levels, tighter
from domain.position_book import KEPT
from domain.time_exits import check_times, leaves_at, zone_of
from messages.order import Role
from messages.position import (
    AdjustExits,
    ClosePosition,
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    ExitPlan,
    ExitsAdjusted,
    PositionClosing,
)

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["adjust_exits", "close_position"]

RULE = "rule:"
"""How the source of a rule's command begins."""


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
        taken_over = plan_of(actor, book.side, abs(book.quantity), ExitPlan(), command.source)
        closing = PositionClosing(taken_over.position_id, command.reason, command.source)
        # together: by the plan alone a start would take what is held for managed, and as wanting no exits
        actor.append(taken_over, closing)
        book.planned(taken_over)
        book.closing = closing
    if book.plan is None:
        return CommandRefused("no position")
    if actor.closing is not None:
        return CommandAccepted(text=f"being closed already: {actor.closing.reason}")
    actor.begin_closing(command.reason, command.source)
    return CommandAccepted(tuple(order.order_ref for order in book.live(Role.EXIT)), "closing")


def adjust_exits(actor: PositionActor, command: AdjustExits) -> CommandOutcome:
    """Take another plan of exits, unless they would fire at once. A rule's never loosens the stop."""
    book = actor.book
    if book.plan is None or actor.closing is not None:
        return CommandRefused("no open position" if book.plan is None else "the position is being closed")
    try:
        exits = command.exits
        check_times(exits)
        stop = _new_stop(actor, exits)
    except EntryRefused as refused:
        return CommandRefused(refused.reason, refused.figures)
    except ValueError as error:
        return CommandRefused("the exits are no prices", str(error))
    facts = [ExitsAdjusted(book.plan.position_id, exits, command.source)]
    before = actor.levels.stop
    kept = before if command.source.startswith(RULE) and tighter(book.side, before, stop) != stop else None
    if kept is not None:
        facts.append(ExitsAdjusted(book.plan.position_id, ExitPlan(stop_loss_price=kept), KEPT))
    actor.append(*facts)
    for fact in facts:
        book.adjusted(fact)
    actor.levels.forget()
    actor.converge()
    actor.reports.updated(actor.view())
    return CommandAccepted(text="exits adjusted" + (f"; the stop stays at {kept}" if kept is not None else ""))


def _new_stop(actor: PositionActor, exits: ExitPlan) -> Decimal | None:
    """Return where the stop would stand. Raises EntryRefused where an exit would fire at once, or ValueError."""
    book, instrument = actor.book, actor.instrument
    average, mark = book.ledger.average_price, actor.quote.mark
    if average is None or instrument is None:
        return None
    levels = exit_levels(exits, book.side, average, instrument)
    wrong = levels_refusal(levels, book.side, Decimal(repr(mark))) if mark is not None else ""
    due = leaves_at(exits, book.ledger.opened, zone_of(instrument.time_zone)) if book.ledger.opened else None
    if not wrong and due is not None and due <= actor.environment.now():
        wrong = f"it would have been left at {due:%Y-%m-%d %H:%M} UTC"
    if wrong:
        raise EntryRefused("the exits would fire at once", wrong)
    return levels.stop
