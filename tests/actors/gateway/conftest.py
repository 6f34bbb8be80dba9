"""A gateway actor in front of a paper TWS, in one trio run and in virtual time."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define, evolve, field

from actors.bus import EventBus
from actors.gateway import GatewayActor, LastGate, LinkHistory, Timing
from actors.ib.memory import MemoryConnection
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import Environment, virtual
from config.settings import Settings
from messages.gateway import BrokerConnected, BrokerSnapshot, OutgoingOrder, PlaceOrders, Priority
from messages.market import InstrumentQualified, Subscribe
from messages.order import OrderRequest, OrderType, Role, Side
from simulator.app import PaperBroker, SimulatorSettings
from simulator.memory import MemoryLink
from simulator.model import Ticked

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
Fields = list[str]


class Mailbox(RunQueueActor):
    """Keeps what it is told, and ticks as (kind, price, size)."""

    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.got: list[Any] = []

    def on_receive(self, message: Any) -> None:
        self.got.append(message)

    def on_tick(self, kind: int, price: float, size: float) -> None:
        self.got.append((int(kind), price, size))

    def of(self, *kinds: type) -> list[Any]:
        """Return the messages of these types."""
        return [message for message in self.got if isinstance(message, kinds)]


class Frames:
    """Cuts a byte stream into frames, and leaves out those that `keep` does not want."""

    def __init__(self, greeting: bool) -> None:
        self._data = b""
        self._greeting = greeting  # the client's first four bytes carry no length

    def feed(self, data: bytes, keep: Callable[[Fields], bool]) -> bytes:
        self._data += data
        out = b""
        if self._greeting and len(self._data) >= 4:
            out, self._data, self._greeting = self._data[:4], self._data[4:], False
        while len(self._data) >= 4 and len(self._data) >= 4 + struct.unpack(">I", self._data[:4])[0]:
            end = 4 + struct.unpack(">I", self._data[:4])[0]
            frame, self._data = self._data[:end], self._data[end:]
            if keep(frame[4:].decode().split("\0")):
                out += frame
        return out


class Line:
    """A link on which frames can be lost, and that can fall silent."""

    def __init__(self, broker: Broker, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> None:
        self._broker = broker
        self._on_data = on_data
        self._down = Frames(greeting=False)
        self._up = Frames(greeting=True)
        self.link = MemoryLink(broker.paper.tws, self._arrive, on_lost)
        self.sent: list[Fields] = []

    def send(self, data: bytes) -> None:
        kept = self._up.feed(data, self._outgoing)
        if kept and not self._broker.silent:
            self.link.send(kept)

    def disconnect(self) -> None:
        self.link.disconnect()

    def abort(self) -> None:
        self.link.abort()

    def inject(self, *fields: object) -> None:
        """Have the client read a message of the server's that the paper TWS never sent."""
        self.inject_all([fields])

    def inject_all(self, messages: Sequence[Sequence[object]]) -> None:
        """The same for several, in one read."""
        bodies = ["".join(f"{each}\0" for each in fields).encode() for fields in messages]
        self._on_data(b"".join(struct.pack(">I", len(body)) + body for body in bodies))

    def _outgoing(self, fields: Fields) -> bool:
        self.sent.append(fields)
        return not self._broker.swallow(fields)

    def _arrive(self, data: bytes) -> None:
        kept = self._down.feed(data, lambda fields: not self._broker.drop(fields))
        if kept and not self._broker.silent:
            self._on_data(kept)


@define
class Broker:
    """The paper TWS, and what goes wrong on the way to it."""

    paper: PaperBroker
    nursery: trio.Nursery
    lines: list[Line] = field(factory=list)
    listens: bool = True
    silent: bool = False
    drop: Callable[[Fields], bool] = lambda _fields: False
    swallow: Callable[[Fields], bool] = lambda _fields: False

    @property
    def line(self) -> Line:
        return self.lines[-1]

    def dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> Line:
        if not self.listens:
            raise ConnectionRefusedError(111, "Connection refused")
        line = Line(self, on_data, on_lost)
        self.lines.append(line)
        self.nursery.start_soon(line.link.run)
        return line

    def sent(self, message_id: int) -> list[Fields]:
        """Return what the client wrote on the present link, by message id."""
        return [fields for fields in self.line.sent if fields[0] == str(message_id)]

    def tick(self, symbol: str, kind: int, price: float, size: int = 100) -> None:
        contract = self.paper.contracts.find(symbol, "STK")[0].contract
        self.paper.deliver([Ticked(contract, kind, price, size, self.paper.environment.now())])

    def quote(self, symbol: str, bid: float, ask: float) -> None:
        self.tick(symbol, 1, bid)
        self.tick(symbol, 2, ask)


