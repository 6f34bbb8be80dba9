"""Exits as people write them, on the command line and in a configuration, and in words."""

from __future__ import annotations

import re
from decimal import Decimal

from attrs import evolve

from domain.time_exits import time_of_day
from messages.position import Distance, ExitPlan, ScaleTarget, StopStep, Unit

__all__ = [
    "NONE",
    "exits_in_words",
    "read_after",
    "read_distance",
    "read_step",
    "read_steps",
    "read_targets",
]

NONE = ("none", "0", "0%")
"""Texts that say that there is no such exit."""
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,8})?"


def read_distance(text: str) -> Distance:
    """Return "2%" of the average entry price, "1.50" money per share, "1r" times the risk, or "6atr" times the ATR.

    Raises ValueError.
    """
    match = re.fullmatch(rf"([+-]?{_NUMBER})\s*(%|r|atr)?", text.strip().lower())
    if match is None:
        raise ValueError(f'"{text}" is not a distance such as 2%, 1.50, 1r or 2atr')
    value = Decimal(match[1])
    match match[2]:
        case "%":
            return Distance(value.scaleb(-2), Unit.PCT)
        case "r":
            return Distance(value, Unit.R)
        case "atr":
            return Distance(value, Unit.ATR)
        case _:
            return Distance(value, Unit.AMOUNT)


def read_step(text: str) -> StopStep:
    """Return "PROFIT:STOP": "5%:2%"; "2%" alone takes the stop to the entry price. Raises ValueError."""
    profit, _, stop = text.partition(":")
    step = StopStep(read_distance(profit), read_distance(stop or "0"))
    if step.profit.value <= 0:
        raise ValueError(f'"{text}" waits for no profit')
    return step


def read_steps(text: str) -> tuple[StopStep, ...]:
    """Return several steps, separated by commas. Raises ValueError."""
    return tuple(read_step(each) for each in text.split(","))


def read_targets(text: str) -> tuple[ScaleTarget, ...]:
    """Return "25%@2%, 25%@105.00": parts of the position and a distance or a price each. Raises ValueError."""
    targets = []
    for each in text.split(","):
        part, _, place = each.partition("@")
        fraction = read_distance(part)
        if fraction.unit is not Unit.PCT or not 0 < fraction.value <= 1 or not place.strip():
            raise ValueError(f'"{each.strip()}" is not a part and a price, such as 25%@2% or 25%@105.00')
        where = read_distance(place)
        if where.value <= 0:
            raise ValueError(f'"{each.strip()}" names no price')
        if where.unit is Unit.AMOUNT:
            targets.append(ScaleTarget(fraction=fraction.value, price=where.value))
        else:
            targets.append(ScaleTarget(fraction=fraction.value, distance=where))
    if sum(target.fraction for target in targets) > 1:
        raise ValueError(f'"{text}" leaves more than the whole position')
    return tuple(targets)


def read_after(text: str) -> tuple[int | None, int | None, int]:
    """Return (None, None, seconds) for "90m" or "3h", (bars, seconds of a bar, 0) for "12x5m". Raises ValueError."""
    match = re.fullmatch(r"(?:([0-9]{1,4})\s*x\s*)?([0-9]{1,6})\s*([smhd])", text.strip().lower())
    seconds = int(match[2]) * _SECONDS[match[3]] if match is not None else 0
    if match is None or not seconds or match[1] == "0":
        raise ValueError(f'"{text}" is not a time such as 90m or 3h, or bars such as 12x5m')
    return (None, None, seconds) if match[1] is None else (int(match[1]), seconds, 0)


def with_words(
    plan: ExitPlan,
    *,
    break_even: str | None = None,
    stop_steps: str | None = None,
    scale_out: str | None = None,
    exit_after: str | None = None,
    exit_at: str | None = None,
    trail_here: bool | None = None,
) -> ExitPlan:
    """Return the plan with what was written in place of its own; None leaves it, "none" takes it out.

    Raises ValueError.
    """
    if break_even is not None:
        plan = evolve(plan, break_even=None if _none(break_even) else read_step(break_even))
    if stop_steps is not None:
        plan = evolve(plan, steps=() if _none(stop_steps) else read_steps(stop_steps))
    if scale_out is not None:
        plan = evolve(plan, targets=() if _none(scale_out) else read_targets(scale_out))
    if exit_after is not None:
        bars, bar_seconds, seconds = (None, None, 0) if _none(exit_after) else read_after(exit_after)
        plan = evolve(plan, exit_after_seconds=seconds or None, exit_after_bars=bars, bar_seconds=bar_seconds)
    if exit_at is not None:
        plan = evolve(plan, exit_at=None if _none(exit_at) else f"{time_of_day(exit_at):%H:%M}")
    return plan if trail_here is None else evolve(plan, trail_here=trail_here)


def _none(text: str) -> bool:
    return text.strip().lower() in (*NONE, "")


def exits_in_words(plan: ExitPlan) -> str:
    """Say a plan in words."""
    exits = []
    for name, key in (("stop", "stop_loss"), ("target", "take_profit"), ("trailing stop", "trailing_stop")):
        level = _level(plan, key)
        if level:
            exits.append(f"{name} {level}")
    if (
        plan.trailing_stop_pct is not None
        or plan.trailing_stop_amount is not None
        or plan.trailing_stop_atr is not None
    ):
        exits += ["moved by Pitboss"] if plan.trail_here else []
    if plan.break_even is not None:
        exits.append(f"break-even {_step(plan.break_even)}")
    exits += [f"step {_step(step)}" for step in plan.steps]
    for target in plan.targets:
        where = _plain(target.price) if target.price is not None else _distance(target.distance)
        exits.append(f"{_plain(target.fraction * 100)} % at {where}")
    if plan.exit_after_seconds is not None:
        exits.append(f"out after {_span(plan.exit_after_seconds)}")
    if plan.exit_after_bars is not None:
        exits.append(f"out after {plan.exit_after_bars} bars of {_span(plan.bar_seconds or 0)}")
    if plan.exit_at is not None:
        exits.append(f"out at {time_of_day(plan.exit_at):%H:%M}")
    return ", ".join(exits) or "without exits"


def _level(plan: ExitPlan, key: str) -> str:
    price = getattr(plan, f"{key}_price", None)
    amount, pct, atr = (getattr(plan, f"{key}_{unit}") for unit in ("amount", "pct", "atr"))
    if price is not None:
        return _plain(price)
    if amount is not None:
        return f"at a distance of {_plain(amount)}"
    if atr is not None:
        return f"{_plain(atr)} × ATR away"
    return "" if pct is None else f"{_plain(pct * 100)} %"


def _step(step: StopStep) -> str:
    stop = "the entry" if not step.stop.value else f"the entry {'+' if step.stop.value > 0 else '−'} "
    offset = "" if not step.stop.value else _distance(Distance(abs(step.stop.value), step.stop.unit))
    return f"to {stop}{offset} after {_distance(step.profit)}"


def _distance(distance: Distance | None) -> str:
    if distance is None:
        return ""
    match distance.unit:
        case Unit.PCT:
            return f"{_plain(distance.value * 100)} %"
        case Unit.R:
            return f"{_plain(distance.value)} R"
        case Unit.ATR:
            return f"{_plain(distance.value)} × ATR"
        case Unit.AMOUNT:
            return _plain(distance.value)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _span(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
