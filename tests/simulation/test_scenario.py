"""A storm as a file: it reads back as it was written, and what is wrong in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from simulation.plan import Plan, Weather, draw
from simulation.scenario import Scenario, ScenarioError, read_scenario, written

MANY = Weather(orders=(200, 200), faults=(300, 300))
SMALL = """
seed = 1
symbols = { AAPL = 100.0 }
seconds = 10.0
volatility = 0.0
sync_seconds = 0.0
latency = 0.001
acts = [
  { at = 5, kind = "close", terms = { symbol = "AAPL" }, seed = 0 },
  { at = 2.5, kind = "buy", terms = { symbol = "AAPL", quantity = 7, limit = "none" }, seed = 0 },
]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "storm.toml"


@pytest.mark.parametrize("seed", range(1, 5))
def test_every_kind_of_act_reads_back_as_it_was_written(seed: int, file: Path) -> None:
    plan = draw(seed, MANY)
    scenario = Scenario(plan, 'it is "naked" \\ for 3 s', "ab12", "cd34")
    file.write_text(written(scenario, ["what it is", "", "pitboss soak …"]))
    assert read_scenario(file) == scenario


def test_one_written_by_hand_is_put_into_order(file: Path) -> None:
    file.write_text(SMALL)
    scenario = read_scenario(file)
    assert [act.kind for act in scenario.plan.acts] == ["buy", "close"]
    assert scenario.plan.acts[0].terms == {"symbol": "AAPL", "quantity": 7, "limit": None}
    assert isinstance(scenario.plan, Plan)
    assert scenario.violation == ""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("seed = 1\n", "seed = \n", "is no TOML"),
        ("seconds", "secnds", "secnds"),
        ("volatility = 0.0", 'volatility = "much"', "volatility"),
        ('"close"', '"clos"', "act 1, clos: there is no such act; there are acknowledge, adopt, black_hole"),
        ("quantity", "quantty", "act 2, buy: it has no term quantty; it has break_even, limit, quantity"),
        ("quantity = 7", 'quantity = "7"', "quantity is a number, not '7'"),
        ("quantity = 7, ", "", "act 2, buy: its terms lack quantity"),
        ('symbol = "AAPL", q', 'symbol = "IBM", q', "IBM is not among the symbols AAPL"),
    ],
)
def test_what_is_wrong_in_it_is_told(file: Path, old: str, new: str, told: str) -> None:
    assert old in SMALL
    file.write_text(SMALL.replace(old, new))
    with pytest.raises(ScenarioError, match=told) as caught:
        read_scenario(file)
    assert str(file) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_toml_cannot_say_is_not_written() -> None:
    plan = draw(1)
    act = evolve(plan.acts[0], terms={"text": "none"})
    with pytest.raises(TypeError, match="'none'"):
        written(Scenario(evolve(plan, acts=(act,))))
