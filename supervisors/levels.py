"""Exits as a person writes them: `3%` is a percentage of the average entry, `95.00` a price, `none` is no such exit."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import attrs

from messages.position import ExitPlan

__all__ = ["amount", "exit_plan"]


def amount(text: str, what: str) -> Decimal:
    """Return a number above 0. Raises ValueError that says what was expected."""
    number = Decimal(text) if re.fullmatch(r"\d{1,12}(\.\d{1,8})?", text) else Decimal(0)
    if number == 0:
        raise ValueError(f'"{text}" is not {what} above 0')
    return number


def exit_plan(plan: ExitPlan, stop: str | None, target: str | None, trail: str | None) -> ExitPlan:
    """Return the plan with what was written in place of its own; None leaves it. Raises ValueError."""
    for text, percentage, price in (
        (stop, "stop_loss_pct", "stop_loss_price"),
        (target, "take_profit_pct", "take_profit_price"),
        (trail, "trailing_stop_pct", "trailing_stop_amount"),
    ):
        if text is not None:
            plan = attrs.evolve(plan, **_level(text.strip(), percentage, price))
    return plan


def _level(text: str, percentage: str, price: str) -> dict[str, Any]:
    if text.lower() in ("none", "0", "0%"):
        return {percentage: None, price: None}
    if not text.endswith("%"):
        return {percentage: None, price: amount(text, "a percentage such as 3% or a price such as 95.00")}
    fraction = amount(text[:-1], "a percentage").scaleb(-2)
    if fraction >= 1 and percentage != "take_profit_pct":
        raise ValueError(f'"{text}" is not a percentage below 100%')
    return {percentage: fraction, price: None}
