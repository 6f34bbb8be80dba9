"""Telling a split from shares that came or went: the quantity is another, what it is worth is not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

__all__ = ["split_ratio"]

_TOLERANCE = Decimal(
    "0.02"
)  # of the value: the broker's average cost contains commission, and cash in lieu of a fraction
_LARGEST = 100  # on either side of a ratio; 3 for 2 and 1 for 50 are common, 71 for 70 is none


def split_ratio(own: Decimal, price: Decimal | None, held: Decimal, cost: Decimal) -> Fraction | None:
    """Return new shares for each old one where a split explains why the broker holds another quantity, else None.

    `own` at `price` is what executions say; `held` at `cost`, per share, what the broker says.
    """
    if price is None or own * held <= 0 or own == held or cost <= 0:
        return None
    value = abs(own * price)
    if abs(abs(held * cost) - value) > value * _TOLERANCE:
        return None
    ratio = Fraction(held) / Fraction(own)
    plain = ratio.limit_denominator(_LARGEST) if ratio > 1 else 1 / (1 / ratio).limit_denominator(_LARGEST)
    small = max(plain.numerator, plain.denominator) <= _LARGEST and min(plain.numerator, plain.denominator) <= 10
    return plain if small else None
