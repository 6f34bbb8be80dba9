"""A paper TWS in memory and in virtual time: the real client, decoder and server in one thread, from a seed.

Nothing waits: when every task sleeps, the clock jumps to the next that wakes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from config.environment import virtual
from simulator.app import PaperBroker
from simulator.memory import MemoryLink
from simulator.testing.in_trio import TrioPaper
from simulator.testing.loops import keep_plain_loops
from simulator.testing.options import settings_of
from simulator.testing.unwrapping import unwrapped

__all__ = ["START", "VirtualPaper", "run_virtual"]

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, half an hour after New York's opening
_LIMIT = 86_400.0 * 30


class VirtualPaper(TrioPaper):
    """A paper TWS in the same trio run as its clients, without sockets."""

    def __init__(self, broker: PaperBroker, nursery: trio.Nursery) -> None:
        super().__init__(broker, "memory", 0)
        self._nursery = nursery

    def attach(self, ib: Any) -> Any:
        """Give an `IB()` of ib_insync or ib_async a connection in memory, and return it; not yet connected.

        Its `connectAsync` takes any host and port then. Its own throttle is off: it reads the machine's clock.
        """
        ib.client.MaxRequests = 0
        ib.client.conn = MemoryConnection(ib.client.conn, self.dial)
        return ib

    def dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
        """Return a new link, for a client of another kind; see `MemoryLink`."""
        link = MemoryLink(self.broker.tws, on_data, on_lost)
        self._nursery.start_soon(link.run)
        return link


class MemoryConnection:
    """The in-memory twin of ib_insync's `Connection`, whose events it takes over."""

    def __init__(self, twin: Any, dial: Callable[..., MemoryLink]) -> None:
        self.hasData = twin.hasData
        self.disconnected = twin.disconnected
        self.transport = None
        self._dial = dial
        self._link: MemoryLink | None = None
        self.reset()

    def reset(self) -> None:
        self.numBytesSent = self.numMsgSent = 0

    async def connectAsync(self, host: str, port: int) -> None:
        self.disconnect()
        self.reset()
        self._link = self._dial(self.hasData.emit, self._lost)

    def _lost(self, reason: str) -> None:
        self._link = None
        self.disconnected.emit(reason)

    def disconnect(self) -> None:
        if self._link is not None:
            self._link.disconnect()

    def isConnected(self) -> bool:
        return self._link is not None

    def sendMsg(self, msg: bytes) -> None:
        if self._link is not None:
            self._link.send(msg)
            self.numBytesSent += len(msg)
            self.numMsgSent += 1


def run_virtual(
    scenario: Callable[[VirtualPaper], Awaitable[None]],
    *,
    start: datetime = START,
    folder: Path = Path(),
    **options: Any,
) -> None:
    """Run `await scenario(paper)` from `start`, an aware time; options are those of `settings_of`, but for the port.

    The scenario is a trio task inside a trio-asyncio loop: `await aio_as_trio(ib.connectAsync)(…)` connects,
    `await trio.sleep(3600)` lets an hour pass. Raises what it raises, and trio.TooSlowError after 30 days.
    """
    # imported here because it changes asyncio for the whole process, which other tests need not suffer
    import trio_asyncio

    keep_plain_loops()
    settings = settings_of(options, folder)

    async def main() -> None:
        environment = virtual(start, settings.seed)
        async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
            broker = PaperBroker(settings, environment)
            nursery.start_soon(broker.run)
            await wait_all_tasks_blocked()
            with trio.fail_after(_LIMIT):
                await scenario(VirtualPaper(broker, nursery))
            nursery.cancel_scope.cancel()

    with unwrapped():
        trio.run(main, clock=MockClock(autojump_threshold=0))
