"""Exits as a person writes them: `3%` is a percentage of the average entry, `95.00` a price, `6atr` a multiple of the
ATR, `none` is no such exit. Steps, targets and times: `domain.exit_words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from domain.exit_words import NONE, with_words
from messages.order import OrderType, Side
from messages.position import ExitPlan, PlaceOrder

__all__ = ["EXITS", "amount", "entries", "exit_plan", "fill"]

EXITS = ("stop", "target", "trail", "break_even", "steps", "scale_out", "exit_after", "exit_at", "trail_here")
"""The names under which a command has exits."""
_LEVELS = {"stop": "stop_loss", "target": "take_profit", "trail": "trailing_stop"}


def amount(text: str, what: str) -> Decimal:
    """Return a number above 0. Raises ValueError that says what was expected."""
    number = Decimal(text) if re.fullmatch(r"\d{1,12}(\.\d{1,8})?", text) else Decimal(0)
    if number == 0:
        raise ValueError(f'"{text}" is not {what} above 0')
    return number


def fill(written: str) -> tuple[Decimal, Decimal]:
    """Return "100@97.02" as quantity and price; "none" is nothing. Raises ValueError."""
    if written.strip().lower() == "none":
        return Decimal(0), Decimal(0)
    quantity, _, price = written.partition("@")
    shares = amount(quantity.strip(), "a number of shares, as in 100@97.02,")
    return shares, amount(price.strip(), "a price, as in 100@97.02,")


def entries(side: Side, quantity: Decimal, written: str) -> tuple[PlaceOrder, ...]:
    """Return "limit@95.00,stop@105.00" as orders of which one is to fill. Raises ValueError."""
    orders = []
    for leg in written.split(","):
        kind, _, price = leg.strip().lower().partition("@")
        if kind not in ("limit", "stop"):
            raise ValueError(f'"{leg.strip()}" is not an entry such as limit@95.00 or stop@105.00')
        at = amount(price, "a price")
        if kind == "limit":
            orders.append(PlaceOrder(side=side, quantity=quantity, order_type=OrderType.LIMIT, limit_price=at))
        else:
            orders.append(PlaceOrder(side=side, quantity=quantity, order_type=OrderType.STOP, stop_price=at))
    if len(orders) < 2:
        raise ValueError("name two entries or more, such as limit@95.00 stop@105.00")
    return tuple(orders)


def exit_plan(plan: ExitPlan, written: Mapping[str, str | None]) -> ExitPlan:
    """Return the plan with what was written in place of its own; what is missing or None stays. Raises ValueError."""
    for name, key in _LEVELS.items():
        text = written.get(name)
        if text is not None:
            plan = attrs.evolve(plan, **_level(text.strip(), key))
    here = written.get("trail_here")
    if here not in (None, "yes", "no"):
        raise ValueError(f'"{here}" is not yes or no')
    return with_words(
        plan,
        break_even=written.get("break_even"),
        stop_steps=written.get("steps"),
        scale_out=written.get("scale_out"),
        exit_after=written.get("exit_after"),
        exit_at=written.get("exit_at"),
        trail_here=None if here is None else here == "yes",
    )


def _level(text: str, key: str) -> dict[str, Any]:
    ways = ("pct", "amount", "atr") if key == "trailing_stop" else ("pct", "price", "amount", "atr")
    level: dict[str, Any] = {f"{key}_{way}": None for way in ways}
    if text.lower() in NONE:
        return level
    if text.lower().endswith("atr"):
        return level | {f"{key}_atr": amount(text[:-3].strip(), "a multiple of the ATR")}
    if not text.endswith("%"):
        expected = "a percentage such as 3%, a multiple of the ATR such as 6atr, or a price such as 95.00"
        return level | {f"{key}_{'amount' if key == 'trailing_stop' else 'price'}": amount(text, expected)}
    fraction = amount(text[:-1], "a percentage").scaleb(-2)
    if fraction >= 1 and key != "take_profit":
        raise ValueError(f'"{text}" is not a percentage below 100%')
    return level | {f"{key}_pct": fraction}
