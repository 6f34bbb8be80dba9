"""The plan of what comes under management without a bracket: a holding taken over, an order placed by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from messages.order import Side
from messages.position import ExitPlan, PositionPlanned

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["plan_of"]


def plan_of(
    actor: PositionActor, side: Side, quantity: Decimal, exits: ExitPlan, source: str, position_id: str = ""
) -> PositionPlanned:
    """Return the plan of a position of the actor's symbol, under a new id unless one is given."""
    instrument = actor.instrument
    return PositionPlanned(
        position_id=position_id or actor.environment.new_id(),
        symbol=actor.symbol,
        side=side,
        quantity=quantity,
        exits=exits,
        source=source,
        multiplier=Decimal(1) if instrument is None else instrument.multiplier,
        currency="" if instrument is None else instrument.currency,
    )
