"""A program's strategy in virtual time: the same API and actors, an hour in a moment, the same again from a seed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import trio
import trio.testing

import pitboss
from pitboss.event.position import PositionEvent

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def day(seed: int) -> tuple[list[str], float]:
    """A quarter of an hour of a strategy that is always in the market: what happened, and for how long on its clock."""
    told: list[str] = []

    async def main() -> float:
        began = trio.current_time()
        async with pitboss.open_system(virtual=START, seed=seed, symbols=["TSLA"]) as system:
            bus = pitboss.EventBus()
            tracker = pitboss.PositionTracker(bus)
            await bus.subscribe(
                PositionEvent,
                lambda event: told.append(f"{type(event).__name__} {event.position.quantity} {event.position.stop}"),
            )
            with trio.move_on_after(900.37):  # at no moment at which something else happens
                while True:
                    position = await tracker.create_position(
                        "TSLA", quantity=10, stop_loss_pct=0.003, take_profit_pct=0.004
                    )
                    await position.wait_closed()
            for one in tracker.positions.values():
                await one.close()
                await one.wait_closed()
            await bus.idle()
            told.append(f"{len(tracker.positions)} positions")
            told.append(f"{sum(one.realized_pnl for one in tracker.positions.values())}")
            assert (system.environment.now() - START).total_seconds() >= 900
        return trio.current_time() - began

    took = trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return told, took


def test_a_quarter_of_an_hour_passes_in_a_moment_and_again_the_same_from_the_same_seed() -> None:
    first, took = day(1)
    assert took >= 900
    assert int(first[-2].split()[0]) > 1
    assert day(1)[0] == first


def test_virtual_time_needs_an_aware_start_and_a_paper_tws() -> None:
    with pytest.raises(TypeError, match="an aware time"):
        pitboss.open_system(virtual=datetime(2026, 11, 23, 15))
    with pytest.raises(TypeError, match="paper TWS"):
        pitboss.open_system(virtual=START, paper=False)
