"""Entries of which one is to fill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from domain.entries import EntryRefused, levels_refusal
from domain.exit_levels import exit_levels
from messages.order import OrderRequest

if TYPE_CHECKING:
    from actors.position.actor import PositionActor
    from messages.position import ExitPlan

__all__ = ["alternatives"]


def alternatives(
    actor: PositionActor, requests: Sequence[OrderRequest], exits: ExitPlan, group: str
) -> tuple[OrderRequest, ...]:
    """Return the orders as one OCA group; `exits` are those of a position that begins with one of them.

    Raises:
        EntryRefused: they are no alternatives, or the exits make no sense at the price of one of them.
    """
    if len(requests) < 2 or len({request.side for request in requests}) > 1:
        raise EntryRefused("one of two or more orders of the same side is to fill", f"{len(requests)} given")
    if not all(request.role.adds_risk for request in requests):
        raise EntryRefused("stop and target of a position are a group already: change them as its exits")
    if actor.book.plan is None:
        for request in requests:
            _check_exits(actor, request, exits)
    return tuple(evolve(request, oca_group=group) for request in requests)


def _check_exits(actor: PositionActor, request: OrderRequest, exits: ExitPlan) -> None:
    price = request.limit_price or request.stop_price or actor.reference_price()
    if price is None or actor.instrument is None:
        return
    try:
        levels = exit_levels(exits, request.side, price, actor.instrument)
    except ValueError as error:
        raise EntryRefused("the exits are no prices", str(error)) from error
    wrong = levels_refusal(levels, request.side, price)
    if wrong:
        raise EntryRefused("the exits would fire at once", wrong)
