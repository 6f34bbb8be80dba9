"""Distances, steps and targets: read, said in words, and turned into prices."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.distances import contradiction, needs_atr, planned_steps, price_at, with_atr
from domain.exit_levels import exit_levels
from domain.exit_words import exits_in_words, read_after, read_distance, read_step, read_targets, with_words
from domain.exits import ExitReason
from messages.market import Instrument
from messages.order import Side
from messages.position import Distance, ExitPlan, ScaleTarget, Unit

D = Decimal
STOCK = Instrument(
    symbol="AAPL",
    con_id=265598,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=D(1),
    price_bands=((D(0), D("0.0001")), (D(1), D("0.01"))),
    size_increment=D(1),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2%", Distance(D("0.02"), Unit.PCT)),
        ("1.50", Distance(D("1.50"), Unit.AMOUNT)),
        ("1R", Distance(D(1), Unit.R)),
        (" 2 atr ", Distance(D(2), Unit.ATR)),
        ("-0.5%", Distance(D("-0.005"), Unit.PCT)),
    ],
)
def test_a_distance_is_read(text: str, expected: Distance) -> None:
    assert read_distance(text) == expected


@pytest.mark.parametrize("text", ["", "%", "two", "1e3", "1.2.3", "5x", "nan", "1 000", "٣%"])
def test_what_is_no_distance_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_distance(text)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_distance, read_step, read_targets, read_after):
        with suppress(ValueError):
            assert read(text) is not None


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, "103.00"), (Side.SELL, "97.00")])
@pytest.mark.parametrize(
    "distance", [Distance(D("0.03"), Unit.PCT), Distance(D(3), Unit.AMOUNT), Distance(D("1.5"), Unit.R)]
)
def test_a_distance_lies_on_the_side_of_the_profit(side: Side, expected: str, distance: Distance) -> None:
    assert price_at(distance, side, D(100), D(2)) == D(expected)


def test_the_default_strategy_is_fixed_at_the_entry_and_rounded_away_from_harm() -> None:
    """6 × ATR and 4 × ATR, long and short."""
    plan = with_atr(ExitPlan(stop_loss_atr=D(6), take_profit_atr=D(4), stop_loss_pct=D("0.03")), D("0.3333"))
    assert (plan.stop_loss_amount, plan.take_profit_amount, plan.stop_loss_pct) == (D("1.9998"), D("1.3332"), None)
    assert not needs_atr(plan)
    long, short = (exit_levels(plan, side, D("100.00"), STOCK) for side in (Side.BUY, Side.SELL))
    assert (long.stop, long.target) == (D("98.01"), D("101.34"))
    assert (short.stop, short.target) == (D("101.99"), D("98.66"))


def test_every_multiple_of_the_atr_becomes_an_amount() -> None:
    plan = with_words(
        ExitPlan(trailing_stop_atr=D(3)), break_even="1atr:0.5atr", stop_steps="2atr:1atr", scale_out="50%@2atr"
    )
    assert needs_atr(plan)
    with pytest.raises(ValueError, match="ATR is not known"):
        exit_levels(plan, Side.BUY, D(100), STOCK)
    fixed = with_atr(plan, D(2))
    assert not needs_atr(fixed)
    levels = exit_levels(fixed, Side.BUY, D(100), STOCK)
    assert (levels.stop, levels.trailing_amount) == (D(94), D(6))
    assert [(step.trigger, step.stop) for step in levels.steps] == [(D(102), D(101)), (D(104), D(102))]
    assert [target.price for target in levels.targets] == [D(104)]


@pytest.mark.parametrize("side", list(Side))
def test_steps_are_the_nearest_first_and_named(side: Side) -> None:
    plan = with_words(ExitPlan(stop_loss_pct=D("0.02")), break_even="1%", stop_steps="3r:2r, 2r:1r")
    steps = planned_steps(plan, side, D(100), D(2))
    assert [(step.trigger - 100) * side.sign for step in steps] == [1, 4, 6]
    assert [(step.stop - 100) * side.sign for step in steps] == [0, 2, 4]
    assert [step.reason for step in steps] == [ExitReason.BREAK_EVEN, ExitReason.STEP, ExitReason.STEP]


@pytest.mark.parametrize(
    "plan",
    [
        with_words(ExitPlan(stop_loss_pct=D("0.02")), stop_steps="1%:2%"),
        with_words(ExitPlan(), break_even="1r"),
        with_words(ExitPlan(), scale_out="50%@1r"),
        ExitPlan(targets=(ScaleTarget(fraction=D("0.7"), price=D(1)), ScaleTarget(fraction=D("0.7"), price=D(2)))),
        ExitPlan(targets=(ScaleTarget(fraction=D("0.5")),)),
        ExitPlan(targets=(ScaleTarget(fraction=D(0), price=D(1)),)),
    ],
)
def test_what_makes_no_sense_is_said_before_and_refused_at_the_price(plan: ExitPlan) -> None:
    assert contradiction(plan)
    with pytest.raises(ValueError):
        exit_levels(plan, Side.BUY, D(100), STOCK)


def test_a_step_of_more_profit_cannot_loosen_the_stop() -> None:
    plan = with_words(ExitPlan(stop_loss_pct=D("0.02")), stop_steps="1%:0.5%, 2%:0.1%")
    with pytest.raises(ValueError, match="cannot loosen"):
        exit_levels(plan, Side.SELL, D(100), STOCK)


def test_a_plan_in_words_says_everything() -> None:
    plan = with_words(
        ExitPlan(stop_loss_price=D("95.00"), take_profit_pct=D("0.08"), trailing_stop_amount=D("1.5")),
        break_even="2%:0.1%",
        stop_steps="1r:-0.5r",
        scale_out="25%@2%, 25%@105",
        exit_after="90m",
        exit_at="9:45",
        trail_here=True,
    )
    assert exits_in_words(plan) == (
        "stop 95, target 8 %, trailing stop at a distance of 1.5, moved by Pitboss, "
        "break-even to the entry + 0.1 % after 2 %, step to the entry − 0.5 R after 1 R, "
        "25 % at 2 %, 25 % at 105, out after 90 m, out at 09:45"
    )
    bars = evolve(plan, exit_after_seconds=None, exit_after_bars=12, bar_seconds=300)
    assert "out after 12 bars of 5 m" in exits_in_words(bars)
    assert exits_in_words(ExitPlan()) == "without exits"
