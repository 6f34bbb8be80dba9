"""Exits and times as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from messages.position import ExitPlan
from supervisors.durations import seconds
from supervisors.levels import amount, exit_plan

DEFAULTS = ExitPlan(stop_loss_pct=Decimal("0.03"), take_profit_pct=Decimal("0.08"))


def test_what_is_not_written_stays() -> None:
    assert exit_plan(DEFAULTS, {}) == DEFAULTS


def test_a_percentage_is_of_the_entry_and_a_number_is_a_price() -> None:
    plan = exit_plan(DEFAULTS, {"stop": "3.5%", "target": "195.00", "trail": "2%"})
    assert plan == ExitPlan(
        stop_loss_pct=Decimal("0.035"), take_profit_price=Decimal("195.00"), trailing_stop_pct=Decimal("0.02")
    )


def test_a_price_takes_the_place_of_a_percentage_and_the_other_way_round() -> None:
    plan = exit_plan(DEFAULTS, {"stop": "95.00", "trail": "1.50"})
    assert (plan.stop_loss_pct, plan.stop_loss_price) == (None, Decimal("95.00"))
    assert (plan.trailing_stop_pct, plan.trailing_stop_amount) == (None, Decimal("1.50"))
    assert exit_plan(plan, {"stop": "5%"}).stop_loss_price is None


@pytest.mark.parametrize("none", ["none", "None", "0", "0%"])
def test_none_is_no_such_exit(none: str) -> None:
    assert exit_plan(DEFAULTS, {"stop": none, "target": none, "trail": none}) == ExitPlan()


@pytest.mark.parametrize("text", ["", "%", "3%%", "-3%", "-95", "abc", "nan", "inf", "100%", "1e999999999%"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        exit_plan(DEFAULTS, {"stop": text})


def test_a_target_may_be_more_than_the_price_again() -> None:
    assert exit_plan(DEFAULTS, {"target": "150%"}).take_profit_pct == Decimal("1.5")


def test_amounts_are_exact_and_positive() -> None:
    assert amount("0.5", "a number of shares") == Decimal("0.5")
    with pytest.raises(ValueError, match='"-1" is not a number of shares above 0'):
        amount("-1", "a number of shares")


@pytest.mark.parametrize(("text", "expected"), [("30", 30), ("30s", 30), ("1.5m", 90), ("2h", 7200)])
def test_times(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0s", "soon", "-3s", "3d", "1e3"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        seconds(text)


def test_a_multiple_of_the_atr_takes_the_place_of_every_other_form() -> None:
    plan = exit_plan(exit_plan(DEFAULTS, {"stop": "95.00"}), {"stop": "6atr", "trail": "3 ATR"})
    assert (plan.stop_loss_price, plan.stop_loss_pct, plan.stop_loss_atr) == (None, None, Decimal(6))
    assert plan.trailing_stop_atr == Decimal(3)


def test_steps_targets_and_times_are_read_together_and_taken_out_again() -> None:
    written = {
        "break_even": "2%:0.1%",
        "steps": "1r:0, 2r:1r",
        "scale_out": "25%@2%, 25%@105.00",
        "exit_after": "12x5m",
        "exit_at": "9:45",
        "trail_here": "yes",
    }
    plan = exit_plan(DEFAULTS, written)
    assert (len(plan.steps), len(plan.targets), plan.exit_after_bars, plan.exit_at) == (2, 2, 12, "09:45")
    assert exit_plan(plan, dict.fromkeys(written, "none") | {"trail_here": "no"}) == DEFAULTS


@pytest.mark.parametrize("name", ["break_even", "steps", "scale_out", "exit_after", "exit_at", "trail_here"])
def test_what_is_no_such_exit_is_refused_with_the_text(name: str) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        exit_plan(DEFAULTS, {name: "nonsense"})
