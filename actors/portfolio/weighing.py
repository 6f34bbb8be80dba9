"""A group of orders against everything that the portfolio has to say about new risk."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

from domain.limits import Holding, LimitCheck, Limits, PendingOrder, weigh_order
from messages.order import OrderDenied, SubmitOrders
from messages.verdict import GateVerdict

__all__ = ["Weighed", "weigh_group"]


@frozen(slots=True)
class Weighed:
    """What came of it: why orders are denied, what those that pass reserve, and the verdict of every gate."""

    denials: tuple[OrderDenied, ...]
    taken: Mapping[str, PendingOrder]
    verdicts: tuple[GateVerdict, ...]


def weigh_group(
    group: SubmitOrders,
    state: tuple[LimitCheck, ...],
    limits: Limits,
    holdings: Mapping[str, Holding],
    reserved: Mapping[str, PendingOrder],
    sectors: Mapping[str, str],
) -> Weighed:
    """Judge the orders of a group that add risk. `state` are the checks that concern no order in particular."""
    denials: list[OrderDenied] = []
    taken: dict[str, PendingOrder] = {}
    verdicts = [check.verdict for check in state]
    for order in group.orders:
        if not order.role.adds_risk:
            continue
        price = group.reference_price or order.limit_price or order.stop_price or Decimal(0)
        pending = PendingOrder(order.symbol, order.side, order.quantity, price)
        waiting = (*reserved.values(), *taken.values())
        checks = weigh_order(pending, limits, holdings, waiting, sectors, limit_price=order.limit_price)
        verdicts += [check.verdict for check in checks]
        against = next((check for check in (*state, *checks) if check.reason), None)
        if against is None:
            taken[order.order_ref] = pending
        else:
            denials.append(OrderDenied(order.order_ref, against.reason, against.figures))
    return Weighed(tuple(denials), taken, tuple(verdicts))
