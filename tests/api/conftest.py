"""A whole system behind the Python API, against its own paper TWS over a real socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
import trio

import pitboss
from pitboss.event.position import PositionEvent

PATIENCE = 40.0


class House:
    """The system, its market, and what a test needs of both."""

    def __init__(self, system: pitboss.PitbossSystem) -> None:
        self.system = system
        self.bus = pitboss.EventBus()
        self.events: list[pitboss.BaseEvent] = []

    async def listen(self, event_type: type[pitboss.BaseEvent] = PositionEvent) -> None:
        await self.bus.subscribe(event_type, self.events.append)

    async def trade_at(self, price: float, symbol: str = "AAPL") -> None:
        assert self.system.paper is not None
        await self.system.paper.trade_at(symbol, price)

    async def mark(self, position: pitboss.Position, price: float) -> None:
        """Let the market trade at a price, and wait until the position has it: TWS tells ticks every 250 ms."""
        await self.trade_at(price, position.symbol)
        with trio.fail_after(10):
            while (await position.refresh()).last_price != price:
                await trio.sleep(0.01)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for what no event of the API tells: what the broker's own book says."""
        with trio.move_on_after(10):
            while not true():
                await trio.sleep(0.01)
            return
        pytest.fail(f"never came: {what}")

    def at_broker(self) -> dict[str, Decimal]:
        """symbol → what is held, by the venue's own book."""
        assert self.system.paper is not None
        held = self.system.paper.broker.venue.positions()
        return {one.contract.symbol: one.quantity for one in held if one.quantity}

    def working(self) -> list[Any]:
        """The orders that may still fill, by the venue's own book."""
        assert self.system.paper is not None
        return [order for order in self.system.paper.broker.venue.orders.values() if not order.done]


@pytest.fixture(scope="session")
def run_api() -> Callable[..., None]:
    """Run `body(house)` in an open system; AAPL trades at 150 and MSFT at 300 until the test says otherwise."""

    def run(body: Callable[[House], Awaitable[None]], **keywords: Any) -> None:
        async def main() -> None:
            risk = {"quote_max_age_seconds": 3600, **keywords.pop("risk", {})}
            with trio.fail_after(PATIENCE):
                async with pitboss.open_system(**{"paper": "manual", "risk": risk, **keywords}) as system:
                    house = House(system)
                    await house.trade_at(150.0)
                    await house.trade_at(300.0, "MSFT")
                    await body(house)

        trio.run(main)

    return run
