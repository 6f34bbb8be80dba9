"""The plan of an entry within this process's limits: the same for one that is sent and one that is only weighed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.entries import PlannedEntry, plan_entry
from domain.sizing import SizeBounds
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
    equity: Decimal | None,
    scale: PositionPlanned | None,
) -> PlannedEntry:
    """Return the orders that the command makes at this price; `scale` is the plan that it adds to.

    Raises EntryRefused.
    """
    risk = actor.settings.risk
    return plan_entry(
        command,
        actor.symbol,
        instrument,
        Decimal(repr(price)),
        SizeBounds(
            increment=instrument.size_increment,
            max_shares=risk.max_position_shares,
            max_notional=risk.max_order_notional,
        ),
        new_id,
        equity=equity,
        scale=scale,
        exits=None if scale is None else actor.book.exits,
    )
