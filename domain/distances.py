"""Exits as distances from the average entry price, and what the distances come to."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from attrs import evolve, frozen

from domain.exits import ExitReason
from messages.order import Side
from messages.position import Distance, ExitPlan, StopStep, Unit

__all__ = ["PlannedStep", "check_targets", "contradiction", "needs_atr", "planned_steps", "price_at", "with_atr"]

_BY_ATR = (
    ("stop_loss_atr", "stop_loss_amount", "stop_loss_pct"),
    ("take_profit_atr", "take_profit_amount", "take_profit_pct"),
    ("trailing_stop_atr", "trailing_stop_amount", "trailing_stop_pct"),
)


@frozen(slots=True)
class PlannedStep:
    """A step as prices: neither is rounded."""

    trigger: Decimal
    stop: Decimal
    reason: ExitReason


def needs_atr(plan: ExitPlan) -> bool:
    """Whether something in the plan is still a multiple of the ATR."""
    distances = [part for step in _all_steps(plan) for part in (step.profit, step.stop)]
    distances += [target.distance for target in plan.targets if target.distance is not None]
    return any(getattr(plan, multiple) is not None for multiple, _, _ in _BY_ATR) or any(
        distance.unit is Unit.ATR for distance in distances
    )


def with_atr(plan: ExitPlan, atr: Decimal) -> ExitPlan:
    """Return the plan with amounts for its multiples of the ATR: from now on they stand, whatever the ATR does."""

    def fixed(distance: Distance) -> Distance:
        return Distance(distance.value * atr, Unit.AMOUNT) if distance.unit is Unit.ATR else distance

    def step(one: StopStep) -> StopStep:
        return StopStep(fixed(one.profit), fixed(one.stop))

    changes: dict[str, Any] = {}
    for multiple, amount, pct in _BY_ATR:
        factor: Decimal | None = getattr(plan, multiple)
        if factor is not None:
            changes |= {multiple: None, amount: factor * atr, pct: None}
    return evolve(
        plan,
        break_even=None if plan.break_even is None else step(plan.break_even),
        steps=tuple(step(one) for one in plan.steps),
        targets=tuple(
            evolve(target, distance=None if target.distance is None else fixed(target.distance))
            for target in plan.targets
        ),
        **changes,
    )


def contradiction(plan: ExitPlan) -> str:
    """Return what makes no sense in the plan at any price, or ""."""
    for _, step in _named_steps(plan):
        if Unit.R in (step.profit.unit, step.stop.unit) and not plan.protects:
            return "R is the distance to the stop, and there is none"
        if step.profit.unit is step.stop.unit and step.stop.value >= step.profit.value:
            return "a step cannot set the stop to where the price is then: it would fire at once"
    if not plan.protects and any(t.distance is not None and t.distance.unit is Unit.R for t in plan.targets):
        return "R is the distance to the stop, and there is none"
    try:
        check_targets(plan)
    except ValueError as error:
        return str(error)
    return ""


def price_at(distance: Distance, side: Side, average: Decimal, risk: Decimal | None) -> Decimal:
    """Return the price that lies so far on the profit's side of the average entry price; `risk` is one R.

    Raises:
        ValueError: it is in R and there is no stop, or a multiple of an ATR that is not known.
    """
    match distance.unit:
        case Unit.PCT:
            money = average * distance.value
        case Unit.AMOUNT:
            money = distance.value
        case Unit.R:
            if risk is None:
                raise ValueError("R is the distance to the stop, and there is none")
            money = risk * distance.value
        case Unit.ATR:
            raise ValueError("the ATR is not known")
    return average + side.sign * money


def planned_steps(plan: ExitPlan, side: Side, average: Decimal, risk: Decimal | None) -> tuple[PlannedStep, ...]:
    """Return break-even rule and steps as prices, nearest first.

    Raises:
        ValueError: as `price_at`; a profit that is not above zero, a stop beyond its trigger, or a later step whose
            stop lies further away than an earlier one's.
    """
    steps = []
    for reason, written in _named_steps(plan):
        trigger = price_at(written.profit, side, average, risk)
        stop = price_at(written.stop, side, average, risk)
        if written.profit.value <= 0:
            raise ValueError("a step waits for a profit above 0")
        if (trigger - stop) * side.sign <= 0:
            raise ValueError(f"a step at {trigger:f} cannot set the stop to {stop:f}: it would fire at once")
        steps.append(PlannedStep(trigger, stop, reason))
    steps.sort(key=lambda step: step.trigger * side.sign)
    own = [step for step in steps if step.reason is ExitReason.STEP]
    for one, next_one in pairwise(own):
        if (next_one.stop - one.stop) * side.sign < 0:
            raise ValueError("a step of more profit cannot loosen the stop")
    return tuple(steps)


def check_targets(plan: ExitPlan) -> None:
    """Raise ValueError where the scale-out targets make no sense."""
    for target in plan.targets:
        if not 0 < target.fraction <= 1:
            raise ValueError(f"a target leaves a part above 0 and up to 1 of the position, not {target.fraction}")
        if (target.distance is None) == (target.price is None):
            raise ValueError("a target has a distance or a price")
        if target.distance is not None and target.distance.value <= 0:
            raise ValueError("a target waits for a profit above 0")
    total = sum((target.fraction for target in plan.targets), Decimal(0))
    if total > 1:
        raise ValueError(f"the targets leave {total * 100:f} % of the position")


def _named_steps(plan: ExitPlan) -> tuple[tuple[ExitReason, StopStep], ...]:
    first = () if plan.break_even is None else ((ExitReason.BREAK_EVEN, plan.break_even),)
    return (*first, *((ExitReason.STEP, step) for step in plan.steps))


def _all_steps(plan: ExitPlan) -> tuple[StopStep, ...]:
    return tuple(step for _, step in _named_steps(plan))
