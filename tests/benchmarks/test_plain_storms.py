"""Storms against the plain trader: the same seed is the same storm, and what falls is told by the broker's book."""

from __future__ import annotations

import logging

import pytest

from benchmarks.plain.judge import INVARIANTS
from benchmarks.plain.storm import NOT_ITS_OWN, ride_plain
from simulation.plan import Weather, draw

WEATHER = Weather(minutes=6.0, orders=(8, 20), faults=(5, 15))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("ib_insync", "eventkit"):
        caplog.set_level(logging.CRITICAL + 1, logger=name)


def test_the_same_seed_is_the_same_storm() -> None:
    one, other = (ride_plain(draw(5, WEATHER)) for _ in range(2))
    assert (one.fallen, one.faults, one.orders, one.executions) == (
        other.fallen,
        other.faults,
        other.orders,
        other.executions,
    )
    assert not set(one.faults) & set(NOT_ITS_OWN)


def test_some_of_its_invariants_fall_in_some_storms_and_none_without_faults() -> None:
    outcomes = [ride_plain(draw(seed, WEATHER)) for seed in range(1, 9)]
    assert any(one.fallen for one in outcomes)
    assert all(set(one.fallen) <= set(INVARIANTS) for one in outcomes)
    quiet = [ride_plain(draw(seed, Weather(minutes=6.0, orders=(8, 20), faults=(0, 0)))) for seed in range(1, 4)]
    assert [one.fallen for one in quiet] == [{}, {}, {}]
    assert sum(one.executions for one in quiet) > 5
