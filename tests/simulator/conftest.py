"""A paper TWS with the real ib_insync as its client: over TCP, or in memory and in virtual time; in one thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import trio
import trio_asyncio
from eventkit import Event
from ib_insync import IB
from trio.testing import MockClock

from config.environment import machine, virtual
from simulator.app import PaperBroker, SimulatorSettings, serve
from simulator.feeds import ManualFeed
from simulator.memory import MemoryLink
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


def once(event: Event) -> trio.Event:
    """Return a trio event that the next emission of an eventkit event sets; make it before the cause."""
    happened = trio.Event()
    event.connect(lambda *_: happened.set())
    return happened


@pytest.fixture(name="once")
def once_fixture() -> Callable[[Event], trio.Event]:
    """`gone = once(ib.disconnectedEvent)`, then the cause, then `await gone.wait()`."""
    return once


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


class MemoryConnection:
    """The in-memory twin of ib_insync's `Connection`."""

    def __init__(self, broker: PaperBroker, nursery: trio.Nursery) -> None:
        self.hasData = Event("hasData")
        self.disconnected = Event("disconnected")
        self.numBytesSent = self.numMsgSent = 0
        self.transport = None
        self._broker = broker
        self._nursery = nursery
        self._link: MemoryLink | None = None

    async def connectAsync(self, host: str, port: int) -> None:
        if self._link is not None:
            self._link.disconnect()
        self._link = MemoryLink(self._broker.tws, self.hasData.emit, self._on_lost)
        self._nursery.start_soon(self._link.run)

    def _on_lost(self, reason: str) -> None:
        self._link = None
        self.disconnected.emit(reason)

    def disconnect(self) -> None:
        if self._link is not None:
            self._link.disconnect()

    def isConnected(self) -> bool:
        return self._link is not None

    def sendMsg(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(data)


class MemoryPaper(Paper):
    """A paper TWS in the same trio run as its clients, in virtual time."""

    def __init__(self, broker: PaperBroker, nursery: trio.Nursery) -> None:
        super().__init__(broker, 0)
        self._nursery = nursery

    def new_client(self) -> IB:
        """An `IB()` that will connect in memory."""
        ib = IB()
        ib.client.MaxRequests = 0
        connection = MemoryConnection(self.broker, self._nursery)
        connection.hasData += ib.client._onSocketHasData
        connection.disconnected += ib.client._onSocketDisconnected
        ib.client.conn = connection
        return ib

    @asynccontextmanager
    async def client(self, client_id: int = 7, **options: Any) -> AsyncIterator[IB]:
        ib = self.new_client()
        await trio_asyncio.aio_as_trio(ib.connectAsync)("memory", 0, clientId=client_id, timeout=4, **options)
        try:
            yield ib
        finally:
            ib.disconnect()


@pytest.fixture
def in_memory() -> Callable[..., None]:
    """Run `await scenario(paper)` in virtual time, without a socket; options are SimulatorSettings."""

    def run(scenario: Callable[[MemoryPaper], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            settings = SimulatorSettings(**{"feed": "manual", "messages_per_second": 0, **options})
            environment = virtual(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), seed=7)
            async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
                broker = PaperBroker(settings, environment)
                nursery.start_soon(broker.run)
                await trio.testing.wait_all_tasks_blocked()
                with trio.fail_after(1000):
                    await scenario(MemoryPaper(broker, nursery))
                nursery.cancel_scope.cancel()

        trio.run(main, clock=MockClock(autojump_threshold=0))

    return run
