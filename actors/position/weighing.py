"""The verdicts of all gates before an entry, for the journal: what was asked for, and everything that stood against it.

Nothing here plans, reserves or sends: `WeighOrders` carries the orders on to the gates of portfolio and `orders`, which
judge them like real ones and journal the whole.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import trio

from actors.position.guards import market_checks
from actors.position.planning import plan_within_limits
from domain.entries import EntryRefused
from domain.entry_gates import Standing, entry_of, weigh_entry, worth_recording
from domain.sizing import Worth
from messages.decision import WeighOrders
from messages.order import SubmitOrders
from messages.position import OpenPosition
from messages.verdict import GateVerdict

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["verdicts_on", "weigh"]


def weigh(
    actor: PositionActor,
    command: OpenPosition,
    outcome: str,
    worth: Worth,
    *,
    used: bool,
    more: tuple[GateVerdict, ...] = (),
) -> None:
    """Have the journal tell why this command was not carried out, with every gate's verdict, `more` included."""
    if not worth_recording(command.source, command.signal_id):
        return
    group, obstacle = _orders(actor, command, worth)
    message = WeighOrders(
        symbol=actor.symbol,
        group=group,
        verdicts=weigh_entry(command, _standing(actor, command, group, obstacle, used=used)) + more,
        source=command.source,
        signal_id=command.signal_id,
        outcome=outcome,
    )
    actor.system.address("portfolio").tell(message)


def verdicts_on(actor: PositionActor, command: OpenPosition, group: SubmitOrders) -> tuple[GateVerdict, ...]:
    """Return the verdicts on a command that passes, before its plan is taken."""
    return weigh_entry(command, _standing(actor, command, group, "", used=False))


def _standing(
    actor: PositionActor, command: OpenPosition, group: SubmitOrders | None, obstacle: str, *, used: bool
) -> Standing:
    book, allowed = actor.book, actor.allowed
    price = actor.quote.against(command.side.sign)
    stale = actor.quote.stale(trio.current_time(), actor.settings.risk.quote_max_age_seconds)
    return Standing(
        used=used,
        not_allowed="" if allowed.allowed else allowed.reason or "not reconciled with the broker",
        difference=actor.holding.difference or "",
        closing=f"being closed: {actor.closing.reason}" if actor.closing is not None else "",
        plan=book.plan,
        held=book.quantity,
        instrument="" if actor.instrument is not None else actor.unknown or "not described by the broker yet",
        quote=stale or ("" if price else actor.quote.nobody(command.side.sign)),
        price=price,
        market=market_checks(actor, command.side),
        plannable=obstacle,
        planned=None if group is None else entry_of(group),
    )


def _orders(actor: PositionActor, command: OpenPosition, worth: Worth) -> tuple[SubmitOrders | None, str]:
    """Return the orders that would follow from the command, or why none would. The last quote known serves."""
    instrument = actor.instrument
    price = actor.quote.against(command.side.sign)
    if instrument is None or not price:
        return None, "without instrument and price there is no size"
    plan = actor.book.plan
    scale = plan if plan is not None and plan.side is command.side else None
    numbers = count(1)
    try:
        entry = plan_within_limits(
            actor, command, instrument, price, lambda: f"weighed-{next(numbers)}", worth=worth, scale=scale
        )
    except EntryRefused as refused:
        return None, f"{refused} ({refused.figures})" if refused.figures else str(refused)
    return entry.orders, ""
