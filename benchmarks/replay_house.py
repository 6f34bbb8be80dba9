"""The replay through the whole process and the paper TWS, in one trio run and in virtual time.

Each last price comes with a bid and an ask at the same price, as NautilusTrader's venue sets them. The venue matches
the orders that rest there (a limit and a trailing stop for each position), the server writes the bytes that TWS would
write, the client decodes them, and position, orders, portfolio and journal do their work, on a disk in memory.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import trio
import trio.testing

from actors.ib.memory import MemoryConnection
from benchmarks.collector import settle
from benchmarks.replay_positions import BATCH, Exit, Playback, Replayed, Ticks
from benchmarks.replay_ticks import STOP, TARGET, TRAIL, sign_of
from config.determinism import scheduled_from
from config.environment import virtual
from config.settings import BrokerSettings, RiskSettings, Settings, SymbolSettings
from messages.order import Side
from messages.position import CommandAccepted, ExitPlan, OpenPosition, PositionCloseEvent, Size
from simulator.app import PaperBroker, SimulatorSettings
from simulator.memory import MemoryLink
from simulator.model import Ticked
from simulator.server import market_data
from storage.memory import SimulatedDisk, SimulatedStorage
from supervisors.process import Process
from supervisors.tree import World, build_tree

__all__ = ["replay_house"]

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
APART = 0.02  # virtual seconds between two batches: orders keep TWS's rate of messages, by the same clock
LATENCY = 0.0002  # virtual seconds to the paper TWS and back
EXITS = ExitPlan(
    stop_loss_pct=Decimal(str(STOP)), take_profit_pct=Decimal(str(TARGET)), trailing_stop_pct=Decimal(str(TRAIL))
)
SUBSCRIBED_A_SECOND, ENTERED_A_SECOND = 10, 12  # within the rate of messages that TWS allows
QUOTE = ((1, 10_000), (2, 10_000), (4, 100))  # kinds of tick, and sizes


def name_of(symbol: int) -> str:
    """Return a symbol that the contract file has."""
    return f"S{symbol}"


def contract_file(folder: Path, symbols: int) -> Path:
    """Write definitions of so many stocks."""
    path = folder / "contracts.csv"
    rows = [f"{900_000 + symbol},{name_of(symbol)},STK,NASDAQ" for symbol in range(symbols)]
    path.write_text("\n".join(["con_id,symbol,sec_type,primary_exchange", *rows]), encoding="utf-8")
    return path


class House:
    """The process and its broker; enters each symbol anew when its position has closed."""

    def __init__(self, paper: PaperBroker, symbols: int, nursery: trio.Nursery) -> None:
        self.paper = paper
        self.playback = Playback(symbols)
        self._nursery = nursery
        self._numbers = {name_of(symbol): symbol for symbol in range(symbols)}
        self._contracts = [paper.contracts.find(name)[0].contract for name in self._numbers]
        settings = Settings(
            broker=BrokerSettings(market_data_lines=symbols + 1),
            risk=RiskSettings(quote_max_age_seconds=3600.0),
            symbols={name: SymbolSettings() for name in self._numbers},
        )
        disk = SimulatedDisk()
        world = World(storage=lambda: SimulatedStorage(disk), connection=lambda: MemoryConnection(self._dial))
        environment = virtual(START, seed=1)
        environment.now = paper.environment.now
        self.process = Process(settings, environment, partial(build_tree, world=world))
        self.process.bus.subscribe(PositionCloseEvent, self)

    def _dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
        link = MemoryLink(self.paper.tws, on_data, on_lost, latency=LATENCY)
        self._nursery.start_soon(link.run)
        return link

    def play(self, ticks: Ticks) -> None:
        """Have the market trade."""
        now = self.paper.environment.now()
        contracts = self._contracts
        self.paper.deliver(
            [Ticked(contracts[symbol], kind, price, size, now) for symbol, _, price, _ in ticks for kind, size in QUOTE]
        )

    def tell(self, event: Any) -> None:
        """Note a position that has closed, and enter anew."""
        symbol = self._numbers[event.position.symbol]
        price = event.position.last_price or 0.0
        self.playback.exits.append(Exit(symbol, event.reason, self.playback.number(symbol), price))
        self._nursery.start_soon(self.enter, symbol)

    async def enter(self, symbol: int) -> None:
        """Hold a position, as soon as one can be opened."""
        side = Side.BUY if sign_of(symbol) > 0 else Side.SELL
        command = OpenPosition(side=side, size=Size(quantity=Decimal(100)), exits=EXITS, source="benchmark")
        address = self.process.system.address(f"position/{name_of(symbol)}")
        with trio.fail_after(60):
            while not isinstance(await address.ask(command), CommandAccepted):
                await trio.sleep(0.001)


async def _replay(symbols: int, ticks: Ticks, contracts: Path) -> Replayed:
    settings = SimulatorSettings(feed="manual", contracts=contracts, cash=Decimal(1_000_000_000))
    async with trio.open_nursery() as nursery:
        paper = PaperBroker(settings, virtual(START, seed=1))
        nursery.start_soon(paper.run)
        house = House(paper, symbols, nursery)
        started = trio.Event()
        nursery.start_soon(partial(house.process.run, on_started=started.set))
        await started.wait()
        await trio.sleep(symbols / SUBSCRIBED_A_SECOND)
        for symbol in range(symbols):
            if symbol % 50 == 0:
                house.play(ticks[:symbols])  # so that no feed is taken for dead
                await trio.sleep(1)
            await house.enter(symbol)
            await trio.sleep(1 / ENTERED_A_SECOND)
        await trio.sleep(1)
        settle()
        size = min(BATCH, symbols)
        began, began_cpu = perf_counter(), process_time()
        for start in range(symbols, len(ticks), size):
            house.playback.start = start
            house.play(ticks[start : start + size])
            await trio.sleep(APART)
        seconds, cpu = perf_counter() - began, process_time() - began_cpu
        nursery.cancel_scope.cancel()
    return Replayed(seconds, cpu, house.playback.exits)


def replay_house(symbols: int, ticks: Ticks) -> Replayed:
    """Play the ticks to the whole process. The first of each symbol only makes a price to enter at: it is not timed."""
    lines, thresholds = market_data.MOST_LINES, gc.get_threshold()
    market_data.MOST_LINES = max(lines, symbols)  # an account may buy more than the hundred
    try:
        with TemporaryDirectory() as folder, scheduled_from(1):
            clock = trio.testing.MockClock(autojump_threshold=0)
            return trio.run(_replay, symbols, ticks, contract_file(Path(folder), symbols), clock=clock)
    finally:
        market_data.MOST_LINES = lines
        gc.unfreeze()  # what `settle` has set aside
        gc.set_threshold(*thresholds)
