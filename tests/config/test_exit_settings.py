"""Exits in words: by rule, by symbol, by default; and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.loading import load
from config.problems import SettingsError
from config.rules import build_rules
from domain.exit_words import exits_in_words
from domain.rules import CreatePositionAction
from messages.position import Distance, ScaleTarget, StopStep, Unit

D = Decimal
WRITTEN = """
[indicators.atr]
kind = "atr"
[defaults]
stop_loss_atr = 6
take_profit_atr = 4
exit_at = "15:45"
[symbols.AAPL]
break_even = "2%:0.1%"
stop_steps = "1r:0, 2r:1r"
scale_out = "25%@2%, 25%@105.00"
exit_after = "12x5m"
exit_at = "none"
[symbols.MSFT]
stop_loss_pct = 0.02
trailing_stop_pct = 0.01
trail_here = true
[[rules]]
id = "own"
event = "PredictionSignalEvent"
do = "create_position"
side = "BUY"
break_even = "1r"
exit_after = "90m"
[[rules]]
id = "tighter"
event = "PositionUpdateEvent"
do = "adjust_exits"
stop_loss_pct = 0.01
stop_steps = "2%:1%"
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    file = tmp_path / "pitboss.toml"
    file.write_text(WRITTEN)
    return file


def test_each_exit_comes_from_the_nearest_that_says_something(written: Path) -> None:
    settings = load(written, {})
    apple, other = settings.exits("AAPL"), settings.exits("MSFT")
    assert (apple.stop_loss_atr, apple.stop_loss_pct, apple.take_profit_atr) == (D(6), None, D(4))
    assert apple.break_even == StopStep(Distance(D("0.02"), Unit.PCT), Distance(D("0.001"), Unit.PCT))
    assert [step.stop.value for step in apple.steps] == [0, 1]
    assert apple.targets == (
        ScaleTarget(fraction=D("0.25"), distance=Distance(D("0.02"), Unit.PCT)),
        ScaleTarget(fraction=D("0.25"), price=D("105.00")),
    )
    assert (apple.exit_after_bars, apple.bar_seconds, apple.exit_at) == (12, 300, None)
    assert (other.stop_loss_pct, other.stop_loss_atr, other.trail_here, other.exit_at) == (
        D("0.02"),
        None,
        True,
        "15:45",
    )


def test_rules_say_in_words_what_they_set(written: Path) -> None:
    own, tighter = (rule.words() for rule in build_rules(load(written, {})) if rule.rule_id in ("own", "tighter"))
    assert "break-even to the entry after 1 R" in own
    assert "out after 90 m" in own
    assert "25 % at 105" in own
    assert "step to the entry + 1 % after 2 %" in tighter


def test_the_same_in_python() -> None:
    action = CreatePositionAction(
        quantity=100, stop_loss_pct=0.03, break_even="2%", scale_out="50%@1r", exit_at="15:45", trail_here=True
    )
    assert exits_in_words(action.exits.rest) == "break-even to the entry after 2 %, 50 % at 1 R, out at 15:45"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('break_even = "soon"', 'defaults.break_even: "soon" is not a profit'),
        ('stop_steps = "2%:x"', "defaults.stop_steps"),
        ('scale_out = "60%@2%, 60%@3%"', "defaults.scale_out"),
        ('exit_after = "5"', "defaults.exit_after"),
        ('exit_at = "25:00"', "defaults.exit_at"),
        ('trail_here = "yes"', "defaults.trail_here"),
        ("trailing_stop_atr = 3\n[symbols.AAPL]", "which needs an [indicators.atr]"),
        ('stop_loss_pct = 0\nbreak_even = "1r"\n[symbols.AAPL]', "symbols.AAPL: its exits make no sense: R is"),
        ('stop_steps = "1%:2%"\n[symbols.AAPL]', "it would fire at once"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "pitboss.toml"
    file.write_text(f"[defaults]\n{line}\n")
    with pytest.raises(SettingsError, match=told.replace("[", r"\[").replace(".", r"\.")):
        load(file, {})
