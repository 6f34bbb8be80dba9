"""trio orders its tasks as a seed says. Should trio change what this rests on, these tests fail."""

from __future__ import annotations

import random

import pytest
import trio
import trio._core._run as trio_run
from trio.testing import MockClock

from config.determinism import scheduled_from

TASKS = 20


def order_of_tasks() -> list[int]:
    """Who comes when, of tasks that wake at the same instants."""
    found: list[int] = []

    async def main() -> None:
        async def wake(number: int) -> None:
            for _ in range(5):
                await trio.sleep(1)
                found.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(TASKS):
                nursery.start_soon(wake, number)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    return found


def test_trio_still_has_what_the_order_of_tasks_rests_on() -> None:
    assert isinstance(trio_run._ALLOW_DETERMINISTIC_SCHEDULING, bool), "see config/determinism.py"
    assert isinstance(trio_run._r, random.Random), "see config/determinism.py"


def test_a_seed_gives_one_order_and_another_seed_another() -> None:
    orders = []
    for seed in (3, 3, 4):
        with scheduled_from(seed):
            orders.append(order_of_tasks())
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(list(range(TASKS)) * 5)


def test_afterwards_trio_is_as_it_was() -> None:
    state, allowed = trio_run._r.getstate(), trio_run._ALLOW_DETERMINISTIC_SCHEDULING
    with pytest.raises(ValueError), scheduled_from(3):
        trio.run(trio.sleep, -1)
    assert trio_run._r.getstate() == state
    assert trio_run._ALLOW_DETERMINISTIC_SCHEDULING is allowed


def test_a_trio_without_the_switch_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING")
    with pytest.raises(RuntimeError, match="cannot be scheduled from a seed"), scheduled_from(1):
        pass
