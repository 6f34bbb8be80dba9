"""What a user's own rules, sources and checks get in a storm, and what he is told where something does not hold."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve

from config.problems import SettingsError
from domain.rules import Rule
from simulation.own_storms import OwnStorm, StormFailed, StormOptions
from simulation.scenario import read_scenario

EXAMPLES = Path(__file__).parents[2] / "examples"
SHORT = StormOptions(minutes=5.0, orders=(5, 8), faults=(3, 5))
CALM = StormOptions(minutes=5.0, orders=(0, 0), faults=(0, 0), predictions=(0, 0), symbols={"AAPL": 100.0})

Make = Callable[..., OwnStorm]


def _example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def told() -> list[str]:
    """The timelines of storms that failed."""
    return []


@pytest.fixture
def own_storm(tmp_path: Path, told: list[str]) -> Make:
    def make(seed: int | Path = 1, options: StormOptions = SHORT, shrink: int = 40) -> OwnStorm:
        return OwnStorm(
            seed, options, test="test_mine.py::test_it", into=tmp_path / "storms", shrink=shrink, tell=told.append
        )

    return make


def test_a_check_is_given_status_journal_and_book_until_the_storm_is_over(own_storm: Make) -> None:
    looks: list[Any] = []
    outcome = own_storm()(checks=[looks.append])
    assert [look.over for look in looks] == [False] * (len(looks) - 1) + [True]
    assert looks[-1].seconds > 300.0
    assert looks[-1].status["state"] in ("READY", "HALTED")
    assert len(looks[-1].book.orders) == outcome.orders
    assert any(kind == "ProcessStarted" for kind, _ in looks[0].journal)


def test_a_class_is_a_check_that_remembers_for_one_storm(own_storm: Make) -> None:
    made: list[Any] = []

    class Counts:
        def __init__(self) -> None:
            made.append(self)
            self.looks = 0

        def __call__(self, look: Any) -> None:
            self.looks += 1

    for seed in (1, 2):
        own_storm(seed, CALM)(checks=[Counts])
    assert len(made) == 2
    assert min(one.looks for one in made) > 3


def test_what_a_check_says_fails_the_storm_and_is_shrunk_into_a_scenario(own_storm: Make, told: list[str]) -> None:
    def nobody_trades_apples(look: Any) -> None:
        assert not look.book.executions, f"{look.book.executions[0].quantity} apples"

    storm = own_storm(3, StormOptions(minutes=5.0, orders=(20, 25), faults=(2, 4), symbols={"AAPL": 100.0}))
    with pytest.raises(StormFailed) as failed:
        storm(checks=[nobody_trades_apples])
    text = str(failed.value)
    assert text.startswith("seed 3: nobody_trades_apples: ")
    assert "shrunk in" in text
    file = next((word for word in text.split() if word.endswith(".toml")), "")
    assert f"pytest test_mine.py::test_it --pitboss-scenario {file}\n" in text
    assert text.endswith("pytest test_mine.py::test_it --pitboss-seed 3")
    assert "broker's truth" in told[0]
    scenario = read_scenario(Path(file))
    assert len(scenario.plan.acts) <= 2
    with pytest.raises(StormFailed) as again:
        own_storm(Path(file), shrink=0)(checks=[nobody_trades_apples])
    assert scenario.violation in str(again.value)
    own_storm(Path(file), shrink=0)()


def test_a_check_that_breaks_is_no_check_that_holds(own_storm: Make) -> None:
    def broken(look: Any) -> None:
        look.nothing_of_the_kind()

    with pytest.raises(StormFailed, match="broken raised AttributeError"):
        own_storm(1, CALM, shrink=0)(checks=[broken])


def test_rules_are_made_for_each_life_of_the_process(own_storm: Make) -> None:
    made: list[int] = []

    def rules() -> list[Rule]:
        made.append(1)
        return []

    kills = StormOptions(minutes=5.0, orders=(0, 0), faults=(4, 4), only=("kill",))
    outcome = own_storm(1, kills)(rules=rules)
    assert len(made) - 1 == outcome.lives > 1  # once before, so that what is wrong with them shows


def test_predictions_reach_the_rules_and_no_one_else_trades_where_people_are_left_out(own_storm: Make) -> None:
    rules = [
        {
            "id": "up",
            "event": "PredictionSignalEvent",
            "when": {"signal": "BUY", "confidence": ">= 0.8"},
            "do": "create_position",
            "side": "BUY",
            "quantity": 10,
            "stop_loss_pct": 0.02,
        }
    ]
    alone = StormOptions(minutes=8.0, faults=(0, 0), people=False, predictions=(20, 20), symbols={"AAPL": 100.0})
    planned: list[str] = []

    def see(look: Any) -> None:
        planned[:] = [record["source"] for kind, record in look.journal if kind == "PositionPlanned"]

    own_storm(1, alone)({"rules": rules}, checks=[see])
    assert set(planned) == {"rule:up"}
    own_storm(1, alone)(checks=[see])
    assert planned == []


def test_a_wrong_configuration_is_told_as_such(own_storm: Make) -> None:
    with pytest.raises(SettingsError, match=r"risk\.max_order_quantity"):
        own_storm()({"risk": {"max_order_quantity": "many"}})


def test_a_rule_that_forgets_its_pause_is_found(own_storm: Make) -> None:
    """The check of the example can fail."""
    example = _example("test_storm_rule")

    def hasty() -> list[Rule]:
        return [evolve(rule, cooldown_seconds=0.0) for rule in example.my_rules()]

    options = StormOptions(minutes=10.0, faults=(0, 0), people=False, predictions=(60, 60), symbols={"AAPL": 20.0})

    def many_storms() -> None:
        for seed in range(1, 10):
            own_storm(seed, options, shrink=0)(rules=hasty, checks=[example.KeepsItsPause])

    with pytest.raises(StormFailed, match="KeepsItsPause: AAPL: entries at"):
        many_storms()


def test_a_limit_that_is_not_kept_is_found(own_storm: Make) -> None:
    example = _example("test_storm_invariant")
    options = StormOptions(minutes=8.0, orders=(60, 60), faults=(0, 0), symbols={"MSFT": 400.0})
    with pytest.raises(StormFailed, match=r"within_the_house_limit: \d+ dollars of MSFT"):
        own_storm(1, options, shrink=0)(checks=[example.within_the_house_limit])


def test_a_source_crashes_and_is_made_again(own_storm: Make) -> None:
    example = _example("test_storm_source")
    made: list[str] = []

    def sources(service: Any) -> dict[str, Any]:
        def model(context: Any, **parts: Any) -> Any:
            made.append(context.address.name)
            return example.ModelSource(context, transport=service, **parts)

        return {"model": model}

    options = StormOptions(minutes=5.0, orders=(0, 0), faults=(0, 0), predictions=(8, 8), symbols={"AAPL": 20.0})
    for seed in range(1, 5):
        own_storm(seed, options)(example.SETTINGS, sources=sources, checks=[example.EachOnce])
    assert set(made) == {"signals/model"}
    assert len(made) > 4
