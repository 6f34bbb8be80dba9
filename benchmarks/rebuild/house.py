"""A whole Pitboss and the paper TWS in this process, over a real socket and a real disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import trio
from attrs import evolve

from benchmarks import collector
from config.environment import Environment, machine
from config.loading import settings_from
from config.logging import start_logging
from config.settings import Settings
from messages.event import BaseEvent
from messages.gateway import TradingAllowed
from messages.lifecycle import ActorRestarted
from messages.position import DescribePosition, PositionView
from simulator.app import PaperBroker, Serving, SimulatorSettings, serve
from simulator.feeds import ManualFeed
from simulator.model import Ticked
from supervisors.process import Process
from supervisors.tree import build_tree

__all__ = ["PRICE", "House", "contracts_file", "run_house", "symbols"]

PRICE = 100.0
_BID, _ASK, _LAST = 1, 2, 4


def symbols(count: int) -> list[str]:
    """Return so many symbols that no real contract has."""
    return [f"X{number:03}" for number in range(count)]


def contracts_file(folder: Path, names: Sequence[str]) -> Path:
    """Write the contracts for the paper TWS."""
    path = folder / "contracts.csv"
    rows = (f"{900_000_000 + number},{name},STK,NASDAQ,100" for number, name in enumerate(names))
    path.write_text("con_id,symbol,sec_type,primary_exchange,reference_price\n" + "\n".join(rows) + "\n")
    return path


class Poison:
    """A message that no actor knows."""


class House:
    """The process, the broker, and a stopwatch on the bus."""

    def __init__(self, process: Process, broker: PaperBroker) -> None:
        self.process = process
        self.broker = broker
        self.system = process.system
        self._expected: Callable[[BaseEvent], bool] = lambda _: False
        self._happened = trio.Event()
        self._time = 0.0
        process.bus.subscribe(ActorRestarted, self)
        process.bus.subscribe(TradingAllowed, self)

    def tell(self, event: BaseEvent) -> None:
        """Hear an event of the bus."""
        if not self._happened.is_set() and self._expected(event):
            self._time = perf_counter()
            self._happened.set()

    async def poison(self, address: str, expected: Callable[[BaseEvent], bool]) -> float:
        """Crash an actor by a message; return the seconds until the expected event."""
        self._expected, self._happened = expected, trio.Event()
        began = perf_counter()
        self.system.address(address).tell(Poison())
        with trio.fail_after(30):
            await self._happened.wait()
        return self._time - began

    async def until(self, what: str, condition: Callable[[], Any]) -> None:
        """Wait for a condition. Raises TimeoutError."""
        for _ in range(15_000):
            if condition():
                return
            await trio.sleep(0.002)
        raise TimeoutError(f"not in time: {what}")

    def price(self, names: Sequence[str], price: float) -> None:
        """Move the market of these symbols."""
        feed = self.broker.feed
        assert isinstance(feed, ManualFeed)
        now = self.broker.environment.now()
        ticks = []
        for name in names:
            contract = self.broker.contracts.find(name)[0].contract
            for kind, value in ((_BID, price - 0.01), (_ASK, price + 0.01), (_LAST, price)):
                ticks.append(Ticked(contract, kind, round(value, 2), 1_000_000, now))
        feed.push(ticks)

    async def view(self, symbol: str) -> PositionView:
        """Ask a position how it stands."""
        view: PositionView = await self.system.address(f"position/{symbol}").ask(DescribePosition())
        return view

    async def enter(self, names: Sequence[str]) -> None:
        """Buy 100 shares of each and wait until they are protected."""
        for name in names:
            with trio.fail_after(30):
                while not (await self.view(name)).last_price:
                    self.price([name], PRICE)
                    await trio.sleep(0.01)
            reply: dict[str, Any] = await self.process.commands.answer(
                {"command": "buy", "symbol": name, "quantity": "100"}
            )
            if not reply.get("ok"):
                raise RuntimeError(f"{name}: {reply}")
            with trio.fail_after(30):
                while not (await self.view(name)).protected:
                    await trio.sleep(0.002)


def _settings(folder: Path, port: int, names: Sequence[str]) -> Settings:
    data: dict[str, Any] = {
        "process": {"state_dir": str(folder)},
        "broker": {"port": port},
        "risk": {"quote_max_age_seconds": Decimal(3600)},
        "defaults": {"stop_loss_pct": Decimal("0.03"), "take_profit_pct": Decimal("0.08")},
        "symbols": {name: {"sector": f"sector {name}"} for name in names},
    }
    settings = settings_from(data, {})
    # more than a TWS takes: two hundred symbols at its 50 messages a second would take a minute to set up
    return evolve(settings, broker=evolve(settings.broker, messages_per_second=5_000))


@asynccontextmanager
async def run_house(folder: Path, names: Sequence[str], environment: Environment | None = None) -> AsyncIterator[House]:
    """Run them with a state folder until the block ends; READY when it begins. The log goes to the folder."""
    environment = environment or machine(seed=1)
    folder.mkdir(exist_ok=True)
    contracts = contracts_file(folder, names)
    broker = SimulatorSettings(port=0, feed="manual", contracts=contracts, messages_per_second=0, cash=Decimal(10**9))
    log = start_logging(environment, path=folder / "pitboss.log.jsonl")
    try:
        async with trio.open_nursery() as nursery:
            serving: Serving = await nursery.start(serve, broker, environment)
            process = Process(_settings(folder, serving.port, names), environment, build_tree)
            ended = trio.Event()

            async def run() -> None:
                await process.run(on_started=collector.settle)
                ended.set()

            nursery.start_soon(run)
            house = House(process, serving.broker)
            await house.until("READY", lambda: process.state.state == "READY")
            yield house
            process.stop("the measurement is over")
            await ended.wait()
            nursery.cancel_scope.cancel()
    finally:
        log.stop()
