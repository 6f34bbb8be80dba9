"""A position in slices: each is left at a price of its own, and has a stop of its own for exactly what it holds.

One stop for the whole beside several targets would be larger than what is held from the fill of a target until the
stop's amendment is in force, and for as long as this process is down (INC-29). A broker's own reduction of an OCA group
(types 2 and 3) is proportional to what each order has left: the fill of a whole target takes the whole stop away. So
each target is paired with a stop of its size in an OCA group of type 1, which the broker keeps true by itself. The
stops of all slices lie at one price, and together they are what is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from messages.order import OrderStatus, OrderView, Role

__all__ = ["Room", "Slice", "TargetLevel", "divide", "exited", "group_name", "place_in", "slice_of"]

_ZERO = Decimal(0)
_OWN = re.compile(r"(?:\.([0-9]+))?(?:-([0-9]+))?")


@frozen(slots=True)
class TargetLevel:
    """A part of the position and the price at which it is left."""

    fraction: Decimal
    price: Decimal


@frozen(slots=True)
class Slice:
    """A part of what is held. Number 0 is what the other targets leave over; its target may be None."""

    number: int
    quantity: Decimal
    target: Decimal | None


class Room:
    """How far slices may grow: together their orders never exit more than is held, whichever of them fill.

    A slice may always become smaller. It grows, or begins, by what the others leave, once the broker has confirmed it.
    """

    def __init__(self, held: Decimal, working: Mapping[int, Decimal]) -> None:
        """`working` maps a slice to what it may still exit at the most."""
        self._held = held
        self._working = dict(working)

    def take(self, number: int, wanted: Decimal) -> Decimal:
        """Return how many of those wanted this slice may have now, and count them as its own."""
        now = self._working.get(number, _ZERO)
        if wanted > now:
            others = sum(self._working.values(), _ZERO) - now
            now = self._working[number] = max(now, min(wanted, self._held - others))
            return now
        return wanted


def group_name(position_id: str, number: int, generation: int) -> str:
    """Return an OCA group: "oca-ID", of later slices "oca-ID.1", of later generations "oca-ID.1-2"."""
    return f"oca-{position_id}" + (f".{number}" if number else "") + (f"-{generation}" if generation > 1 else "")


def place_in(position_id: str, oca_group: str) -> tuple[int, int] | None:
    """Return (slice, generation) of an OCA group; None for one that is not this position's."""
    first = f"oca-{position_id}"
    match = _OWN.fullmatch(oca_group[len(first) :]) if oca_group.startswith(first) else None
    return None if match is None else (int(match[1] or 0), int(match[2] or 1))


def slice_of(position_id: str, order: OrderView) -> int:
    """Return the number of the slice that an exit belongs to; one of no group of ours belongs to what is left over."""
    found = place_in(position_id, order.oca_group)
    return 0 if found is None else found[0]


def exited(position_id: str, exits: Iterable[OrderView], before: Mapping[str, Decimal]) -> dict[int, Decimal]:
    """Return slice → what its orders have filled beyond `before` (order_ref → filled when the plan was taken)."""
    filled: dict[int, Decimal] = {}
    for order in exits:
        more = order.filled - before.get(order.order_ref, _ZERO)
        if more and (order.oca_group or order.role is not Role.EXIT):
            number = slice_of(position_id, order)
            filled[number] = filled.get(number, _ZERO) + more
    return filled


def divide(
    targets: tuple[TargetLevel, ...],
    last: Decimal | None,
    position_id: str,
    exits: Iterable[OrderView],
    before: Mapping[str, Decimal],
    held: Decimal,
    increment: Decimal,
) -> tuple[Slice, ...]:
    """Return the slices of `held` (positive); together they are exactly that.

    `targets` are the nearest first, `last` is the price for what they leave over. Where they leave nothing over, the
    furthest of them is slice 0. A slice takes its part of all that was entered, less what has left by its own orders;
    what a person sold beside them is missing in all. A slice whose target has filled stays done: what is added
    afterwards belongs to the others.
    """
    if sum((target.fraction for target in targets), _ZERO) == 1:
        targets, last = targets[:-1], targets[-1].price
    if not targets:
        return (Slice(0, held, last),)
    orders = tuple(exits)
    gone = exited(position_id, orders, before)
    entered = held + sum(gone.values(), _ZERO)
    quantities: dict[int, Decimal] = {}
    share, taken = Fraction(0), _ZERO
    for number, target in enumerate(targets, 1):
        share += Fraction(target.fraction)
        upto = _lots(Fraction(entered) * share, increment)
        quantities[number] = upto - taken
        taken = upto
    quantities[0] = entered - taken
    done = {slice_of(position_id, order) for order in orders if order.order_ref not in before and _is_through(order)}
    open_: dict[int, Decimal] = {}
    for number, quantity in quantities.items():
        left = max(quantity - gone.get(number, _ZERO), _ZERO)
        open_[number] = _ZERO if number in done and number else left
    _settle(open_, held)
    prices: dict[int, Decimal | None] = {number: target.price for number, target in enumerate(targets, 1)}
    prices[0] = last
    return tuple(Slice(number, quantity, prices[number]) for number, quantity in sorted(open_.items()))


def _is_through(order: OrderView) -> bool:
    whole = order.status is OrderStatus.FILLED or order.remaining <= 0
    return order.role is Role.TARGET and bool(order.filled) and whole


def _settle(open_: dict[int, Decimal], held: Decimal) -> None:
    """Make the slices together what is held: what is missing comes off the furthest first."""
    rest = held - sum(open_.values(), _ZERO)
    if rest > 0:
        open_[0] += rest
        return
    for number in (0, *sorted((number for number in open_ if number), reverse=True)):
        less = min(open_[number], -rest)
        open_[number] -= less
        rest += less


def _lots(amount: Fraction, increment: Decimal) -> Decimal:
    lots = amount / Fraction(increment)
    return Decimal(lots.numerator // lots.denominator) * increment
