"""Numbers off the wire: doubles at TWS, Decimal with us."""

from __future__ import annotations

import math
from decimal import Decimal

__all__ = ["known", "positive"]

# TWS's words for "no value": the largest double, and the largest 32-bit integer
_UNSET_DOUBLE = 1.7976931348623157e308
_UNSET_INTEGER = 2147483647


def known(value: float) -> Decimal | None:
    """Return a number of TWS's exactly as it was written; None for its words for "no value"."""
    if not math.isfinite(value) or abs(value) >= _UNSET_DOUBLE or value == _UNSET_INTEGER:
        return None
    return Decimal(int(value)) if value == int(value) else Decimal(repr(value))


def positive(value: float) -> Decimal | None:
    """Return a price of TWS's; None where it is unset or, as TWS writes an unused price too, not above zero."""
    price = known(value)
    return price if price is not None and price > 0 else None
