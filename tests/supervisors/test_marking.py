"""What is held is marked within a second of a tick, and nothing is done for it while nothing ticks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import trio

from messages.position import PositionMarkedEvent
from messages.risk import DescribePortfolio


class Wakes(trio.abc.Instrument):
    """Counts how often the actors' timers go on."""

    def __init__(self) -> None:
        self.timers = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.timers += task.name == "actor timers"


def _nobody_hears(house: Any) -> None:
    for event_type in house.hears:
        house.process.bus.unsubscribe(event_type, house.recorder)


def test_a_tick_after_a_long_rest_is_marked_within_a_second(plant: Any) -> None:
    async def scenario(house: Any) -> None:
        await house.trade_at(100.0)
        await house.open()
        _nobody_hears(house)
        await trio.sleep(120)
        wakes = Wakes()
        trio.lowlevel.add_instrument(wakes)
        await trio.sleep(60)
        assert wakes.timers <= 30  # no longer one a second
        before = await house.ask("portfolio", DescribePortfolio())
        house.tick("AAPL", 4, 101.0)
        await trio.sleep(1.1)
        after = await house.ask("portfolio", DescribePortfolio())
        held = house.held()
        assert after.unrealized_pnl - before.unrealized_pnl == held * Decimal(1)

    plant(scenario)


def test_whoever_wants_each_second_is_told_each_second(plant: Any) -> None:
    async def scenario(house: Any) -> None:
        await house.trade_at(100.0)
        await house.open()
        _nobody_hears(house)
        await trio.sleep(120)  # it rests
        marks: list[PositionMarkedEvent] = []

        class Listener:
            def tell(self, message: Any) -> None:
                marks.append(message)

        house.process.bus.subscribe(PositionMarkedEvent, Listener())
        await trio.sleep(60)
        assert len(marks) >= 40

    plant(scenario)
