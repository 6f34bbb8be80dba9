"""How a position is made larger: the profit that allows it, the price and size of doubling down. Pure."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from messages.order import Side

__all__ = ["double_down_terms", "profit_pct"]


def profit_pct(side: Side, average: Decimal, price: Decimal) -> Decimal:
    """Return the unrealised profit as a fraction of the average entry price; negative is a loss."""
    return (price - average) * side.sign / average


def double_down_terms(
    *,
    held: Decimal,
    average: Decimal,
    stop: Decimal,
    distance: Decimal,
    multiplier: Decimal,
    increment: Decimal,
) -> tuple[Decimal, Decimal]:
    """Return the quantity and the limit of an order `distance` (0.5 is half) of the way from the entry to the stop.

    The quantity is `multiplier` of what is held (positive), down to the instrument's increment; the limit is not
    rounded to the tick yet.
    """
    quantity = (held * multiplier / increment).to_integral_value(ROUND_FLOOR) * increment
    return quantity, average + (stop - average) * distance
