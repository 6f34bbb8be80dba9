"""The plan of an entry within this process's limits: the same for one that is sent and one that is only weighed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import evolve

from domain.distances import needs_atr, with_atr
from domain.entries import PlannedEntry, plan_entry
from domain.sizing import SizeBounds, Worth
from messages.market import Instrument
from messages.position import OpenPosition, PositionPlanned

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["plan_within_limits"]


def plan_within_limits(
    actor: PositionActor,
    command: OpenPosition,
    instrument: Instrument,
    price: float,
    new_id: Callable[[], str],
    *,
    worth: Worth,
    scale: PositionPlanned | None,
) -> PlannedEntry:
    """Return the orders that the command makes at this price; `scale` is the plan that it adds to.

    Raises EntryRefused.
    """
    risk = actor.settings.risk
    shares = [most for most in (risk.max_position_shares, risk.max_order_shares) if most is not None]
    if worth.atr is not None and needs_atr(command.exits):
        command = evolve(command, exits=with_atr(command.exits, worth.atr))
    return plan_entry(
        command,
        actor.symbol,
        instrument,
        Decimal(repr(price)),
        SizeBounds(
            increment=instrument.size_increment,
            max_shares=min(shares, default=None),
            max_notional=risk.max_order_notional,
            fractional=actor.settings.fractional(actor.symbol),
            cut=risk.on_limit == "resize",
        ),
        new_id,
        worth=worth,
        scale=scale,
        exits=None if scale is None else actor.book.exits,
    )
