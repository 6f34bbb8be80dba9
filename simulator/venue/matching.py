"""Matching against the quote: who executes next, how much, at which price.

The venue's orders meet the market, not each other. A buy executes at the ask and a sell at the bid, never for more than
the size shown and not yet taken. Among the venue's own orders the better price goes first, then the older.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from attrs import frozen

from simulator.venue.market import Market, as_decimal
from simulator.venue.working import Working

__all__ = ["Match", "next_match", "next_midpoint_match"]

Capacity = Callable[[Working], Decimal]


@frozen(slots=True)
class Match:
    """An execution that is to be booked."""

    working: Working
    quantity: Decimal
    price: Decimal


def next_match(market: Market, capacity: Capacity) -> Match | None:
    """Return the next execution at the quote as it stands, or None. `capacity` bounds what an order may do now."""
    if not market.trading:
        return None
    quote = market.quote
    if market.buys and market.ask:
        left = quote.ask_size - market.ask_taken
        for working in market.buys if left > 0 else ():
            if working.limit_price < quote.ask:
                break
            if quantity := _quantity(working, left, capacity):
                return Match(working, quantity, as_decimal(quote.ask))
    if market.sells and market.bid:
        left = quote.bid_size - market.bid_taken
        for working in market.sells if left > 0 else ():
            if working.limit is not None and working.limit_price > quote.bid:
                break
            if quantity := _quantity(working, left, capacity):
                return Match(working, quantity, as_decimal(quote.bid))
    return None


def next_midpoint_match(market: Market, printed: Decimal, capacity: Capacity) -> Match | None:
    """Return the next execution of an order pegged to the midpoint after a trade of `printed` not yet shared out.

    A buy executes when the trade was at the midpoint or below, a sell when at or above; with a cap that is worse than
    the midpoint, at the cap.
    """
    if not (market.pegged and market.trading and market.bid and market.ask) or printed <= 0:
        return None
    bid, ask, last = (as_decimal(price) for price in (market.quote.bid, market.quote.ask, market.quote.last))
    middle = (bid + ask) / 2
    for working in market.pegged:
        cap = working.order.limit or middle
        price = min(middle, cap) if working.buys else max(middle, cap)
        inside = bid <= price <= ask and (last <= price if working.buys else last >= price)
        if inside and (quantity := _quantity(working, printed, capacity)):
            return Match(working, quantity, price)
    return None


def _quantity(working: Working, left: Decimal, capacity: Capacity) -> Decimal:
    order = working.order
    quantity = min(order.remaining, capacity(working), left)
    if order.tif == "FOK" and quantity < order.remaining:
        return Decimal(0)
    return max(quantity, Decimal(0))
