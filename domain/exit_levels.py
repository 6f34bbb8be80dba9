"""From a plan of exits and an average entry price to the prices at which a position is left."""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve, frozen

from domain.distances import PlannedStep, check_targets, planned_steps, price_at
from domain.instrument import increment_at, round_price, stop_rounding
from domain.scale_out import TargetLevel
from domain.time_exits import check_times
from messages.market import Instrument
from messages.order import Role, Side
from messages.position import ExitPlan

__all__ = ["ExitLevels", "exit_levels", "tighter"]


@frozen(slots=True, kw_only=True)
class ExitLevels:
    """Prices at which a position is left, on the tick. `stop` is also where a trailing stop starts.

    `targets` leave parts of it, nearest first, `target` what they leave over. With `here` the stop trails by our
    amendments, not by the broker.
    """

    stop: Decimal | None = None
    target: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None
    steps: tuple[PlannedStep, ...] = ()
    targets: tuple[TargetLevel, ...] = ()
    here: bool = False

    @property
    def trails(self) -> bool:
        """Whether the stop follows the price."""
        return self.trailing_pct is not None or self.trailing_amount is not None

    @property
    def trails_there(self) -> bool:
        """Whether the broker moves the stop."""
        return self.trails and not self.here

    @property
    def nearest_target(self) -> Decimal | None:
        """The first price at which some of it is left with a profit."""
        return self.targets[0].price if self.targets else self.target


def tighter(side: Side, one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return the stop that ends a position of this side first; a missing one is looser than any."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if side is Side.BUY else min(one, other)


def exit_levels(plan: ExitPlan, side: Side, average: Decimal, instrument: Instrument) -> ExitLevels:
    """Return where a position of this side and average entry price is left.

    Prices are rounded away from harm: a stop never lies further from the entry than asked for, a target never nearer
    to it. So for a long position both round up, for a short one both round down; an absolute price is rounded too.

    Raises:
        ValueError: a level is not a positive price, a multiple of the ATR is not an amount yet, steps, targets or
            times make no sense, or the instrument has no price bands.
    """
    check_targets(plan)
    check_times(plan)
    if (plan.stop_loss_atr, plan.take_profit_atr, plan.trailing_stop_atr) != (None, None, None):
        raise ValueError("the ATR is not known")
    # a stop and a limit order that leave a position round the same way
    rounding = stop_rounding(side.opposite, Role.STOP)
    sign = side.sign

    def level(price: Decimal | None, distance: Decimal | None, pct: Decimal | None, away: int) -> Decimal | None:
        if price is None and distance is not None:
            price = average + away * sign * distance
        elif price is None and pct is not None:
            price = average * (1 + away * sign * pct)
        return None if price is None else round_price(instrument, price, rounding)

    stop = level(plan.stop_loss_price, plan.stop_loss_amount, plan.stop_loss_pct, -1)
    target = level(plan.take_profit_price, plan.take_profit_amount, plan.take_profit_pct, 1)
    amount = plan.trailing_stop_amount
    if amount is not None:
        tick = increment_at(instrument, average)
        amount = max(amount // tick, Decimal(1)) * tick
        start: Decimal | None = level(None, amount, None, -1)
    else:
        start = level(None, None, plan.trailing_stop_pct, -1)
    planned = stop if stop is not None else start
    risk = None if planned is None else abs(average - planned)
    targets = []
    for one in plan.targets:
        price = one.price if one.distance is None else price_at(one.distance, side, average, risk)
        if price is not None:
            targets.append(TargetLevel(one.fraction, round_price(instrument, price, rounding)))
    return ExitLevels(
        stop=tighter(side, stop, start),
        target=target,
        trailing_pct=plan.trailing_stop_pct if amount is None else None,
        trailing_amount=amount,
        steps=tuple(
            evolve(step, stop=round_price(instrument, step.stop, rounding))
            for step in planned_steps(plan, side, average, risk)
        ),
        targets=tuple(sorted(targets, key=lambda one: one.price * sign)),
        here=plan.trail_here,
    )
