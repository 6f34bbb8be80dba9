"""The fixture `storm` as a user's pytest runs it: in a process of its own."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from config.environment import Environment
from simulation.guests import Look
from simulation.plan import START
from simulator.app import PaperBroker, SimulatorSettings
from simulator.model import Order

ROOT = Path(__file__).parents[2]
Run = Callable[..., str]
ELSEWHERE = ("PYTEST_", "CI", "BUILD_NUMBER")  # on a build server pytest says each failure twice

MINE = """
import pytest

def soon_over(look):
    assert look.seconds < 20, "too long"

@pytest.mark.storm(minutes=5, orders=(3, 3), faults=(0, 0), predictions=(0, 0), seeds=3, symbols={"AAPL": 100.0})
def test_mine(storm):
    storm(checks=[soon_over])
"""


@pytest.fixture
def run_pytest(tmp_path: Path) -> Run:
    """Run pytest in a folder that is not ours, on tests that are copied or written there; return what it said."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p simulation.pytest_plugin\n")

    def run(tests: str | tuple[str, ...], *arguments: str, expect: int = 0) -> str:
        if isinstance(tests, str):
            (tmp_path / "test_mine.py").write_text(tests)
        else:
            for name in tests:
                shutil.copy(ROOT / "examples" / name, tmp_path)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if not name.startswith(ELSEWHERE)}
            | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
        )
        said = done.stdout + done.stderr
        assert done.returncode == expect, said
        return said

    return run


def test_the_examples_run_as_they_are_shown(run_pytest: Run) -> None:
    files = ("test_storm_rule.py", "test_storm_source.py", "test_storm_invariant.py", "house_limit.toml")
    assert "3 passed" in run_pytest(files, "--pitboss-seeds", "1")


def test_the_invariant_of_the_example_fails_where_it_does_not_hold(run_pytest: Run, tmp_path: Path) -> None:
    """The same configuration without the limit that the check is about."""
    limits = (ROOT / "examples/house_limit.toml").read_text()
    (tmp_path / "house_limit.toml").write_text(limits.replace("max_position_notional", "# max_position_notional"))
    example = (ROOT / "examples/test_storm_invariant.py").read_text()
    said = run_pytest(example, "--pitboss-seed", "1", "--pitboss-shrink", "0", expect=1)
    assert re.search(r"seed 1: within_the_house_limit: \d+ dollars of (AAPL|MSFT) after pb-", said)


def test_its_second_check_fails_where_something_is_left() -> None:
    check = runpy.run_path(str(ROOT / "examples/test_storm_invariant.py"))["nothing_is_left"]
    paper = PaperBroker(SimulatorSettings(feed="manual"), Environment(lambda: START, 1))
    look = Look(0.0, START, True, {}, (), paper.venue)
    check(look)
    contract = paper.contracts.find("AAPL", "STK")[0].contract
    order = Order(1, 1, paper.venue.accounts[0], contract, "BUY", Decimal(1), "LMT", Decimal(1), order_ref="pb-1")
    paper.venue.place(order)
    with pytest.raises(AssertionError):
        check(look)
    paper.venue.cancel(1, 1)
    check(look)
    paper.venue.manual_trade(paper.venue.accounts[0], contract, Decimal(1), Decimal(100))
    with pytest.raises(AssertionError):
        check(look)


OWN_FIXTURE = """
import pytest

@pytest.fixture
def storm():
    return "a cup of tea"

def test_mine(storm):
    assert storm == "a cup of tea"
"""
AROUND_OURS = """
import pytest

@pytest.fixture
def storm(storm):
    return lambda: storm({})

@pytest.mark.storm(minutes=5, orders=(3, 3), faults=(0, 0), predictions=(0, 0), seeds=2, symbols={"AAPL": 100.0})
def test_mine(storm):
    storm()
"""


def test_a_fixture_storm_of_ones_own_is_left_alone(run_pytest: Run) -> None:
    assert "1 passed" in run_pytest(OWN_FIXTURE, "--pitboss-seeds", "3")


def test_a_fixture_may_stand_on_ours(run_pytest: Run) -> None:
    assert "2 passed" in run_pytest(AROUND_OURS)


def test_each_seed_is_a_test_and_one_that_fails_tells_how_to_see_it_again(run_pytest: Run, tmp_path: Path) -> None:
    said = run_pytest(MINE, "--pitboss-shrink", "30", expect=1)
    failed = [line for line in said.splitlines() if line.startswith("FAILED test_mine.py::test_mine[seed")]
    assert len(failed) == 3
    assert said.count("shrunk in") == 1  # one of each test will do
    assert said.count("timeline of the smallest storm") == 1
    (command, *_) = (line for line in said.splitlines() if "--pitboss-scenario" in line)
    file = Path(command.split("--pitboss-scenario ")[1])
    assert file.parent == tmp_path / ".pitboss-storms"
    again = run_pytest(
        MINE, "test_mine.py::test_mine", "--pitboss-scenario", str(file), "--pitboss-shrink", "0", expect=1
    )
    assert f"test_mine[{file.stem}]" in again
    assert "soon_over: too long" in again


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ((), ["seed1", "seed2", "seed3"]),
        (("--pitboss-seeds", "2", "--pitboss-first", "40"), ["seed40", "seed41"]),
        (("--pitboss-seed", "17"), ["seed17"]),
    ],
)
def test_which_seeds(run_pytest: Run, arguments: tuple[str, ...], ids: list[str]) -> None:
    said = run_pytest(MINE, "--collect-only", *arguments)
    assert [line for line in said.splitlines() if "::" in line] == [f"test_mine.py::test_mine[{one}]" for one in ids]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--pitboss-seeds", "0"), "--pitboss-seeds: invalid"),
        (("--pitboss-scenario", "gone.toml"), "gone.toml cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_is_refused(run_pytest: Run, arguments: tuple[str, ...], told: str) -> None:
    assert told in run_pytest(MINE, *arguments, expect=4)


def test_an_option_that_there_is_not(run_pytest: Run) -> None:
    said = run_pytest(MINE.replace("minutes=5", "minuts=5"), "--pitboss-seeds", "1", expect=1)
    assert "@pytest.mark.storm: got an unexpected keyword argument 'minuts'" in said
