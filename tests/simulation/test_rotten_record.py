"""A record that was safe is not as it was written: no process trades on such a journal."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from simulation.disk import StormDisk, StormStorage
from simulation.mutants.catalogue import MUTANTS
from simulation.mutants.hunt import hunt
from simulation.plan import Act, Plan
from simulation.storm import ride
from storage.errors import JournalDamaged
from storage.rows import seal

NOW = "2026-11-23T15:00:00Z"


def test_the_journal_is_refused_until_it_is_healed() -> None:
    async def body() -> None:
        disk = StormDisk()
        storage = StormStorage(disk)
        opened = await storage.open("storm", NOW)
        rows = seal([(NOW, "AAPL", "Fact", 0, f'{{"number":{n}}}') for n in range(3)], opened.sequence, opened.hash)
        await storage.append(rows)
        disk.power_cut()
        assert disk.rot(1) == "record 2, Fact, is not as it was written"
        assert disk.rotten
        assert json.loads(disk.rows[1].payload) == {"number": 2}
        assert disk.rot(0) == "there is no such record"  # one at a time
        with pytest.raises(JournalDamaged) as caught:
            await StormStorage(disk).open("storm", NOW)
        assert caught.value.sequence == 2
        disk.heal()
        assert disk.rows == rows
        assert (await StormStorage(disk).open("storm", NOW)).sequence == 3

    trio.run(body)


def _rot(at: float, **terms: Any) -> Act:
    return Act(at, "rot", {"seconds": 20.0, "back": 0, **terms}, 1)


def test_a_storm_with_it_is_weathered_and_the_missing_guard_is_seen() -> None:
    buy = Act(3.0, "buy", {"symbol": "AAPL", "quantity": 100, "limit": None}, 1)
    plan = Plan(
        seed=3,
        symbols={"AAPL": 100.0},
        acts=(buy, _rot(10.0), _rot(40.0, back=5)),
        seconds=70.0,
        volatility=0.0,
        sync_seconds=0.0,
        latency=0.0005,
    )
    outcome = ride(plan)
    assert not outcome.violation
    assert outcome.lives > 6  # every five seconds
    assert outcome.executions == 2
    assert hunt(MUTANTS["hash-chain"], [1]).violation.endswith("is not as it was written")
