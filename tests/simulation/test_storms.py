"""A few storms in each run of the tests; `make soak` has as many as one has time for."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from simulation.plan import Act, Weather, draw
from simulation.storm import Outcome, ride

ROOT = Path(__file__).parents[2]
DENSE = Weather(minutes=8.0, orders=(15, 40), faults=(8, 20))
_SHOW = """
from simulation.plan import Weather, draw
from simulation.storm import ride
for seed in (3, 5):
    outcome = ride(draw(seed, Weather(minutes=8.0, orders=(15, 40), faults=(8, 20))))
    print(outcome.wire, outcome.journal)
"""


def _rides(seeds: range) -> list[Outcome]:
    outcomes = [ride(draw(seed, DENSE)) for seed in seeds]
    wrong = [f"seed {one.seed}: {one.violation}" for one in outcomes if one.violation]
    assert not wrong, "\n".join(wrong)
    return outcomes


def test_storms() -> None:
    outcomes = _rides(range(1001, 1007))
    assert sum(one.executions for one in outcomes) > 30
    assert sum(one.lives for one in outcomes) > 2 * len(outcomes)
    assert all(one.simulated > 480.0 for one in outcomes)


def test_a_storm_of_half_an_hour() -> None:
    outcome = ride(draw(3))
    assert not outcome.violation
    assert outcome.simulated > 1800.0


def test_a_storm_does_not_depend_on_when_garbage_is_collected() -> None:
    """While the process is stopped its connections are tried and given up; what answers them is heard by nobody."""
    stopped = Act(5.0, "pause", {"seconds": 60.0}, 0)
    plan = attrs.evolve(draw(1, Weather(minutes=2.0)), acts=(stopped,), seconds=100.0)
    before, wires = gc.get_threshold(), []
    try:
        for often in ((0,), (300, 5, 5)):
            gc.collect()
            gc.set_threshold(*often)
            wires.append(ride(plan).wire)
    finally:
        gc.set_threshold(*before)
    assert wires[0] == wires[1]


def test_the_same_seed_is_the_same_storm_also_in_another_process() -> None:
    """Another process has other hashes of strings, and so another order in its sets."""
    here = [ride(draw(seed, DENSE)) for seed in (3, 5)]
    environ = dict(os.environ) | {"PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-c", _SHOW]
    there = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=True)
    assert there.stdout.split() == [text for one in here for text in (one.wire, one.journal)]
    assert here[0].wire != here[1].wire


def test_the_plan_is_data_from_the_seed_alone() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)
    assert len(draw(7).faults()) >= 5


@pytest.mark.parametrize("only", ["kill", "crash", "cut", "black_hole"])
def test_a_storm_of_one_kind_of_fault(only: str) -> None:
    outcome = ride(draw(2, Weather(minutes=5.0, orders=(10, 20), faults=(8, 12), only=(only,))))
    assert not outcome.violation
    assert set(outcome.faults) == {only}
