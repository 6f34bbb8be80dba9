"""A paper TWS with the real ib_insync as its client: over TCP on one machine, in one thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio_asyncio
from ib_insync import IB

from config.environment import machine
from simulator.contract_files import built_in
from simulator.model import Ticked
from simulator.server.pacing import PacingLimits
from simulator.server.paper_tws import PaperTws
from simulator.server.tcp import listen, serve_links
from simulator.venue import Venue

EXECUTABLE = {"bid": 1, "ask": 2, "last": 4, "high": 6, "low": 7, "close": 9, "open": 14}


class Paper:
    """A paper TWS on a port, with a market that the test moves by hand."""

    def __init__(self, tws: PaperTws, venue: Venue, port: int) -> None:
        self.tws = tws
        self.venue = venue
        self.port = port

    @classmethod
    @asynccontextmanager
    async def open(cls, *, output_bytes: int = 1 << 24, **options: Any) -> AsyncIterator[Paper]:
        environment = machine(seed=7)
        contracts = built_in()
        accounts = options.get("accounts", ("DU1234567",))
        venue = Venue(environment, contracts, accounts=accounts, cash=Decimal(1_000_000))
        options.setdefault("pacing", PacingLimits(0))
        tws = PaperTws(venue, contracts, environment, **options)
        async with trio.open_nursery() as nursery:
            listeners = await listen("127.0.0.1", 0)
            nursery.start_soon(serve_links, tws, listeners, output_bytes)
            yield cls(tws, venue, listeners[0].socket.getsockname()[1])
            nursery.cancel_scope.cancel()

    def tick(self, symbol: str, **prices: float) -> None:
        """Move the market: bid=…, ask=…, last=…, each 1,000 shares unless size=… is given."""
        (definition,) = self.tws.contracts.find(symbol, "STK")
        size = int(prices.pop("size", 1000))
        for name, price in prices.items():
            tick_type = EXECUTABLE[name]
            self.venue.on_tick(Ticked(definition.contract, tick_type, price, size, datetime.now(UTC)))

    @asynccontextmanager
    async def client(self, client_id: int = 7, **options: Any) -> AsyncIterator[IB]:
        """A connected `IB()`, stock but for its throttle."""
        ib = IB()
        ib.client.MaxRequests = 0
        ib.RaiseRequestErrors = True
        await trio_asyncio.aio_as_trio(ib.connectAsync)(
            "127.0.0.1", self.port, clientId=client_id, timeout=4, **options
        )
        try:
            yield ib
        finally:
            ib.disconnect()


@pytest.fixture
def with_paper() -> Callable[..., None]:
    """Run `await scenario(paper)` against a paper TWS; options go to PaperTws."""

    def run(scenario: Callable[[Paper], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            with trio.fail_after(20):
                async with trio_asyncio.open_loop(), Paper.open(**options) as paper:
                    await scenario(paper)

        trio.run(main)

    return run
