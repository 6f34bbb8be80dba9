"""The jumping clock and the alarm: under trio's own virtual clock the alarm does the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from config.clock import Alarm, JumpingClock

CLOCKS = [JumpingClock, lambda: MockClock(autojump_threshold=0)]


@pytest.fixture(params=CLOCKS, ids=["jumping", "trio's own"])
def run(request: Any) -> Callable[..., Any]:
    """Run an async function under each of the clocks."""

    def run_it(main: Callable[[], Awaitable[Any]]) -> Any:
        return trio.run(main, clock=request.param())

    return run_it


def test_hours_go_by_at_once(run: Any) -> None:
    async def main() -> float:
        began = trio.current_time()
        await trio.sleep(3600)
        await Alarm().until(began + 7200)
        return trio.current_time() - began

    assert run(main) == pytest.approx(7200)


def test_an_alarm_can_be_moved_either_way(run: Any) -> None:
    async def main() -> list[float]:
        began, alarm, rang = trio.current_time(), Alarm(), []

        async def wait() -> None:
            for _ in range(4):
                await alarm.until(began + 100)
                rang.append(round(trio.current_time() - began, 6))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.sleep(10)
            alarm.deadline = began + 20  # sooner
            await trio.sleep(15)
            alarm.deadline = began + 40  # sooner, then later
            alarm.deadline = began + 60
            await trio.sleep(36)
            alarm.deadline = -inf  # now
            await trio.sleep(0.5)
        return rang

    assert run(main) == [20.0, 60.0, 61.0, 100.0]


def test_an_alarm_without_a_deadline_waits_until_it_has_one(run: Any) -> None:
    async def main() -> float:
        alarm = Alarm()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alarm.until, inf)
            await trio.sleep(50)
            alarm.deadline = trio.current_time() + 7
        return trio.current_time()

    began = run(trio_now)
    assert run(main) - began == pytest.approx(57, abs=1)


async def trio_now() -> float:
    """Return when a run begins."""
    return trio.current_time()


def test_a_cancelled_wait_ends_and_the_alarm_can_be_used_again(run: Any) -> None:
    async def main() -> list[float]:
        began, alarm = trio.current_time(), Alarm()
        with trio.move_on_after(5) as scope:
            await alarm.until(began + 10)
        assert scope.cancelled_caught
        passed = [trio.current_time() - began]
        await alarm.until(began + 30)
        return [*passed, trio.current_time() - began]

    assert run(main) == pytest.approx([5, 30])


def test_a_wait_that_is_cancelled_already_does_not_begin(run: Any) -> None:
    async def main() -> float:
        began = trio.current_time()
        with trio.CancelScope() as scope:
            scope.cancel()
            await Alarm().until(began + 10)
        return trio.current_time() - began

    assert run(main) == pytest.approx(0)


def test_setting_an_alarm_for_which_nobody_waits_does_nothing(run: Any) -> None:
    async def main() -> float:
        began, alarm = trio.current_time(), Alarm()
        alarm.deadline = began + 1
        await trio.sleep(3)
        await alarm.until(began + 10)
        alarm.deadline = began + 11
        await trio.sleep(5)
        return trio.current_time() - began

    assert run(main) == pytest.approx(15)


def test_alarms_and_sleeps_end_in_the_order_of_their_instants(run: Any) -> None:
    async def main() -> list[int]:
        began, order = trio.current_time(), []

        async def sleeper(number: int) -> None:
            if number % 2:
                await trio.sleep_until(began + number)
            else:
                await Alarm().until(began + number)
            order.append(number)

        async with trio.open_nursery() as nursery:
            for number in (5, 2, 9, 4, 7, 1, 8, 3, 6):
                nursery.start_soon(sleeper, number)
        return order

    assert run(main) == list(range(1, 10))


def test_time_does_not_go_on_while_a_task_can() -> None:
    async def main() -> float:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 10)
            for _ in range(100):
                await trio.lowlevel.checkpoint()
            return trio.current_time()

    assert trio.run(main, clock=JumpingClock()) == 0.0


def test_an_alarm_that_is_moved_after_it_rang_and_before_its_task_went_on_does_not_ring_again(run: Any) -> None:
    async def main() -> float:
        began, alarm = trio.current_time(), Alarm()

        async def wait() -> None:
            await alarm.until(began + 1)
            await trio.sleep_until(began + 50)

        async def move() -> None:
            await trio.sleep_until(began + 1)
            alarm.deadline = -inf

        async with trio.open_nursery() as nursery:
            # whichever way trio orders those that are ready together, one moves it before the task goes on
            for job in (move, wait, move):
                nursery.start_soon(job)
        return trio.current_time() - began

    for _ in range(4):
        assert run(main) == pytest.approx(50)
