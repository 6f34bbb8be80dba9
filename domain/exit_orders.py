"""From a plan of exits to the orders that should rest at the broker, and from what rests there to what is to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from attrs import evolve, frozen

from domain.exit_levels import ExitLevels, tighter
from domain.scale_out import Slice, group_name, place_in
from messages.order import OrderStatus, OrderType, OrderView, Role, Side

__all__ = [
    "CancelExit",
    "ExitAction",
    "ExitLeg",
    "ModifyExit",
    "SubmitExit",
    "armed",
    "exit_legs",
    "leg_armed",
    "next_oca_group",
    "reconcile_exits",
    "slice_legs",
]

_NOTHING: Mapping[str, Decimal] = {}
_SPENT = "OCA group is already filled"  # TWS's words, with 201
_SETTLED = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


@frozen(slots=True, kw_only=True)
class ExitLeg:
    """One exit order as it should rest at the broker; `quantity` is what it may still fill."""

    role: Role
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None


@frozen(slots=True)
class SubmitExit:
    """Send this leg as a new order."""

    leg: ExitLeg


@frozen(slots=True)
class ModifyExit:
    """Give a working order these terms; `quantity` is its total, what has filled included."""

    order_ref: str
    quantity: Decimal
    leg: ExitLeg


@frozen(slots=True)
class CancelExit:
    """Cancel a working order."""

    order_ref: str
    reason: str


ExitAction = SubmitExit | ModifyExit | CancelExit


def slice_legs(levels: ExitLevels, side: Side, piece: Slice) -> tuple[ExitLeg, ...]:
    """Return the orders that should protect a slice; none for an empty one."""
    return exit_legs(evolve(levels, target=piece.target), side, piece.quantity) if piece.quantity else ()


def exit_legs(levels: ExitLevels, side: Side, quantity: Decimal) -> tuple[ExitLeg, ...]:
    """Return the orders that should protect `quantity` (positive) of a position of this side: stop first.

    The stop is one order: STP, or TRAIL that starts at the stop, which the broker then moves by itself.
    """
    legs = []
    if levels.stop is not None:
        there = levels.trails_there
        legs.append(
            ExitLeg(
                role=Role.STOP,
                side=side.opposite,
                quantity=quantity,
                order_type=OrderType.TRAILING_STOP if there else OrderType.STOP,
                stop_price=levels.stop,
                trailing_pct=levels.trailing_pct if there else None,
                trailing_amount=levels.trailing_amount if there else None,
            )
        )
    if levels.target is not None:
        legs.append(
            ExitLeg(
                role=Role.TARGET,
                side=side.opposite,
                quantity=quantity,
                order_type=OrderType.LIMIT,
                limit_price=levels.target,
            )
        )
    return tuple(legs)


def _same_terms(leg: ExitLeg, order: OrderView) -> bool:
    if order.remaining != leg.quantity or order.limit_price != leg.limit_price:
        return False
    if leg.order_type is not OrderType.TRAILING_STOP:
        return order.stop_price == leg.stop_price
    # The broker moves a trailing stop on its own and only ever tightens it: only a looser one needs a change.
    return (
        order.trailing_pct == leg.trailing_pct
        and order.trailing_amount == leg.trailing_amount
        and tighter(leg.side.opposite, order.stop_price, leg.stop_price) == order.stop_price
    )


def _long_enough(leg: ExitLeg, order: OrderView, bound: Mapping[str, Decimal]) -> bool:
    return bound.get(order.order_ref, leg.quantity) >= leg.quantity


def leg_armed(leg: ExitLeg, orders: Iterable[OrderView], bound: Mapping[str, Decimal] = _NOTHING) -> bool:
    """Whether the broker has confirmed this leg, with these terms and for the whole quantity.

    `bound` maps an order to how much it may exit at the most, whatever its quantity is.
    """
    return any(
        order.role is leg.role
        and _long_enough(leg, order, bound)
        and order.status in _SETTLED
        and order.confirmed
        and order.order_type == leg.order_type
        and _same_terms(leg, order)
        for order in orders
    )


def armed(legs: Iterable[ExitLeg], orders: Iterable[OrderView], bound: Mapping[str, Decimal] = _NOTHING) -> bool:
    """Whether the broker has confirmed each leg. `orders` are the position's exits, `bound` as in `leg_armed`.

    Beside a stop that has begun to fill no target is wanted: see `reconcile_exits`.
    """
    known = tuple(orders)
    alone = _stop_is_filling(order for order in known if not order.status.done)
    return all(leg_armed(leg, known, bound) for leg in legs if not (alone and leg.role is Role.TARGET))


def next_oca_group(position_id: str, exits: Iterable[OrderView], number: int = 0, first: int = 1) -> str:
    """Return the OCA group for a new exit of this slice of the position; `first` is the earliest generation to use.

    A fill spends a group: the broker has cancelled or is cancelling the rest of it, and refuses what joins it later,
    also after a bust of that fill. So the next exit then opens a new one, "oca-ID-2" after "oca-ID".
    """
    generation = first
    spent = False
    for order in exits:
        place = place_in(position_id, order.oca_group)
        if place is None or place[0] != number or place[1] < first:
            continue
        if place[1] > generation:
            generation, spent = place[1], False
        if place[1] == generation and (order.filled or order.status is OrderStatus.FILLED or _SPENT in order.text):
            spent = True
    return group_name(position_id, number, generation + spent)


def reconcile_exits(
    legs: Iterable[ExitLeg],
    exits: Iterable[OrderView],
    trailed_to: Decimal | None = None,
    bound: Mapping[str, Decimal] = _NOTHING,
) -> tuple[ExitAction, ...]:
    """Return what brings the working exits to `legs`; nothing where they agree or an answer is awaited.

    An order is changed in place, never cancelled and sent anew, so that there is no gap; while the broker has not
    confirmed its last change it is left alone, and the next difference waits. A stop that cannot be changed in place
    (it is to trail, or not to trail any more), or an exit that is bound to less than is wanted (`bound`, as in
    `leg_armed`), is replaced: the new one first, the old one cancelled once the new is confirmed. A target that filled
    in part, and so spent the OCA group that tied it to its stop, is cancelled once the next stop is confirmed, and then
    sent anew beside that one. `trailed_to` is where the trailing stop stands by our own reckoning: a change never
    loosens it.
    """
    live = [order for order in exits if not order.status.done]
    wanted = {leg.role: leg for leg in legs}
    actions: list[ExitAction] = []
    for role in (Role.STOP, Role.TARGET):
        mine = [order for order in live if order.role is role]
        leg = wanted.get(role)
        if leg is None:
            actions += [CancelExit(order.order_ref, "not wanted any more") for order in mine if _cancellable(order)]
            continue
        keepers = [
            order
            for order in mine
            if order.order_type == leg.order_type and order.side is leg.side and _long_enough(leg, order, bound)
        ]
        keepers.sort(key=lambda order: (order.status is OrderStatus.PENDING_CANCEL, not order.confirmed))
        if not keepers:
            if role is Role.TARGET and _stop_is_filling(live):
                # the stop goes to market: a target beside it could only sell the same shares twice
                continue
            actions.append(SubmitExit(_never_looser(leg, trailed_to)))
            continue
        keeper = keepers[0]
        if _stranded(keeper, live):
            actions += [CancelExit(keeper.order_ref, "its OCA group is spent")] if _cancellable(keeper) else []
            continue
        if keeper.confirmed and keeper.status in _SETTLED:
            surplus = [order for order in mine if order is not keeper and _cancellable(order)]
            actions += [CancelExit(order.order_ref, "replaced") for order in surplus]
            if not _same_terms(leg, keeper):
                total = keeper.filled + leg.quantity
                actions.append(ModifyExit(keeper.order_ref, total, _never_looser(leg, trailed_to)))
    return tuple(actions)


def _cancellable(order: OrderView) -> bool:
    return order.status is not OrderStatus.PENDING_CANCEL


def _stop_is_filling(live: Iterable[OrderView]) -> bool:
    return any(order.role is Role.STOP and order.filled for order in live)


def _stranded(order: OrderView, live: Iterable[OrderView]) -> bool:
    """Whether a target's fill took its stop away, and the stop's successor is confirmed in another group."""
    return bool(order.role is Role.TARGET and order.filled) and any(
        other.role is Role.STOP and other.oca_group != order.oca_group and other.confirmed for other in live
    )


def _never_looser(leg: ExitLeg, trailed_to: Decimal | None) -> ExitLeg:
    if leg.order_type is not OrderType.TRAILING_STOP or trailed_to is None:
        return leg
    return ExitLeg(
        role=leg.role,
        side=leg.side,
        quantity=leg.quantity,
        order_type=leg.order_type,
        stop_price=tighter(leg.side.opposite, leg.stop_price, trailed_to),
        trailing_pct=leg.trailing_pct,
        trailing_amount=leg.trailing_amount,
    )
