"""The whole process over a paper TWS, in one trio run and in virtual time; nothing is played by the test but the market
and the people who trade beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

from actors.ib.memory import MemoryConnection
from actors.storage.memory import SimulatedDisk, SimulatedStorage
from config.environment import virtual
from config.settings import RiskSettings, Settings, SymbolSettings
from messages.event import BaseEvent
from messages.lifecycle import ActorCrashed, ListAlarms
from messages.order import ListOrders, OrderView, Role, Side
from messages.position import DescribePosition, ExitPlan, OpenPosition, PositionView, Size
from simulator.app import PaperBroker, SimulatorSettings
from simulator.memory import MemoryLink
from simulator.model import Order, Ticked
from supervisors.process import Process
from supervisors.tree import World, build_tree

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ACCOUNT = "DU1234567"
D = Decimal


class Recorder:
    """Keeps what the bus carries."""

    def __init__(self) -> None:
        self.events: list[BaseEvent] = []

    def tell(self, message: Any) -> None:
        self.events.append(message)


class Plant:
    """A running process and its broker."""

    def __init__(self, paper: PaperBroker, disk: SimulatedDisk, settings: Settings, nursery: trio.Nursery) -> None:
        self.paper = paper
        self.disk = disk
        self.settings = settings
        self.recorder = Recorder()
        self.links: list[MemoryLink] = []
        self.poison = 3  # messages that a test may spend on crashes: past the intensity comes quarantine
        self._nursery = nursery
        self._scope = trio.CancelScope()
        self.process: Process

    async def start(self) -> None:
        """Start a process on the disk as it is."""
        world = World(storage=lambda: SimulatedStorage(self.disk), connection=lambda: MemoryConnection(self._dial))
        environment = virtual(START, seed=len(self.disk.rows) + 1)
        environment.now = self.paper.environment.now
        self.process = Process(self.settings, environment, partial(build_tree, world=world))
        self.process.bus.subscribe(BaseEvent, self.recorder)
        self._scope = trio.CancelScope()
        started = trio.Event()

        async def run() -> None:
            with self._scope:
                await self.process.run(on_started=started.set)

        self._nursery.start_soon(run)
        await started.wait()
        await self.settle(0.5)

    async def kill(self) -> None:
        """End the process without any order, and lose what the disk had not synced."""
        self._scope.cancel()
        await trio.sleep(0.01)
        self.disk.power_cut()

    def _dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
        link = MemoryLink(self.paper.tws, on_data, on_lost, latency=0.001)
        self._nursery.start_soon(link.run)
        self.links.append(link)
        return link

    async def settle(self, seconds: float = 0.2) -> None:
        """Let everything happen that is on its way."""
        await trio.sleep(seconds)

    async def ask(self, name: str, message: Any) -> Any:
        return await self.process.system.address(name).ask(message)

    # the market

    def tick(self, symbol: str, kind: int, price: float, size: int = 1000) -> None:
        contract = self.paper.contracts.find(symbol, "STK")[0].contract
        self.paper.deliver([Ticked(contract, kind, price, size, self.paper.environment.now())])

    async def trade_at(self, price: float, symbol: str = "AAPL") -> None:
        """Let the market trade at a price, bid and ask a cent around it."""
        for kind, value in ((1, price - 0.01), (2, price + 0.01), (4, price)):
            self.tick(symbol, kind, round(value, 2))
        await self.settle()

    def by_hand(self, side: Side, quantity: int, price: str) -> None:
        contract = self.paper.contracts.find("AAPL", "STK")[0].contract
        self.paper.venue.manual_trade(ACCOUNT, contract, D(quantity) * side.sign, D(price))

    # both sides

    async def open(self, side: Side = Side.BUY, quantity: int = 100, **exits: Any) -> Any:
        plan = ExitPlan(**(exits or {"stop_loss_pct": D("0.03"), "take_profit_pct": D("0.08")}))
        command = OpenPosition(side=side, size=Size(quantity=D(quantity)), exits=plan, source="test")
        answer = await self.ask("position/AAPL", command)
        await self.settle()
        return answer

    async def view(self) -> PositionView:
        return await self.ask("position/AAPL", DescribePosition())

    async def working(self, *roles: Role) -> list[OrderView]:
        return [order for order in await self.ask("orders", ListOrders()) if order.role in roles or not roles]

    async def alarms(self) -> set[str]:
        return {alarm.kind for alarm in await self.ask("alarms", ListAlarms())}

    def seen(self, kind: type[BaseEvent]) -> list[Any]:
        return [event for event in self.recorder.events if isinstance(event, kind)]

    def at_broker(self) -> list[Order]:
        """Orders that may still fill, by the venue's own book."""
        return [order for order in self.paper.venue.orders.values() if not order.done]

    def held(self) -> Decimal:
        """What the venue's book says is held."""
        return sum((one.quantity for one in self.paper.venue.positions() if one.contract.symbol == "AAPL"), D(0))

    async def agree(self) -> None:
        """Assert that both sides say the same, and that what works are exits of exactly the position."""
        await self.agree_exactly()
        for order in self.at_broker():
            assert order.remaining == abs(self.held())

    async def agree_exactly(self) -> None:
        """Assert that both sides say the same of position and working orders."""
        assert (await self.view()).quantity == self.held()
        ours = {(order.order_ref, order.remaining) for order in await self.working()}
        theirs = {(order.order_ref, order.remaining) for order in self.at_broker()}
        assert ours == theirs

    def crashes(self) -> list[str]:
        """Return what actors crashed of, poisoned messages excepted."""
        return [event.error for event in self.seen(ActorCrashed) if "does not handle object" not in event.error]

    async def quarantined(self) -> list[str]:
        """Return what crashed too often."""
        return [each.address for each in self.process.system.snapshot() if each.state == "quarantined"]


@pytest.fixture
def plant() -> Callable[..., None]:
    """Run `body(plant)`; keywords are risk settings."""

    def run(body: Callable[[Plant], Awaitable[None]], **risk: Any) -> None:
        async def main() -> None:
            settings = Settings(
                risk=RiskSettings(**risk), symbols={"AAPL": SymbolSettings(sector="tech"), "MSFT": SymbolSettings()}
            )
            paper = PaperBroker(SimulatorSettings(feed="manual"), virtual(START, seed=1))
            with trio.fail_after(100_000):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(paper.run)
                    built = Plant(paper, SimulatedDisk(), settings, nursery)
                    await built.start()
                    await built.trade_at(100.0)
                    await body(built)
                    nursery.cancel_scope.cancel()

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    return run
