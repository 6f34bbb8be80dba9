"""Taking a modification into an order: what may change, what that does to its place and its trigger."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from simulator.model import ZERO, Order
from simulator.venue.schedule import Schedule
from simulator.venue.working import Working

__all__ = ["apply_change", "limit_offset", "set_times"]

_CHANGEABLE = (
    "quantity",
    "order_type",
    "limit",
    "stop",
    "tif",
    "order_ref",
    "oca_group",
    "oca_type",
    "transmit",
    "outside_rth",
    "trail_stop",
    "trailing_percent",
    "good_till",
    "good_after",
    "extra",
)
_UNSET = Decimal("1e300")  # clients write the largest double where there is none
_PRICES = ("order_type", "limit", "stop", "trail_stop", "trailing_percent")


def apply_change(working: Working, change: Order, times: Schedule, ranks: count[int]) -> None:
    """Give a live order its new terms. Contract, side, account, identity and parent stay.

    A higher quantity or another price costs the place in the queue. A trailing stop that is not sent again begins
    anew from the market (ib-facts §7).
    """
    order = working.order
    moved = change.quantity > order.quantity or any(getattr(order, name) != getattr(change, name) for name in _PRICES)
    other_type = order.order_type != change.order_type
    for name in _CHANGEABLE:
        setattr(order, name, getattr(change, name))
    if moved:
        working.rank = next(ranks)
    if other_type:
        working.triggered = False
    if not working.triggered:
        working.level, working.level_price, working.best, working.hits = None, float("nan"), float("nan"), 0
        working.limit_offset = limit_offset(order)
    set_times(working, times)


def set_times(working: Working, times: Schedule) -> None:
    """Give an order its times."""
    working.starts, working.pauses, working.expires = times.starts, times.pauses, times.expires


def limit_offset(order: Order) -> Decimal:
    """Return how far the limit of a trailing limit order lies behind its stop; 0 where none is given."""
    if order.order_type != "TRAIL LIMIT":
        return ZERO
    given = Decimal(order.extra.get("lmtPriceOffset") or 0)
    if 0 < abs(given) < _UNSET:
        return abs(given)
    return abs(order.trail_stop - order.limit) if order.trail_stop and order.limit else ZERO
