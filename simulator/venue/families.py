"""Brackets and one-cancels-all groups: who belongs together, and how much each may execute.

An exit child works from its parent's first fill on (INC-28 shows that TWS activates it so early) and may execute what
the parent has filled less what its group has already exited; once the parent has filled in whole, what it is for, also
where that was raised since. Any other child waits for the whole parent.

Exit children without an OCA group of their own form one with their siblings: when one fills, the others go.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from simulator.model import ZERO, Order
from simulator.venue.working import Stage, Working

__all__ = ["OcaKey", "capacity", "closes_group", "may_start", "members", "oca_key", "reduced", "spent"]

OcaKey = tuple[str, str, int]
"""account, group name, or the parent's permanent id for children without a group"""

CANCEL = 1  # ocaType: any fill cancels the others


def oca_key(working: Working) -> OcaKey | None:
    """Return the group that the order belongs to, None if to none."""
    order = working.order
    if order.oca_group:
        return (order.account, order.oca_group, 0)
    if working.parent is not None and working.exits:
        return (order.account, "", working.parent.order.perm_id)
    return None


def members(working: Working, orders: Iterable[Working]) -> list[Working]:
    """Return the other transmitted orders of the group among `orders`, oldest first."""
    key = oca_key(working)
    if key is None:
        return []
    found = [one for one in orders if one is not working and one.stage is not Stage.HELD and oca_key(one) == key]
    return sorted(found, key=lambda one: one.order.perm_id)


def closes_group(order: Order) -> bool:
    """Whether what the order has filled ends its group: nothing may join it any more.

    Of type 1 any fill does, as it cancels the others; of the others, a whole one.
    """
    return order.status == "Filled" or (order.oca_type == CANCEL and order.filled > 0)


def may_start(child: Working) -> bool:
    """Whether the parent has filled enough for the child to begin."""
    if child.parent is None:
        return True
    parent = child.parent.order
    return parent.filled > 0 if child.exits else parent.remaining <= 0


def capacity(working: Working) -> Decimal:
    """Return how much the order may execute now."""
    if not working.exits or working.parent is None or working.parent.order.remaining <= 0:
        return working.order.remaining
    return max(working.parent.order.filled - _exited(working, working.parent), ZERO)


def spent(child: Working) -> bool:
    """Whether nothing is left for an exit to do: its parent is done and its group has exited all of it."""
    parent = child.parent
    return child.exits and parent is not None and parent.stage is Stage.DONE and capacity(child) <= 0


def reduced(other: Working, fraction: Decimal) -> Decimal:
    """Return the quantity of a group's member after another executed `fraction` of what it had left.

    IB: "remaining orders are proportionately reduced in size"; rounded down to what can be traded.
    """
    step = other.definition.size_increment
    left = (other.order.remaining * (1 - fraction) / step).to_integral_value("ROUND_FLOOR") * step
    return other.order.filled + max(left, ZERO)


def _exited(working: Working, parent: Working) -> Decimal:
    group = working.order.oca_group
    return sum((one.order.filled for one in parent.children if one.exits and one.order.oca_group == group), ZERO)
