"""Where the drills play: a whole Pitboss and a paper TWS in one trio run, in virtual time: each run is the same.

A minute of the market takes a blink. What is printed is the log of the process, in words; nothing is left behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import trio
import trio.testing

from actors.ib.memory import MemoryConnection
from config.environment import virtual
from config.log_events import EVENTS
from config.log_record import LogRecord, as_words
from config.logging import start_logging
from config.risk_settings import RiskSettings
from config.settings import Settings, SymbolSettings
from messages.order import OrderType, Side
from messages.position import ExitPlan, OpenPosition, Size
from simulator.app import PaperBroker, SimulatorSettings
from simulator.memory import MemoryLink
from simulator.model import Ticked
from storage.memory import SimulatedDisk, SimulatedStorage
from supervisors.process import Process
from supervisors.tree import World, build_tree

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in New York
SHOWN = ("breaker.", "system.halted", "system.resumed", "order.filled", "order.cancelled", "order.denied", "position.")


class Stage:
    """The process under drill, the market and the person at the terminal."""

    def __init__(self, paper: PaperBroker, risk: RiskSettings, nursery: trio.Nursery) -> None:
        self.paper = paper
        self.disk = SimulatedDisk()
        self._settings = Settings(risk=risk, symbols={"AAPL": SymbolSettings(), "MSFT": SymbolSettings()})
        self._nursery = nursery
        self._scope = trio.CancelScope()
        self._starts = 0
        self.process: Process

    async def start(self) -> None:
        """Start a process on the disk as it is."""
        self._starts += 1
        world = World(storage=lambda: SimulatedStorage(self.disk), connection=lambda: MemoryConnection(self._dial))
        environment = virtual(START, seed=self._starts)
        environment.now = self.paper.environment.now
        self.process = Process(self._settings, environment, partial(build_tree, world=world))
        self._scope = trio.CancelScope()
        started = trio.Event()

        async def run() -> None:
            with self._scope:
                await self.process.run(on_started=started.set)

        self._nursery.start_soon(run)
        await started.wait()
        await trio.sleep(0.5)

    async def kill(self) -> None:
        """Kill the process, and lose what its disk had not synced."""
        self._scope.cancel()
        await trio.sleep(0.01)
        self.disk.power_cut()
        print("---          killed")

    async def until_halted(self) -> None:
        """Wait for the very moment in which new risk ends."""
        while self.process.state.state != "HALTED":
            await trio.sleep(0.0005)

    def _dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
        link = MemoryLink(self.paper.tws, on_data, on_lost, latency=0.001)
        self._nursery.start_soon(link.run)
        return link

    async def trade_at(self, price: float, symbol: str = "AAPL", seconds: float = 0.5) -> None:
        """Let the market trade at a price, bid and ask a cent around it, and let time pass."""
        contract = self.paper.contracts.find(symbol, "STK")[0].contract
        now = self.paper.environment.now()
        prices = ((1, price - 0.01), (2, price + 0.01), (4, price))
        self.paper.deliver([Ticked(contract, kind, round(value, 2), 1000, now) for kind, value in prices])
        await trio.sleep(seconds)

    async def buy(self, symbol: str, quantity: int, *, limit: str = "", stop: str = "0.9") -> None:
        """Open a position at the market or at a limit."""
        terms: dict[str, Any] = {}
        if limit:
            terms = {"order_type": OrderType.LIMIT, "limit_price": Decimal(limit)}
        exits = ExitPlan(stop_loss_pct=Decimal(stop))
        size = Size(quantity=Decimal(quantity))
        command = OpenPosition(side=Side.BUY, size=size, exits=exits, source="operator", **terms)
        print(f">>> buy {symbol} {quantity}{f' --limit {limit}' if limit else ''}")
        answer = await self.process.system.address(f"position/{symbol}").ask(command)
        if hasattr(answer, "reason"):
            print(f"<<< refused: {answer.reason} ({answer.figures})")
        await trio.sleep(1)

    async def type(self, command: str, **fields: str) -> None:
        """Type a verb, as `pitboss halt --reason …` would send it, and print what it says."""
        print(f">>> pitboss {command}{''.join(f' --{name} {value!r}' for name, value in fields.items())}")
        reply = await self.process.commands.answer({"command": command, **fields})
        print(f"<<< {reply['text'] if reply['ok'] else 'refused: ' + reply['error']}")

    async def show(self) -> None:
        """Print what `pitboss status` says of the breaker, and what the broker's own book holds."""
        reply = await self.process.commands.answer({"command": "status"})
        breaker = reply["status"]["portfolio"]["breaker"]
        held = {one.contract.symbol: f"{one.quantity:f}" for one in self.paper.venue.positions() if one.quantity}
        working = sorted(
            f"{order.contract.symbol} {order.order_type}"
            for order in self.paper.venue.orders.values()
            if not order.done
        )
        words = f"{breaker['state']} {breaker['trigger'] or ''}".strip()
        print(f"=== {words}; at the broker: {held or 'flat'}, {', '.join(working) or 'nothing works'}")


@asynccontextmanager
async def stage(risk: RiskSettings) -> AsyncIterator[Stage]:
    """Run a paper TWS and a process with these risk settings."""
    paper = PaperBroker(SimulatorSettings(feed="manual"), virtual(START, seed=1))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(paper.run)
        built = Stage(paper, risk, nursery)
        await built.start()
        yield built
        nursery.cancel_scope.cancel()


def play(drill: Callable[[], Awaitable[None]]) -> None:
    """Run a drill in virtual time and print its log."""

    async def main() -> None:
        running = start_logging(virtual(START, seed=1), listeners=(_print,), background=False)
        try:
            await drill()
        finally:
            running.stop()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def _print(record: LogRecord) -> None:
    if record.event.startswith(SHOWN) and EVENTS[record.event].shown:
        print(f"{record.moment:%H:%M:%S}.{record.moment.microsecond // 1000:03d} {as_words(record).partition('  ')[0]}")
