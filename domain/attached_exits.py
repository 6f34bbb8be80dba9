"""Exits that are attached to an entry: how much of a position they can exit while it has not filled in whole."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from messages.order import OrderView

__all__ = ["reach"]


def reach(orders: Mapping[str, OrderView]) -> dict[str, Decimal]:
    """Return order_ref → how much a live exit may execute at the most, for those that are bound by their entry.

    A child sleeps at TWS until its parent fills (tws-wire §6) and begins with its first fill (INC-28). Whether it may
    execute more than that has filled, when its quantity says so, IB tells nowhere: it is not relied on. The child of an
    entry that has filled in whole is an order like any other; one that has begun to fill itself is on its way out.
    """
    bound: dict[str, Decimal] = {}
    for order_ref, order in orders.items():
        parent = orders.get(order.parent_ref or "")
        if parent is not None and parent.remaining > 0 and not (order.status.done or order.filled):
            bound[order_ref] = parent.filled
    return bound
