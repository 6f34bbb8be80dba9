"""How a program writes terms, and what the actors take: numbers as Decimal, sizes, exits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypedDict

import attrs

from messages.order import OrderType, Side
from messages.position import ExitPlan, ScaleTarget, Size, StopStep

__all__ = ["EntryTerms", "ExitTerms", "Number", "PositionTerms", "exit_plan", "number", "size_and_side"]

Number: TypeAlias = Decimal | int | float
"""A float is taken by its shortest decimal text: 280.5 is 280.5."""

_EXITS = tuple(field.name for field in attrs.fields(ExitPlan))
_NUMBERS = frozenset(
    field.name for field in attrs.fields(attrs.resolve_types(ExitPlan)) if field.type == Decimal | None
)
# ways to write one exit: naming one of them takes the place of what the configuration says about it
_LEGS = ("stop_loss", "take_profit", "trailing_stop")


class ExitTerms(TypedDict, total=False):
    """How a position is left. A percentage is a fraction (0.03 is 3 %) of the average entry price of what filled, a
    price is absolute, an amount is a distance, `…_atr` so many average true ranges. 0 means no such exit. The rest is
    as `messages.position.ExitPlan` says."""

    stop_loss_pct: Number
    stop_loss_price: Number
    stop_loss_amount: Number
    take_profit_pct: Number
    take_profit_price: Number
    take_profit_amount: Number
    trailing_stop_pct: Number
    trailing_stop_amount: Number
    stop_loss_atr: Number
    take_profit_atr: Number
    trailing_stop_atr: Number
    break_even: StopStep
    steps: Sequence[StopStep]
    targets: Sequence[ScaleTarget]
    exit_after_seconds: int
    exit_after_bars: int
    bar_seconds: int
    exit_at: str
    trail_here: bool


class EntryTerms(ExitTerms, total=False):
    """How a position is entered, with its exits. `limit_price` makes the entry a limit order, `add` adds to a position
    on the same side, `signal_id` acts once, across restarts."""

    order_type: OrderType
    limit_price: Number
    signal_id: str
    add: bool
    position_id: str


class PositionTerms(EntryTerms, total=False):
    """What a position is opened with: its size, its exits and how it is entered.

    `quantity` is a number of shares, negative for a short; or `allocation` an amount of money, or `risk_pct` a fraction
    of the equity, with `side`. Without any of them it is what the configuration says for the symbol.
    """

    quantity: Number
    allocation: Number
    risk_pct: Number
    side: Side | str


def number(name: str, value: object) -> Decimal:
    """Return it as Decimal. Raises TypeError for what is no number, ValueError for what is not finite."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | float):
        raise TypeError(f"{name} is a number, not {value!r}")
    try:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{name}: {value!r} is no number") from None
    if not exact.is_finite():
        raise ValueError(f"{name}: {value!r} is not finite")
    return exact


def exit_plan(terms: Mapping[str, Any], configured: ExitPlan) -> ExitPlan:
    """Return the exits: what is named wins over what is configured, leg by leg; 0 means no such exit.

    Raises ValueError for a negative number.
    """
    named: dict[str, Any] = {}
    for name, value in terms.items():
        if name not in _EXITS:
            continue
        if name not in _NUMBERS:
            named[name] = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        else:
            exact = number(name, value)
            if exact < 0:
                raise ValueError(f"{name}: {value!r} is negative")
            named[name] = exact or None
    changed: dict[str, Any] = {}
    for leg in _LEGS:
        if any(name.startswith(leg) for name in named):
            changed |= {name: None for name in _EXITS if name.startswith(leg)}
    return attrs.evolve(configured, **{**changed, **named})


def size_and_side(terms: Mapping[str, Any], configured: Size) -> tuple[Size, Side]:
    """Return how much and which way.

    Raises ValueError where the terms contradict each other, and TypeError for what is no number.
    """
    sizes = {
        field.name: number(field.name, terms[field.name])
        for field in attrs.fields(Size)
        if terms.get(field.name) is not None
    }
    side = None if terms.get("side") is None else Side(terms["side"])
    if len(sizes) > 1:
        raise ValueError(f"a size is one of {' and '.join(sizes)}, not all of them")
    if not sizes:
        return configured, side or Side.BUY
    [(name, value)] = sizes.items()
    if not value or (value < 0 and name != "quantity"):
        raise ValueError(f"{name}: {value} is no size")
    if value < 0 and side is not None:
        raise ValueError(f"quantity {value} already says SELL: leave the side out, or make it positive")
    return Size(**{name: abs(value)}), Side.SELL if value < 0 else side or Side.BUY
