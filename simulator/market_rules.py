"""Market rules: which prices an exchange accepts.

A rule is a list of bands `(low edge, increment)` in rising order of the edge, as `reqMarketRule` answers it.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

__all__ = ["MARKET_RULES", "increment_at", "on_tick"]

Bands = tuple[tuple[Decimal, Decimal], ...]


def _bands(text: str) -> Bands:
    pairs = (part.split(":") for part in text.split())
    return tuple((Decimal(low), Decimal(step)) for low, step in pairs)


MARKET_RULES: dict[int, Bands] = {
    26: _bands("0:0.01"),
    # Below one dollar US exchanges quote in hundredths of a cent (Reg NMS rule 612).
    32: _bands("0:0.0001 1:0.01"),
    110: _bands("0:0.01 3:0.05"),  # options outside the penny pilot
    67: _bands("0:0.25"),  # E-mini S&P 500 and Nasdaq 100
    68: _bands("0:0.01"),  # crude oil
    69: _bands("0:0.1"),  # gold
    239: _bands("0:0.00005"),  # currency pairs
    # The spread table of the Hong Kong exchange, its rule book's second schedule.
    1345: _bands("0:0.001 0.25:0.005 0.5:0.01 10:0.02 20:0.05 100:0.1 200:0.2 500:0.5 1000:1 2000:2 5000:5"),
}
"""market rule id → bands"""


def increment_at(bands: Bands, price: Decimal) -> Decimal:
    """Return the increment that holds at `price`; a negative price (a combination) is taken by its size."""
    edges = [low for low, _ in bands]
    return bands[max(bisect_right(edges, abs(price)) - 1, 0)][1]


def on_tick(bands: Bands, price: Decimal) -> bool:
    """Whether `price` is a whole number of the increments that hold there."""
    return price % increment_at(bands, price) == 0
