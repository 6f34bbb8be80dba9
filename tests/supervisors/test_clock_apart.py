"""A machine's clock that is wrong: what is to happen at a time of day would happen at another, and somebody is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from messages.lifecycle import AlarmRaised, ListAlarms


@pytest.mark.parametrize(("step", "text"), [(90, "behind"), (-90, "ahead of")])
def test_a_clock_that_was_stepped_is_said_once_and_until_it_is_right_again(
    plant: Callable[..., None], step: int, text: str
) -> None:
    async def body(it: Any) -> None:
        environment, right = it.process.system.environment, it.paper.environment.now

        async def standing() -> list[str]:
            await it.settle(60.0)
            return [alarm.text for alarm in await it.ask("alarms", ListAlarms()) if alarm.kind == "clock.apart"]

        assert await standing() == []
        environment.now = lambda: right() + timedelta(seconds=4)
        assert await standing() == []
        environment.now = lambda: right() + timedelta(seconds=step)
        (said,) = await standing()
        assert said in {
            f"TWS's clock is {seconds} s {text} this machine's" for seconds in (89, 90)
        }  # it tells whole ones
        it.links[-1].abort()
        assert await standing() == [said]
        assert [event.kind for event in it.seen(AlarmRaised)].count("clock.apart") == 1
        environment.now = right
        assert await standing() == []

    plant(body)
