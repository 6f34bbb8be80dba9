"""A paper TWS with the real ib_insync as its client: over TCP on one machine, in one thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio_asyncio
from ib_insync import IB

from config.environment import machine
from simulator.app import PaperBroker, SimulatorSettings, serve
from simulator.feeds import ManualFeed
from simulator.model import Ticked

TICK_TYPES = {"bid": 1, "ask": 2, "last": 4, "high": 6, "low": 7, "close": 9, "open": 14, "halted": 49}


class Paper:
    """A paper TWS on a port, with a market that the test moves by hand."""

    def __init__(self, broker: PaperBroker, port: int) -> None:
        self.broker = broker
        self.port = port
        self.tws = broker.tws
        self.venue = broker.venue

    def tick(self, symbol: str, *, size: int = 1000, **prices: float) -> None:
        """Move the market in one batch: bid=…, ask=…, last=…, each with `size` shares."""
        (definition,) = self.broker.contracts.find(symbol, "STK")
        now = self.broker.environment.now()
        assert isinstance(self.broker.feed, ManualFeed)
        self.broker.feed.push(
            Ticked(definition.contract, TICK_TYPES[name], price, size, now) for name, price in prices.items()
        )

    @asynccontextmanager
    async def client(self, client_id: int = 7, **options: Any) -> AsyncIterator[IB]:
        """A connected `IB()`, stock but for its throttle."""
        ib = IB()
        ib.client.MaxRequests = 0
        connect = trio_asyncio.aio_as_trio(ib.connectAsync)
        await connect("127.0.0.1", self.port, clientId=client_id, timeout=4, **options)
        try:
            yield ib
        finally:
            ib.disconnect()

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[trio.SocketStream]:
        """A bare connection."""
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        async with stream:
            yield stream


async def settle(ib: IB) -> None:
    """Return when the client has everything that the server said before: one round trip on the same link."""
    await trio_asyncio.aio_as_trio(ib.reqCurrentTimeAsync)()


@pytest.fixture(name="settle")
def settle_fixture() -> Callable[[IB], Awaitable[None]]:
    """`await settle(ib)`: a barrier instead of a sleep."""
    return settle


@pytest.fixture
def with_paper() -> Callable[..., None]:
    """Run `await scenario(paper)` against a paper TWS on a free port; options are SimulatorSettings."""

    def run(scenario: Callable[[Paper], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            settings = SimulatorSettings(**{"port": 0, "feed": "manual", "messages_per_second": 0, **options})
            with trio.fail_after(20):
                async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
                    serving = await nursery.start(serve, settings, machine(seed=7))
                    await scenario(Paper(serving.broker, serving.port))
                    nursery.cancel_scope.cancel()

        trio.run(main)

    return run
