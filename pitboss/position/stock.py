"""A position in a stock."""

from __future__ import annotations

from pitboss.position.base import Position

__all__ = ["StockPosition"]


class StockPosition(Position):
    """A position in shares: what the position tracker makes."""
