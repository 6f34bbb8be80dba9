"""Storms against the plain trader: the same seed is the same storm, and what falls is told by the broker's book."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from benchmarks.plain.judge import INVARIANTS
from benchmarks.plain.storm import NOT_ITS_OWN, ride_plain
from benchmarks.plain_storms import main, name_of, table
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


def test_a_run_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "storms.jsonl"
    monkeypatch.setattr("sys.argv", ["", "--seeds", "2", "--minutes", "5", "--pitboss", "--into", str(into)])
    main()
    whole = capsys.readouterr().out
    _, first, second = into.read_text().split("\n")
    into.write_text(f"\n{first}\n{second[:20]}")  # it was stopped while it wrote
    main()
    assert capsys.readouterr().out == whole
    assert into.read_text().split("\n")[-1] == second
    assert "2 storms of 5 minutes, seeds 1 to 2" in whole


def test_what_fell_is_counted_for_both() -> None:
    plain = {"seed": 1, "minutes": 8.0, "fallen": {"naked": "AAPL"}, "orders": 3, "executions": 2}
    told = {"violation": "AAPL has been naked for 16.0 s, and no alarm says so: []"}
    lines = [
        {**plain, **told, "own_orders": 4, "own_executions": 3},
        {"seed": 2, "minutes": 8.0, "failed": "ValueError()", "violation": "", "own_orders": 1, "own_executions": 0},
    ]
    text = "\n".join(table(lines))
    assert "naked              1000      500  something was held without a stop" in text
    assert "turned                0        0  an exit" in text
    assert "not ridden by the plain trader: seed 2: ValueError()" in text
    assert name_of("the alarm broker.lost stands, and its cause is gone") == "own"
