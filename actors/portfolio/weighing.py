"""A group of orders against everything that the portfolio has to say about new risk."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import evolve, frozen

from domain.exposure import Holding, PendingOrder
from domain.guards import GuardLimits, OrderFlow, weigh_size
from domain.limits import LimitCheck, Limits, largest_within, weigh_order
from messages.order import OrderDenied, OrderRequest, SubmitOrders
from messages.verdict import GateVerdict

__all__ = ["Circumstances", "Weighed", "weigh_group"]

_ZERO = Decimal(0)
# what a smaller order would not help against
_FIXED = frozenset({"quantity", "price", "collar", "worth", "order rate", "duplicate", "smallest notional"})


@frozen(slots=True, kw_only=True)
class Circumstances:
    """What the limits look at. `state` are the checks that concern no order in particular."""

    state: tuple[LimitCheck, ...]
    limits: Limits
    guards: GuardLimits
    flow: OrderFlow
    holdings: Mapping[str, Holding]  # valued in the account's currency, like the next
    reserved: tuple[PendingOrder, ...]
    sectors: Mapping[str, str]
    worth: Decimal | None  # of one point of the symbol; None is not known, and `unknown` says why
    unknown: str
    lot: Decimal
    resize: bool
    now: float


@frozen(slots=True)
class Weighed:
    """What came of it: why orders are denied, the group that may go (smaller, where it was cut), and all verdicts."""

    denials: tuple[OrderDenied, ...]
    group: SubmitOrders
    verdicts: tuple[GateVerdict, ...]


def weigh_group(group: SubmitOrders, now: Circumstances) -> Weighed:
    """Judge the orders of a group that add risk. A cut applies to the whole of it: exits are as large as the entry."""
    denials: list[OrderDenied] = []
    verdicts = [check.verdict for check in now.state]
    taken: list[PendingOrder] = []
    risky = [order for order in group.orders if order.role.adds_risk]
    for order in risky:
        pending = _pending(order, group, now)
        checks = _checks(order, pending, group, now, (*now.reserved, *taken))
        against = next((check for check in (*now.state, *checks) if check.reason), None)
        if against is not None and now.resize and len(risky) == 1 and _may_shrink((*now.state, *checks)):
            smaller = _cut(order, pending, group, now)
            if smaller is not None:
                figures = f"{order.quantity:f} → {smaller.orders[0].quantity:f}: {against.reason}, {against.figures}"
                again = weigh_group(smaller, evolve(now, resize=False))
                cut = GateVerdict("portfolio", "resize", not again.denials, figures)
                return Weighed(again.denials, smaller, (*again.verdicts, cut))
        verdicts += [check.verdict for check in checks]
        if against is None:
            taken.append(pending)
        else:
            denials.append(OrderDenied(order.order_ref, against.reason, against.figures))
    return Weighed(tuple(denials), group, tuple(verdicts))


def _pending(order: OrderRequest, group: SubmitOrders, now: Circumstances) -> PendingOrder:
    price = group.reference_price or order.limit_price or order.stop_price or _ZERO
    return PendingOrder(order.symbol, order.side, order.quantity, price * (now.worth or _ZERO))


def _checks(
    order: OrderRequest,
    pending: PendingOrder,
    group: SubmitOrders,
    now: Circumstances,
    waiting: tuple[PendingOrder, ...],
) -> tuple[LimitCheck, ...]:
    flow = now.flow.weigh(order, len(group.orders), now.now)
    if now.worth is None:
        return (LimitCheck("worth", "what it is worth is not known", now.unknown), *flow)
    quote = group.reference_price or order.limit_price or order.stop_price
    checks = weigh_order(
        pending, now.limits, now.holdings, waiting, now.sectors, limit_price=order.limit_price, quote=quote
    )
    return (*checks, *weigh_size(order.quantity, pending.price, now.guards), *flow)


def _may_shrink(checks: tuple[LimitCheck, ...]) -> bool:
    against = [check.name for check in checks if check.reason]
    return not _FIXED.intersection(against) and not {"journal", "halted", "holdings", "currency"}.intersection(against)


def _cut(order: OrderRequest, pending: PendingOrder, group: SubmitOrders, now: Circumstances) -> SubmitOrders | None:
    """Return the group with the largest quantity that the limits allow, None where that is nothing."""
    top = pending.quantity if now.guards.max_shares is None else min(pending.quantity, now.guards.max_shares)
    asked = evolve(pending, quantity=top)
    quantity = largest_within(asked, now.lot, now.limits, now.holdings, now.reserved, now.sectors)
    if quantity <= 0:
        return None
    return evolve(
        group,
        orders=tuple(
            evolve(one, quantity=quantity if one.quantity == order.quantity else min(one.quantity, quantity))
            for one in group.orders
        ),
    )
