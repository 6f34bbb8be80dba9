"""A paper TWS with the real ib_insync as its client: over TCP, or in memory and in virtual time; in one thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio_asyncio
from eventkit import Event
from ib_insync import IB

from simulator.app import PaperBroker
from simulator.testing import TrioPaper, VirtualPaper, open_paper, run_virtual


class Paper(TrioPaper):
    """A paper TWS on a port, with a market that the test moves by hand."""

    def __init__(self, broker: PaperBroker, host: str, port: int) -> None:
        super().__init__(broker, host, port)
        self.tws = broker.tws
        self.venue = broker.venue

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
            with trio.fail_after(20):
                async with trio_asyncio.open_loop(), open_paper(**{"messages_per_second": 0, **options}) as served:
                    await scenario(Paper(served.broker, served.host, served.port))

        trio.run(main)

    return run


class MemoryPaper(Paper):
    """A paper TWS in the same trio run as its clients, in virtual time."""

    def __init__(self, virtual: VirtualPaper) -> None:
        super().__init__(virtual.broker, virtual.host, virtual.port)
        self._virtual = virtual

    def new_client(self) -> IB:
        """An `IB()` that will connect in memory."""
        ib: IB = self._virtual.attach(IB())
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
        async def main(virtual: VirtualPaper) -> None:
            with trio.fail_after(1000):
                await scenario(MemoryPaper(virtual))

        run_virtual(main, **{"messages_per_second": 0, **options})

    return run
