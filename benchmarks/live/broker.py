"""The paper TWS as a stopwatch: writes ticks to the one client, and notes when its orders arrive.

Run as a child process. Reads a command a line (JSON) and answers with a line (JSON); ends with its input.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import trio

from config.environment import machine
from simulator.contract_files import built_in
from simulator.contracts import ContractBook
from simulator.model import Ticked
from simulator.server.paper_tws import PaperTws
from simulator.server.session import Session
from simulator.server.tcp import listen, serve_links
from simulator.server.transport import Transport
from simulator.venue import Venue
from simulator.wire.framing import FrameReader, frame

PRICE = 100.0
SPREAD = 0.02
BID, ASK, LAST = 1, 2, 4
CASH = Decimal(1_000_000_000)  # so that no order of a long run is refused for want of margin


class StopwatchTws(PaperTws):
    """Reads the client's requests over the session's shoulder."""

    lines: dict[str, int]  # symbol → request id of its market data
    link: Transport | None = None
    on_order: Callable[[float], None] = staticmethod(lambda _: None)

    def connect(self, transport: Transport) -> Session:
        """Accept the client, and look at each of its frames before the session does."""
        session = super().connect(transport)
        self.link, self.lines = transport, {}
        reader, take = FrameReader(), session.feed
        greeted = False

        def feed(data: bytes) -> None:
            nonlocal greeted
            now = time.perf_counter()
            reader.feed(data)
            if not greeted:
                greeted = reader.take(4) is not None
            for body in reader.frames():
                fields = body.split(b"\0")
                if fields[0] == b"3":
                    self.on_order(now)
                elif fields[0] == b"1":
                    self.lines[fields[4].decode()] = int(fields[2])
            take(data)

        session.feed = feed  # type: ignore[method-assign]
        return session


def tick(req_id: int, kind: int, price: float) -> bytes:
    """One tickPrice message with a size of 100."""
    return frame(f"1\x006\x00{req_id}\x00{kind}\x00{price:.2f}\x00100\x000\x00".encode())


def burst(lines: dict[str, int], count: int, trigger: str, price: float) -> bytes:
    """`count` ticks of a random walk close to 100 over all symbols, and a last one that makes an exit due."""
    return _walk(tuple(lines.items()), count - 1) + tick(lines[trigger], LAST, price)


@cache
def _walk(lines: tuple[tuple[str, int], ...], count: int) -> bytes:
    generator = random.Random(7)
    prices = {req_id: PRICE for _, req_id in lines}
    ids = list(prices)
    out = bytearray()
    for _ in range(count):
        req_id = generator.choice(ids)
        step = generator.choice((-0.01, 0.0, 0.01))
        prices[req_id] = min(max(prices[req_id] + step, PRICE - 0.5), PRICE + 0.5)
        kind = generator.choice((BID, ASK, LAST))
        offset = {BID: -SPREAD / 2, ASK: SPREAD / 2, LAST: 0.0}[kind]
        out += tick(req_id, kind, prices[req_id] + offset)
    return bytes(out)


class Desk:
    """Carries out the commands."""

    def __init__(self, tws: StopwatchTws) -> None:
        self._tws = tws
        self._arrived = trio.Event()
        self._times: list[float] = []
        self._expected = 1
        tws.on_order = self._order

    def _expect(self, orders: int) -> None:
        self._arrived, self._times, self._expected = trio.Event(), [], orders

    def _order(self, now: float) -> None:
        if not self._arrived.is_set():
            self._times.append(now)
            if len(self._times) == self._expected:
                self._arrived.set()

    async def carry_out(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do one thing, and say what was measured: seconds from writing the ticks to reading the next order.

        `expect` and then `arrived` are for what does not begin here: by the clock that all processes of a Linux share.
        """
        tws = self._tws
        match command["do"]:
            case "subscribed":
                while len(getattr(tws, "lines", {})) < command["count"]:
                    await trio.sleep(0.01)
                return {"symbols": sorted(tws.lines)}
            case "price":
                data = b"".join(
                    tick(req_id, kind, command["price"] + offset)
                    for req_id in tws.lines.values()
                    for kind, offset in ((BID, -SPREAD / 2), (ASK, SPREAD / 2), (LAST, 0.0))
                )
                self._write(data)
                return {}
            case "burst":
                data = burst(tws.lines, command["ticks"], command["trigger"], command["price"])
                return await self._measure(data)
            case "tick":
                return await self._measure(tick(tws.lines[command["symbol"]], LAST, command["price"]))
            case "expect":
                self._expect(command["orders"])
                return {}
            case "arrived":
                with trio.fail_after(60):
                    await self._arrived.wait()
                return {"times": self._times}
            case unknown:
                raise ValueError(f"no command {unknown!r}")

    def _write(self, data: bytes) -> None:
        if self._tws.link is None:
            raise RuntimeError("no client is connected")
        self._tws.link.write(data)

    async def _measure(self, data: bytes) -> dict[str, Any]:
        self._expect(1)
        start = time.perf_counter()
        self._write(data)
        with trio.fail_after(60):
            await self._arrived.wait()
        return {"seconds": self._times[0] - start}


def quotes(contracts: ContractBook, symbols: list[str]) -> Iterator[Ticked]:
    """A market at 100 for each symbol, deep enough for every order."""
    now = datetime.now(UTC)
    for symbol in symbols:
        contract = contracts.find(symbol)[0].contract
        for kind, price in ((BID, PRICE - SPREAD / 2), (ASK, PRICE + SPREAD / 2), (LAST, PRICE)):
            yield Ticked(contract, kind, price, 10_000_000, now)


async def main(symbols: list[str]) -> None:
    """Serve one client after the other until the input ends."""
    environment = machine(seed=1)
    contracts = built_in()
    venue = Venue(environment, contracts, cash=CASH)
    tws = StopwatchTws(venue, contracts, environment)
    for ticked in quotes(contracts, symbols):
        venue.on_tick(ticked)
    listeners = await listen("127.0.0.1", 0)
    desk = Desk(tws)
    print(json.dumps({"port": listeners[0].socket.getsockname()[1]}), flush=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_links, tws, listeners, 1 << 30)
        while line := await trio.to_thread.run_sync(sys.stdin.readline):
            for ticked in quotes(contracts, symbols):  # what fills took from the market is there again
                venue.on_tick(ticked)
            print(json.dumps(await desk.carry_out(json.loads(line))), flush=True)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1:])