class Bench:
    """What a test needs."""

    def __init__(self, system: System, broker: Broker, settings: Settings, boxes: dict[str, Mailbox]) -> None:
        self.system = system
        self.broker = broker
        self.settings = settings
        self.boxes = boxes
        self.bus = EventBus()
        self.history = LinkHistory(LastGate(settings.risk))
        self.timing = Timing()
        self._order_id = 0

    @property
    def orders(self) -> Mailbox:
        return self.boxes["orders"]

    @property
    def alarms(self) -> list[str]:
        return [alarm.kind for alarm in self.boxes["alarms"].got if type(alarm).__name__ == "RaiseAlarm"]

    @property
    def standing(self) -> set[str]:
        """Alarms that were raised and not cleared since."""
        found: set[str] = set()
        for message in self.boxes["alarms"].got:
            match type(message).__name__:
                case "RaiseAlarm":
                    found.add(message.kind)
                case "ClearAlarm":
                    found.discard(message.kind)
        return found

    def tell(self, message: Any) -> None:
        self.system.address("gateway").tell(message)

    async def start(self, **options: Any) -> None:
        await self.system.start("gateway", lambda context: self.make(context, **options))

    def make(self, context: ActorContext, **options: Any) -> GatewayActor:
        return GatewayActor(
            context,
            settings=self.settings,
            bus=self.bus,
            history=self.history,
            connection_factory=lambda: MemoryConnection(self.broker.dial),
            timing=self.timing,
            **options,
        )

    async def position(self, symbol: str) -> Mailbox:
        name = f"position/{symbol}"
        if name not in self.boxes:
            await add_box(self.system, self.boxes, name)
        return self.boxes[name]

    async def trade(self, symbol: str) -> Mailbox:
        """Start, and qualify a symbol."""
        if self.system.address("gateway").actor is None:
            await self.start()
        box = await self.position(symbol)
        self.tell(Subscribe(symbol))
        await self.settle()
        assert box.of(InstrumentQualified)
        return box

    async def settle(self, seconds: float = 0.05) -> None:
        """Let everything happen that is on its way."""
        await trio.sleep(seconds)
        await self.system.idle()

    def order(self, **changes: Any) -> OutgoingOrder:
        """Return a limit order for 100 AAPL with the next order id."""
        connected = self.orders.of(BrokerConnected)
        self._order_id = max(self._order_id + 1, connected[-1].next_order_id if connected else 1)
        own = {
            key: changes.pop(key)
            for key in ("account", "modification", "parent_order_id", "transmit", "order_id")
            if key in changes
        }
        request = OrderRequest(
            order_ref=f"pb-{self._order_id}",
            symbol="AAPL",
            role=Role.ENTRY,
            side=Side.BUY,
            quantity=Decimal(100),
            order_type=OrderType.LIMIT,
            limit_price=Decimal("90.00"),
        )
        return evolve(OutgoingOrder(evolve(request, **changes), self._order_id, "DU1234567"), **own)

    def place(self, *orders: OutgoingOrder, priority: Priority = Priority.ENTRY, deadline: float = 5.0) -> None:
        self.tell(PlaceOrders(orders, priority, deadline))

    @property
    def snapshots(self) -> list[BrokerSnapshot]:
        return self.orders.of(BrokerSnapshot)


async def add_box(system: System, boxes: dict[str, Mailbox], name: str) -> None:
    def factory(context: ActorContext) -> Mailbox:
        boxes[name] = Mailbox(context)
        return boxes[name]

    await system.start(name, factory)


Scenario = Callable[[Bench], Awaitable[None]]


@pytest.fixture
def bench() -> Callable[..., None]:
    """Run a scenario with a bench; `broker`, `risk` and `simulator` change settings."""

    def run(
        scenario: Scenario,
        *,
        broker: dict[str, Any] | None = None,
        risk: dict[str, Any] | None = None,
        simulator: dict[str, Any] | None = None,
    ) -> None:
        async def main() -> None:
            environment: Environment = virtual(START, seed=1)
            settings = Settings()
            settings = evolve(
                settings, broker=evolve(settings.broker, **(broker or {})), risk=evolve(settings.risk, **(risk or {}))
            )
            system = System(environment)
            boxes: dict[str, Mailbox] = {}
            with trio.fail_after(100_000):
                async with trio.open_nursery() as nursery:
                    await nursery.start(system.run)
                    paper = PaperBroker(SimulatorSettings(feed="manual", **(simulator or {})), environment)
                    nursery.start_soon(paper.run)
                    for name in ("orders", "portfolio", "alarms"):
                        await add_box(system, boxes, name)
                    await scenario(Bench(system, Broker(paper, nursery), settings, boxes))
                    if system.address("gateway").actor is not None:
                        await system.stop("gateway")
                    nursery.cancel_scope.cancel()

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    return run


@pytest.fixture
def mailbox() -> type[Mailbox]:
    """The class of an actor that keeps what it is told."""
    return Mailbox


@pytest.fixture
def make_broker() -> type[Broker]:
    """The class that puts a paper TWS behind links that can fail."""
    return Broker


@pytest.fixture
def start() -> datetime:
    """When virtual time begins."""
    return START
