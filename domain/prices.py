"""Prices on the tick: rounding by the price bands of a market rule."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

__all__ = ["round_price", "tick_at"]

Bands = tuple[tuple[Decimal, Decimal], ...]


def tick_at(bands: Bands, price: Decimal) -> Decimal:
    """Return the increment in which a price there moves; `bands` are (low edge, increment), ascending.

    Raises:
        ValueError: there are no bands, or the price lies below the first.
    """
    tick = None
    for edge, increment in bands:
        if price < edge:
            break
        tick = increment
    if tick is None:
        raise ValueError(f"no price band holds {price}")
    return tick


def round_price(bands: Bands, price: Decimal, *, up: bool) -> Decimal:
    """Return the nearest valid price at or above (`up`) or at or below `price`; never less than one tick.

    Off-tick prices are refused by the broker with error 110. The tick is that of the band in which `price` lies;
    the edge of a band is a valid price in both.

    Raises:
        ValueError: `price` is not positive, or no band holds it.
    """
    if not price > 0:
        raise ValueError(f"a price must be positive, not {price}")
    tick = tick_at(bands, price)
    steps = (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return max(steps, Decimal(1)) * tick
