"""Journal, gateway with the real ib_insync client, order actor and paper TWS in one trio run, in virtual time.

A scenario ends with `agree()`: the book must be the broker's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import trio
import trio.testing
from attrs import evolve

from actors.alarms import AlarmsActor
from actors.bus import EventBus
from actors.gateway import GatewayActor, LastGate, LinkHistory
from actors.ib.memory import MemoryConnection
from actors.journal import JournalActor
from actors.orders import OrderActor
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import Environment, virtual
from config.settings import Settings
from messages.journal import Record, Replay
from messages.lifecycle import ActorCrashed, ActorEvent, ListAlarms
from messages.market import Subscribe
from messages.order import (
    ExecutionBooked,
    ListOrders,
    OrderCancelledEvent,
    OrderExpiredEvent,
    OrderRejectedEvent,
    OrderRequest,
    OrderStatus,
    OrderType,
    OrderView,
    Role,
    Side,
    SubmitOrders,
    TimeInForce,
)
from messages.position import DescribePosition
from simulator.app import PaperBroker, SimulatorSettings
from simulator.faults import Rule
from simulator.faults.verbs import Verb
from simulator.memory import MemoryLink
from simulator.model import Ticked
from storage.memory import SimulatedDisk, SimulatedStorage

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SYMBOLS = ("AAPL", "MSFT")
D = Decimal
M = TypeVar("M")


class Listener(RunQueueActor):
    """Keeps what it is told."""

    def __init__(self, context: ActorContext, heard: list[Any]) -> None:
        super().__init__(context)
        self.heard = heard

    def on_receive(self, message: Any) -> None:
        if not isinstance(message, DescribePosition):
            self.heard.append(message)


class Process:
    """One process: it can be killed, and another started on the same disk and broker."""

    def __init__(self, system: System, scope: trio.CancelScope) -> None:
        self.system, self.scope = system, scope
        self.heard: dict[str, list[Any]] = {name: [] for name in ("portfolio", *(f"position/{s}" for s in SYMBOLS))}


class Floor:
    """What a scenario needs."""

    def __init__(self, nursery: trio.Nursery, environment: Environment, settings: Settings) -> None:
        self.environment, self.settings = environment, settings
        self.paper = PaperBroker(SimulatorSettings(feed="manual"), environment)
        self.disk = SimulatedDisk()
        self.crashes: list[ActorEvent] = []
        self.listens = True
        self._nursery = nursery
        self._process: Process | None = None
        self._processes: list[Process] = []
        nursery.start_soon(self.paper.run)

    # processes

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        """Start a process, and wait until it knows its symbols."""
        await self._nursery.start(self._live)
        system, bus = self.process.system, EventBus()
        history = LinkHistory(LastGate(self.settings.risk))
        storage = SimulatedStorage(self.disk)
        await system.start("journal", lambda context: JournalActor(context, storage=storage, owner="test"))
        await system.start("alarms", lambda context: AlarmsActor(context, bus=bus))
        for name, heard in self.process.heard.items():
            await system.start(name, lambda context, heard=heard: Listener(context, heard))
        await system.start(
            "gateway",
            lambda context: GatewayActor(
                context,
                settings=self.settings,
                bus=bus,
                history=history,
                connection_factory=lambda: MemoryConnection(self._dial),
            ),
        )
        await system.start("orders", lambda context: OrderActor(context, settings=self.settings, bus=bus))
        for symbol in SYMBOLS:
            system.address("gateway").tell(Subscribe(symbol))
        await self.settle()

    async def kill(self) -> None:
        """Kill −9: what is not on the disk is gone."""
        self.process.scope.cancel()
        await trio.sleep(0.001)
        self.disk.power_cut()

    async def _live(self, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope() as scope:
            system = System(self.environment, on_event=self._hear)
            self._process = Process(system, scope)
            self._processes.append(self._process)
            await system.run(task_status=task_status)

    def _hear(self, event: ActorEvent) -> None:
        if isinstance(event, ActorCrashed):
            self.crashes.append(event)

    def _dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
        if not self.listens:
            raise ConnectionRefusedError(111, "Connection refused")
        link = MemoryLink(self.paper.tws, on_data, on_lost)
        self._nursery.start_soon(link.run)
        return link

    async def settle(self, seconds: float = 0.5) -> None:
        await trio.sleep(seconds)

    # the broker

    def fault(self, *do: Verb, on: str = "placeOrder", **rule: Any) -> None:
        """Have the paper TWS misbehave."""
        self.paper.faults.add(Rule(on=on, do=do, **rule))

    def now(self, *do: Verb) -> None:
        """Have it misbehave at once."""
        self.paper.faults.do(*do)

    def quote(self, symbol: str = "AAPL", bid: float = 99.99, ask: float = 100.0) -> None:
        contract = self.paper.contracts.find(symbol, "STK")[0].contract
        at = self.environment.now()
        self.paper.deliver([Ticked(contract, 1, bid, 10_000, at), Ticked(contract, 2, ask, 10_000, at)])

    @property
    def orders_at_broker(self) -> dict[str, Any]:
        return {order.order_ref: order for order in self.paper.venue.orders.values()}

    # our side

    def tell(self, *messages: Any) -> None:
        for message in messages:
            self.process.system.address("orders").tell(message)

    def submit(self, *orders: OrderRequest) -> None:
        self.tell(SubmitOrders(orders, f"position/{orders[0].symbol}", D(100), True))

    def events(self, kind: type[M], symbol: str = "AAPL") -> list[M]:
        return [message for message in self.process.heard[f"position/{symbol}"] if isinstance(message, kind)]

    async def views(self) -> dict[str, OrderView]:
        listed: tuple[OrderView, ...] = await self.process.system.address("orders").ask(ListOrders(done=True))
        return {view.order_ref: view for view in listed}

    async def status(self, ref: str = "pb-1") -> OrderStatus:
        return (await self.views())[ref].status

    async def alarms(self) -> list[str]:
        standing = await self.process.system.address("alarms").ask(ListAlarms())
        return [alarm.kind for alarm in standing if alarm.kind.startswith(("order", "execution"))]

    async def journaled(self, *kinds: type) -> list[Any]:
        names = tuple(kind.__name__ for kind in kinds)
        records: list[Record] = await self.process.system.address("journal").ask(Replay(kinds=names))
        return [record.payload for record in records]

    def check_endings(self) -> None:
        """Nobody was ever told of an end that was none: on it a position would have acted."""
        told = [message for process in self._processes for heard in process.heard.values() for message in heard]
        at_broker = self.orders_at_broker
        for message in told:
            match message:
                case OrderRejectedEvent(order) | OrderExpiredEvent(order):
                    assert order.order_ref not in at_broker, message
                case OrderCancelledEvent(order):
                    assert order.order_ref not in at_broker or at_broker[order.order_ref].done, message
                case _:
                    pass

    async def agree(self, seconds: float = 200.0) -> None:
        """After faults have stopped and a quiet period: state = ground truth, nothing twice, nobody crashed."""
        self.check_endings()
        self.paper.faults.clear()
        await self.settle(seconds)
        assert self.crashes == []
        assert self.process.system.dead_letters.count == 0
        truth = list(self.paper.venue.orders.values())
        references = [order.order_ref for order in truth if order.order_ref]
        assert len(references) == len(set(references)), "an order was duplicated"
        views = await self.views()
        for order in truth:
            if not order.order_ref:
                continue
            view = views[order.order_ref]
            assert view.filled == order.filled, (view, order)
            assert view.status.done is order.done, (view, order)
            if not order.done:
                assert view.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED), view
                assert view.quantity == order.quantity
                assert view.limit_price == order.limit
        for ref, view in views.items():
            if ref and ref not in references:
                assert view.status.done, view
                assert view.filled == 0, view
        in_force = {fact.execution.base: fact.execution for fact in await self.journaled(ExecutionBooked)}
        booked = {symbol: D(0) for symbol in SYMBOLS}
        for execution in in_force.values():
            booked[execution.symbol] += execution.signed_quantity
        held = {position.contract.symbol: position.quantity for position in self.paper.venue.positions()}
        assert booked == {symbol: held.get(symbol, D(0)) for symbol in SYMBOLS}
        self.check_endings()
        assert not any(alarm in ("order.unknown", "order.mismatch") for alarm in await self.alarms())


@pytest.fixture
def floor() -> Callable[[Callable[[Floor], Awaitable[None]]], None]:
    """Run a scenario with a running, connected, reconciled process. Keyword arguments change the broker settings."""

    def run(scenario: Callable[[Floor], Awaitable[None]], **broker: Any) -> None:
        async def main() -> None:
            settings = Settings()
            settings = evolve(settings, broker=evolve(settings.broker, **broker))
            with trio.fail_after(100_000):
                async with trio.open_nursery() as nursery:
                    floor = Floor(nursery, virtual(START, seed=1), settings)
                    await floor.start()
                    await scenario(floor)
                    nursery.cancel_scope.cancel()

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    return run


@pytest.fixture(scope="session")
def order() -> Callable[..., OrderRequest]:
    """Make one order: BUY 100 AAPL at 90, far below the market, unless said otherwise."""

    def make(ref: str = "pb-1", **terms: Any) -> OrderRequest:
        defaults: dict[str, Any] = {
            "symbol": "AAPL",
            "role": Role.ENTRY,
            "side": Side.BUY,
            "quantity": D(100),
            "order_type": OrderType.LIMIT,
            "limit_price": D(90),
            "position_id": "p1",
        }
        return OrderRequest(order_ref=ref, **(defaults | terms))

    return make


@pytest.fixture(scope="session")
def bracket(order: Callable[..., OrderRequest]) -> Callable[..., tuple[OrderRequest, ...]]:
    """Make an entry at the market with a target and a stop."""

    def make(**terms: Any) -> tuple[OrderRequest, ...]:
        exits: dict[str, Any] = {
            "side": Side.SELL,
            "tif": TimeInForce.GTC,
            "parent_ref": "pb-1",
            "oca_group": "oca-p1",
        }
        entry: dict[str, Any] = {"order_type": OrderType.MARKET, "limit_price": None}
        stop: dict[str, Any] = {"order_type": OrderType.STOP, "limit_price": None, "stop_price": D(97)}
        return (
            order("pb-1", **(entry | terms)),
            order("pb-2", role=Role.TARGET, **(exits | {"limit_price": D(108)})),
            order("pb-3", role=Role.STOP, **(exits | stop)),
        )

    return make
