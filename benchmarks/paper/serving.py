"""Ticks served to reading clients, beside the same bytes written to plain sockets."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice

import trio
from ib_insync import Stock

from benchmarks.paper.link import greeting, subscriptions
from benchmarks.paper.reader import LAST_PRICE
from config.environment import machine
from simulator.app import PaperBroker, Serving, SimulatorSettings, serve
from simulator.contract_files import built_in
from simulator.feeds import ManualFeed, SyntheticFeed
from simulator.model import Ticked

__all__ = ["SYMBOLS", "market", "plain_sockets", "served", "written"]

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMD", "TSLA", "AMZN", "META", "NFLX", "GOOGL", "SPY")
BATCH = 64  # ticks that come together: an accelerated feed's


def market(ticks: int) -> list[list[Ticked]]:
    """Return batches of so many ticks in all; the last one has the price that readers wait for."""
    book, environment = built_in(), machine(seed=1)
    definitions = [book.find(symbol, "STK")[0] for symbol in SYMBOLS]
    now = environment.now()
    walk = SyntheticFeed(definitions, environment, seed=1, rate=50).ticks()
    every = [Ticked(contract, kind, price, size, now) for _, contract, kind, price, size in islice(walk, ticks - 1)]
    every.append(Ticked(definitions[0].contract, 4, LAST_PRICE, 100, now))
    return [every[at : at + BATCH] for at in range(0, len(every), BATCH)]


@asynccontextmanager
async def readers(port: int, clients: int) -> AsyncIterator[Callable[[], float]]:
    """Start the reading process; yields what returns, when it has ended, the time at which it was done."""
    command = [sys.executable, "-m", "benchmarks.paper.reader", str(port), str(clients), *SYMBOLS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            if await trio.to_thread.run_sync(child.stdout.readline) != "ready\n":
                raise RuntimeError("the readers have not come up")
            yield lambda: float(child.stdout.readline()) if child.stdout is not None else 0.0
        finally:
            child.kill()


class _Collector:
    """A transport that keeps what is written."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def write(self, data: bytes) -> None:
        self._pieces.append(data)

    def close(self) -> None:
        raise RuntimeError("the server has ended the link")

    abort = close


def served(clients: int, batches: Sequence[Sequence[Ticked]]) -> float:
    """Return the seconds until each client has read all ticks from the paper TWS."""

    async def main() -> float:
        settings = SimulatorSettings(port=0, feed="manual", messages_per_second=0, output_bytes=1 << 31)
        async with trio.open_nursery() as nursery:
            serving: Serving = await nursery.start(serve, settings, machine(seed=1))
            feed, board = serving.broker.feed, serving.broker.tws.board
            assert isinstance(feed, ManualFeed)
            async with readers(serving.port, clients) as done:
                while board.subscriptions < clients * len(SYMBOLS):
                    await trio.sleep(0.01)
                start = time.perf_counter()
                for batch in batches:
                    feed.push(batch)
                    await trio.lowlevel.checkpoint()
                seconds = await trio.to_thread.run_sync(done) - start
            nursery.cancel_scope.cancel()
        return seconds

    return trio.run(main)


def written(batches: Sequence[Sequence[Ticked]]) -> list[bytes]:
    """Return what the paper TWS writes to one client for each batch."""
    pieces: list[bytes] = []
    broker = PaperBroker(SimulatorSettings(feed="manual", messages_per_second=0), machine(seed=1))
    session = broker.tws.connect(_Collector(pieces))
    session.feed(greeting(1))
    session.feed(subscriptions([Stock(symbol, "SMART", "USD") for symbol in SYMBOLS]))
    found = []
    for batch in batches:
        pieces.clear()
        broker.deliver(batch)
        found.append(b"".join(pieces))
    return found


def plain_sockets(clients: int, data: Sequence[bytes]) -> float:
    """Return the seconds until each client has read the same bytes from sockets that nobody thinks about."""

    async def main() -> float:
        links: list[trio.SocketStream] = []
        async with trio.open_nursery() as nursery:
            (listener, *_) = await trio.open_tcp_listeners(0, host="127.0.0.1")

            async def accept(stream: trio.SocketStream) -> None:
                links.append(stream)
                await trio.sleep_forever()

            nursery.start_soon(partial(trio.serve_listeners, accept, [listener]))
            async with readers(listener.socket.getsockname()[1], -clients) as done:
                while len(links) < clients:
                    await trio.sleep(0.01)
                start = time.perf_counter()
                for piece in data:
                    for link in links:
                        await link.send_all(piece)
                seconds = await trio.to_thread.run_sync(done) - start
            nursery.cancel_scope.cancel()
        return seconds

    return trio.run(main)
