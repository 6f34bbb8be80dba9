"""Conditions on the event that arrived, on positions, on the time and on the market.

Combine them with `&`, `|` and `~`; `Facts` is what a condition of your own may ask.
"""

from __future__ import annotations

from domain.rules import (
    Condition,
    ConditionError,
    EventCondition,
    Facts,
    MarketCondition,
    PositionCondition,
    TimeCondition,
)

__all__ = [
    "Condition",
    "ConditionError",
    "EventCondition",
    "Facts",
    "MarketCondition",
    "PositionCondition",
    "TimeCondition",
]
