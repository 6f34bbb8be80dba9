"""Adding to a position that is open: scaling in with the profit, doubling down towards the stop."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from domain.entries import EntryRefused
from domain.scaling import double_down_terms, profit_pct
from messages.order import OrderType, Role
from messages.position import CommandOutcome, CommandRefused, DoubleDown, PlaceOrder, PositionScaled, ScaleIn

if TYPE_CHECKING:
    from actors.position.actor import PositionActor
    from actors.runtime.future import ReplyFuture

__all__ = ["double_down", "scale_in"]


def scale_in(actor: PositionActor, command: ScaleIn) -> CommandOutcome | ReplyFuture[CommandOutcome]:
    """Add at the market, where the position earns enough; see `messages.position.ScaleIn`."""
    book = actor.book
    try:
        average = _open(actor)
        done = book.times_scaled("scale_in")
        if done >= command.max_times:
            raise EntryRefused("scaled in already", f"{done} of {command.max_times} times")
        mark = actor.quote.mark
        if mark is None:
            raise EntryRefused("no price yet")
        profit = profit_pct(book.side, average, Decimal(repr(mark)))
        if profit < command.trigger_profit_pct:
            figures = f"{profit * 100:.2f} % < {command.trigger_profit_pct * 100:f} %"
            raise EntryRefused("the position does not earn enough to scale in", figures)
    except EntryRefused as refused:
        return CommandRefused(refused.reason, refused.figures)
    order = PlaceOrder(
        side=book.side,
        quantity=command.quantity,
        order_type=OrderType.MARKET,
        order_ref=f"pb-{actor.environment.new_id()}",
        source=command.source,
    )
    return _place(actor, order, "scale_in", done + 1)


def double_down(actor: PositionActor, command: DoubleDown) -> CommandOutcome | ReplyFuture[CommandOutcome]:
    """Rest a limit order between entry and stop; see `messages.position.DoubleDown`."""
    book = actor.book
    try:
        average = _open(actor)
        if book.has_scaled("double_down", command.level):
            raise EntryRefused("doubled down already", f"level {command.level}")
        stop = actor.view().stop
        if stop is None or actor.instrument is None:
            raise EntryRefused("the position has no stop to double down to")
        if next(book.live(Role.ENTRY), None) is not None:
            raise EntryRefused("the entry has not filled yet")
        quantity, limit = double_down_terms(
            held=abs(book.quantity),
            average=average,
            stop=stop,
            distance=command.distance_to_stop_multiplier,
            multiplier=command.quantity_multiplier,
            increment=actor.instrument.size_increment,
        )
        if not quantity:
            raise EntryRefused("it comes to less than one unit", f"{command.quantity_multiplier} of {book.quantity}")
        if (average - limit) * book.side.sign <= 0:
            raise EntryRefused("the stop lies beyond the entry", f"entry {average}, stop {stop}")
    except EntryRefused as refused:
        return CommandRefused(refused.reason, refused.figures)
    order = PlaceOrder(
        side=book.side,
        quantity=quantity,
        order_type=OrderType.LIMIT,
        limit_price=limit,
        order_ref=f"pb-{actor.environment.new_id()}",
        source=command.source,
    )
    return _place(actor, order, "double_down", command.level)


def _open(actor: PositionActor) -> Decimal:
    """Return the average entry price of the open position. Raises EntryRefused."""
    book = actor.book
    average = book.ledger.average_price
    if book.plan is None or not book.quantity or average is None:
        raise EntryRefused("no open position")
    if actor.closing is not None:
        raise EntryRefused("the position is being closed")
    return average


def _place(actor: PositionActor, order: PlaceOrder, kind: str, level: int) -> ReplyFuture[CommandOutcome]:
    """Write down that it was done, before the order's intent, and send it.

    It counts as not done only where the order provably never rested at the broker.
    """
    plan = actor.book.plan
    if plan is not None and order.order_ref is not None:
        fact = PositionScaled(plan.position_id, kind, level, order.order_ref)
        actor.book.scaled(fact)
        actor.append(fact)
    return actor.plain.place(order)
