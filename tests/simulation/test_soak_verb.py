"""`pitboss soak` as its users call it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

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
    done = verb("soak", "--seed", "3", "--minutes", "5", "--timeline")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    for who in ("machine", "fault", "people", "pitboss", "broker", "wire >", "wire <", "storm"):
        assert any(f"  {who} " in line for line in lines), who
    assert lines[-1] == "no violation"


def test_a_violation_is_told_with_its_replay_and_exit_code_1(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here by a bound that nobody can keep: everything settled before the first look."""
    monkeypatch.setattr("simulation.storm.CALM_SECONDS", -1.0)
    monkeypatch.setattr("simulation.storm.unsettled", lambda *_: "it never is")
    done = verb("soak", "--seed", "3", "--minutes", "5")
    assert done.returncode == 1
    assert "seed 3: " in done.stdout
    assert "pitboss soak --seed 3 --minutes 5 --timeline" in done.stdout


@pytest.mark.parametrize(
    "flags",
    [("--seeds", "0"), ("--minutes", "1"), ("--jobs", "0"), ("--hours", "0"), ("--timeline",)],
)
def test_what_cannot_be_is_refused(verb: Verb, flags: tuple[str, ...]) -> None:
    done = verb("soak", *flags)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
