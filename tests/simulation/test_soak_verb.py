"""`pitboss soak` as its users call it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulation.plan import Plan, Weather, draw
from simulation.storm import Outcome, ride

Verb = Callable[..., subprocess.CompletedProcess[str]]


def test_storms_and_their_summary(verb: Verb) -> None:
    done = verb("soak", "--seed", "3", "--minutes", "5")
    assert done.returncode == 0, done.stdout
    assert "1 storms, 0.1 simulated hours" in done.stdout
    assert "dangerous states reached" in done.stdout
    assert "no violations" in done.stdout


def test_two_at_once(pitboss: Verb) -> None:
    done = pitboss("soak", "--seeds", "2", "--jobs", "2", "--minutes", "5", "--first", "1001")
    assert done.returncode == 0, done.stdout
    assert "2 storms" in done.stdout


def test_the_timeline_of_one(verb: Verb) -> None:
    done = verb("soak", "--seed", "2", "--minutes", "5", "--timeline", COLUMNS="120")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].split() == ["seconds", "actors", "│", "journal", "│", "messages", "│", "broker's", "truth"]
    for who in ("machine", "FAULT", "people", "storm"):
        assert any(f" ── {who}: " in line for line in lines), who
    columns = [line.split("│") for line in lines if line.count("│") == 3]
    assert any("process: STARTING" in row[0] for row in columns)
    assert any("OrderIntended" in row[1] for row in columns)
    assert any("→ placeOrder" in row[2] for row in columns)
    assert any(".entry.1 " in row[3] for row in columns)
    assert max(map(len, lines)) <= 120
    assert lines[-1] == "no violation"


def test_the_timeline_for_programs_and_as_a_page(verb: Verb, tmp_path: Path) -> None:
    done = verb("soak", "--seed", "2", "--minutes", "5", "--timeline", "--json")
    *moments, last = map(json.loads, done.stdout.splitlines())
    assert {one["who"] for one in moments} >= {
        "actors",
        "journal",
        "wire >",
        "wire <",
        "broker",
        "people",
        "fault",
        "log",
    }
    assert last["violation"] == ""
    page = tmp_path / "storm.html"
    done = verb("soak", "--seed", "2", "--minutes", "5", "--timeline", "--html", str(page))
    assert done.returncode == 0
    assert page.read_text().count("<tr") > 100


def test_the_summary_for_programs(verb: Verb) -> None:
    told = json.loads(verb("soak", "--seed", "3", "--minutes", "5", "--json").stdout)
    assert (told["storms"], told["violations"]) == (1, [])
    assert told["simulated_seconds"] > 300


@pytest.fixture
def never_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that nobody can keep."""
    monkeypatch.setattr("simulation.storm.CALM_SECONDS", -1.0)
    monkeypatch.setattr("simulation.storm.unsettled", lambda *_: "it never is")


@pytest.mark.usefixtures("never_settles")
def test_a_violation_is_told_with_its_replay_and_exit_code_1(verb: Verb) -> None:
    done = verb("soak", "--seed", "3", "--minutes", "5")
    assert done.returncode == 1
    assert "seed 3: " in done.stdout
    assert "pitboss soak --seed 3 --minutes 5 --timeline" in done.stdout
    assert "pitboss soak --seed 3 --minutes 5 --shrink" in done.stdout


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--minutes", "5"),
        ("--minutes", "7.123456789"),
        ("--dense",),
        ("--dense", "--minutes", "8"),
        ("--days", "1"),
        ("--days", "3", "--minutes", "8"),
    ],
)
def test_the_commands_that_are_printed_ride_the_same_storm(
    verb: Verb, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    ridden: list[Plan] = []

    def ride_badly(plan: Plan, **_: object) -> Outcome:
        ridden.append(plan)
        return Outcome(plan.seed, violation="" if len(ridden) == 3 else "it went wrong")

    for module in ("soak", "single"):
        monkeypatch.setattr(f"simulation.{module}.ride", ride_badly)
    said = verb("soak", "--first", "7", "--seeds", "1", *flags).stdout
    commands = list(dict.fromkeys(line.strip() for line in said.splitlines() if line.startswith("    pitboss soak ")))
    assert [command.split()[-1] for command in commands] == ["--timeline", "--shrink"]
    for command in commands:
        verb(*command.split()[1:])
    assert len(ridden) == 3
    assert ridden[0] == ridden[1] == ridden[2]


@pytest.mark.usefixtures("never_settles")
def test_a_violation_is_shrunk_into_a_file_that_replays_it(verb: Verb, tmp_path: Path) -> None:
    done = verb("soak", "--seed", "3", "--minutes", "5", "--shrink", "--into", str(tmp_path))
    file = tmp_path / "storm-3.toml"
    assert done.returncode == 1
    assert f"pitboss soak --scenario {file} --timeline" in done.stdout
    assert f"pitboss soak --scenario {file} --timeline" in file.read_text()
    assert "from pitboss soak --seed 3 --minutes 5" in file.read_text()
    done = verb("soak", "--scenario", str(file))
    assert done.returncode == 1
    assert "the same storm as when it was written down, byte for byte" in done.stdout


def test_a_scenario_that_no_longer_goes_wrong(verb: Verb, tmp_path: Path) -> None:
    file = tmp_path / "old.toml"
    file.write_text(
        """
        violation = "AAPL has been naked"
        wire = "1234"
        journal = "5678"
        seed = 1
        symbols = { AAPL = 100.0 }
        seconds = 10.0
        volatility = 0.0
        sync_seconds = 0.0
        latency = 0.001
        acts = [{ at = 2.5, kind = "buy", terms = { symbol = "AAPL", quantity = 7, limit = "none" }, seed = 0 }]
        """
    )
    done = verb("soak", "--scenario", str(file))
    assert done.returncode == 0
    assert "no violation" in done.stdout
    assert "not the storm that was written down, which ended with: AAPL has been naked" in done.stdout
    done = verb("soak", "--scenario", str(file), "--shrink", "--into", str(tmp_path))
    assert done.returncode == 0
    assert "nothing to shrink" in done.stdout


def test_a_storm_that_is_told_is_the_same_storm() -> None:
    plan = draw(11, Weather(minutes=5.0))
    plain, told = ride(plan), ride(plan, detailed=True)
    assert (plain.wire, plain.journal) == (told.wire, told.journal)
    assert not plain.timeline
    assert told.timeline


@pytest.mark.parametrize(
    "flags",
    [
        ("--seeds", "0"),
        ("--minutes", "1"),
        ("--jobs", "0"),
        ("--hours", "0"),
        ("--timeline",),
        ("--html", "x.html"),
        ("--scenario", "there-is-none.toml"),
        ("--seed", "3", "--scenario", "x.toml"),
        ("--shrink", "--into", "nowhere"),
        ("--shrink", "--seed", "3", "--timeline"),
        ("--shrink", "--json"),
    ],
)
def test_what_cannot_be_is_refused(verb: Verb, flags: tuple[str, ...]) -> None:
    done = verb("soak", *flags)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
