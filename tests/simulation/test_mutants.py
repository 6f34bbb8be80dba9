"""The product without a guard: storms see it. A few of the quick ones; `make mutants` has all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulation.mutants.catalogue import MUTANTS
from simulation.mutants.hunt import hunt, storm_for
from simulation.mutants.mutant import Change, Mutant, UnknownChange, without

ROOT = Path(__file__).parents[2]
QUICK = ("fsync-wait", "execution-dedupe", "bracket", "latch", "watchdog")


@pytest.mark.parametrize("name", QUICK)
def test_a_missing_guard_is_seen_within_a_few_storms(name: str) -> None:
    catch = hunt(MUTANTS[name], range(1, 9))
    assert catch.seed, name
    assert not catch.unsound


def _standing() -> dict[tuple[int, str], Any]:
    changes = [change for mutant in MUTANTS.values() for change in mutant.changes]
    return {(id(change.owner), change.name): vars(change.owner)[change.name] for change in changes}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_replaces_what_is_there_and_puts_it_back(name: str) -> None:
    before = _standing()
    with without(MUTANTS[name]):
        inside = _standing()
    changed = {key for key, value in inside.items() if value is not before[key]}
    assert changed == {(id(change.owner), change.name) for change in MUTANTS[name].changes}
    assert _standing() == before


def test_a_guard_that_has_moved_is_noticed() -> None:
    mutant = Mutant(name="gone", guard="none", changes=(Change(Mutant, "no_such", lambda original: original),))
    with pytest.raises(UnknownChange, match="Mutant has no no_such"), without(mutant):
        pass


def test_the_storm_of_a_mutant_is_that_of_its_seed() -> None:
    mutant = MUTANTS["deadline"]
    assert storm_for(mutant, 3) == storm_for(mutant, 3)
    assert storm_for(mutant, 3) != storm_for(mutant, 4)
    assert sum(act.kind == "black_hole" for act in storm_for(mutant, 3).acts) >= 6


def test_a_mutant_beside_another_names_one_that_is_there() -> None:
    assert {mutant.beside for mutant in MUTANTS.values() if mutant.beside} <= MUTANTS.keys()


def test_names_that_are_none_are_refused() -> None:
    command = [sys.executable, "-m", "simulation.mutants", "no-such-guard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "no such guard: no-such-guard; --list names them" in done.stderr
