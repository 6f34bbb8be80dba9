"""One position, the portfolio and the journal as they are; the test plays `orders` and the broker behind it.

`orders` here speaks the protocol of messages/order.py and keeps no rule of its own but IB's for OCA groups of type 1:
any fill cancels the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.portfolio import PortfolioActor
from actors.position import PositionActor
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import Environment, virtual
from config.settings import RiskSettings, Settings, SymbolSettings
from messages.decision import WeighOrders
from messages.event import BaseEvent
from messages.journal import Append, Entry, Replay
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.market import Instrument, InstrumentQualified, TickType
from messages.order import (
    CancelOrder,
    Commission,
    CommissionBooked,
    Execution,
    ExecutionBooked,
    ListOrders,
    ModifyOrder,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderCreatedEvent,
    OrderEvent,
    OrderFilledEvent,
    OrderIntended,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderStatus,
    OrderSubmittedEvent,
    OrderView,
    Role,
    Side,
    SubmitOrders,
)
from messages.position import DescribePosition, ExitPlan, OpenPosition, PositionView, Size
from storage.memory import SimulatedDisk, SimulatedStorage

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
D = Decimal
AAPL = Instrument(
    symbol="AAPL",
    con_id=265598,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=D(1),
    price_bands=((D(0), D("0.0001")), (D(1), D("0.01"))),
    size_increment=D(1),
    time_zone="US/Eastern",
    liquid_hours="20261120:0930-20261120:1600;20261121:CLOSED",
)


class Sink(RunQueueActor):
    """Keeps what it is told."""

    def __init__(self, context: ActorContext, kept: list[Any]) -> None:
        super().__init__(context)
        self.kept = kept

    def on_receive(self, message: Any) -> None:
        self.kept.append(message)


class Orders(RunQueueActor):
    """Plays `orders`: journals intents, and tells the position what the test's broker does."""

    def __init__(self, context: ActorContext, house: House) -> None:
        super().__init__(context)
        self.house = house

    def on_receive(self, message: Any) -> Any:
        match message:
            case ListOrders(symbol, done):
                views = self.house.views.values()
                return tuple(v for v in views if symbol in (None, v.symbol) and (done or not v.status.done))
            case WeighOrders():
                self.house.weighed.append(message)
            case SubmitOrders():
                self.house.submitted.append(message)
                self.house.take(message)
            case ModifyOrder():
                self.house.modified.append(message)
                if self.house.answering:
                    self.house.amend(message, applied=not self.house.denying, denied=self.house.denying)
            case CancelOrder(order_ref, reason):
                self.house.cancelled.append(message)
                view = self.house.views[order_ref]
                if self.house.answering and not view.status.done:
                    self.house.event(OrderCancelledEvent, view, reason, status=OrderStatus.CANCELLED)
            case _:
                return super().on_receive(message)
        return None


class House:
    """What a test works with."""

    def __init__(self, system: System, settings: Settings) -> None:
        self.system = system
        self.settings = settings
        self.bus = EventBus()
        self.disk = SimulatedDisk()
        self.views: dict[str, OrderView] = {}
        self.submitted: list[SubmitOrders] = []
        self.weighed: list[WeighOrders] = []
        self.modified: list[ModifyOrder] = []
        self.cancelled: list[CancelOrder] = []
        self.gateway: list[Any] = []
        self.alarm_messages: list[Any] = []
        self.events: list[BaseEvent] = []
        self.answering = True  # whether the broker answers at once
        self.denying = False  # whether changes never leave
        self.refusing: set[Role] = set()  # roles whose orders the broker rejects
        self.fills = 0

    # starting

    async def start(self) -> None:
        start = self.system.start
        await start("journal", lambda c: JournalActor(c, storage=SimulatedStorage(self.disk), owner="test"))
        await start("gateway", lambda c: Sink(c, self.gateway))
        await start("alarms", lambda c: Sink(c, self.alarm_messages))
        await start("events", lambda c: Sink(c, self.events))
        await start("orders", lambda c: Orders(c, self))
        self.bus.subscribe(BaseEvent, self.system.address("events"))
        await start("portfolio", lambda c: PortfolioActor(c, settings=self.settings, bus=self.bus))
        await self.start_position()

    async def start_position(self, symbol: str = "AAPL") -> None:
        name = f"position/{symbol}"
        await self.system.start(
            name, lambda c: PositionActor(c, settings=self.settings, bus=self.bus), watcher=lambda address, error: None
        )
        self.system.address(name).tell(InstrumentQualified(evolve(AAPL, symbol=symbol)))
        await self.system.idle()

    async def restart_position(self) -> None:
        """Crash it, and let it begin anew from the journal."""
        self.position.tell(object())
        await trio.sleep(0.1)
        await self.start_position()

    @property
    def position(self) -> Any:
        return self.system.address("position/AAPL")

    # asking

    async def view(self) -> PositionView:
        return await self.position.ask(DescribePosition())

    async def records(self, kind: str) -> list[Any]:
        records = await self.system.address("journal").ask(Replay(kinds=(kind,)))
        return [record.payload for record in records]

    def order(self, role: Role) -> OrderView:
        """The latest order of a role."""
        return [view for view in self.views.values() if view.role is role][-1]

    def live(self, *roles: Role) -> list[OrderView]:
        return [view for view in self.views.values() if not view.status.done and (not roles or view.role in roles)]

    def alarms(self) -> set[str]:
        """Kinds of the alarms that stand."""
        standing: set[str] = set()
        for message in self.alarm_messages:
            match message:
                case RaiseAlarm(kind):
                    standing.add(kind)
                case ClearAlarm(kind):
                    standing.discard(kind)
        return standing

    def seen(self, kind: type[BaseEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    # the market

    def tick(self, kind: TickType, price: float) -> None:
        self.system.publish([(self.position, int(kind), price, 100.0)])

    def quote(self, bid: float, ask: float, last: float | None = None) -> None:
        self.tick(TickType.BID, bid)
        self.tick(TickType.ASK, ask)
        if last is not None:
            self.tick(TickType.LAST, last)

    # the broker

    def event(self, kind: type[OrderEvent], view: OrderView, *more: Any, **changes: Any) -> None:
        view = self.views[view.order_ref] = evolve(view, **changes)
        event = kind(view, *more)
        self.system.address(f"position/{view.symbol}").tell(event)
        self.bus.publish(event)

    def take(self, message: SubmitOrders) -> None:
        for request in message.orders:
            intent = OrderIntended(request, len(self.views) + 1, 7, "DU1", message.reference_price)
            self.system.address("journal").tell(Append((Entry(request.symbol, intent),)))
            view = OrderView(
                order_ref=request.order_ref,
                symbol=request.symbol,
                role=request.role,
                side=request.side,
                quantity=request.quantity,
                filled=D(0),
                order_type=request.order_type,
                status=OrderStatus.INTENDED,
                limit_price=request.limit_price,
                stop_price=request.stop_price,
                trailing_pct=request.trailing_pct,
                trailing_amount=request.trailing_amount,
                parent_ref=request.parent_ref,
                oca_group=request.oca_group,
                position_id=request.position_id,
            )
            self.event(OrderCreatedEvent, view)
            if self.answering:
                self.accept(view)

    def accept(self, view: OrderView) -> None:
        self.event(OrderSubmittedEvent, self.views[view.order_ref], status=OrderStatus.SENT)
        if view.role in self.refusing:
            self.reject(view)
        else:
            known = self.views[view.order_ref]
            self.event(OrderAcceptedEvent, known, status=OrderStatus.ACCEPTED, confirmed=True)

    def reject(self, view: OrderView) -> None:
        known = self.views[view.order_ref]
        self.event(OrderRejectedEvent, known, 201, "refused", status=OrderStatus.REJECTED, text="refused")

    def amend(self, message: ModifyOrder, *, applied: bool = True, denied: bool = False) -> None:
        view = self.views[message.order_ref]
        if view.status.done:
            return
        terms = {
            "quantity": message.quantity,
            "limit_price": message.limit_price,
            "stop_price": message.stop_price,
            "trailing_pct": message.trailing_pct,
            "trailing_amount": message.trailing_amount,
        }
        self.event(OrderModifiedEvent, view, applied, denied, **(terms if applied else {}))

    def execution(self, side: Side, quantity: int, price: str, order_ref: str = "", symbol: str = "AAPL") -> Execution:
        self.fills += 1
        return Execution(
            exec_id=f"0000e0d5.{self.fills:08x}.01.01",
            order_ref=order_ref,
            order_id=1,
            perm_id=1,
            client_id=7,
            account="DU1",
            symbol=symbol,
            con_id=265598,
            side=side,
            quantity=D(quantity),
            price=D(price),
            time=self.system.environment.now(),
        )

    def fill(
        self, view: OrderView, quantity: int, price: str, *, group: bool = True, commission: bool = True
    ) -> Execution:
        """Fill an order; `group` cancels the rest of its OCA group; `commission` has its report follow."""
        view = self.views[view.order_ref]
        execution = self.execution(view.side, quantity, price, view.order_ref, view.symbol)
        self.book(execution, view.role, view.position_id)
        filled = view.filled + quantity
        done = filled >= view.quantity
        status = OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED
        if view.status in (OrderStatus.CANCELLED, OrderStatus.REJECTED) and not done:
            status = view.status
        self.event(OrderFilledEvent, view, execution, filled=filled, status=status)
        for other in self.live():
            if group and view.oca_group and other.oca_group == view.oca_group and other.order_ref != view.order_ref:
                self.event(OrderCancelledEvent, other, "OCA", status=OrderStatus.CANCELLED)
        if commission:
            self.charge(execution)
        return execution

    def book(self, execution: Execution, role: Role | None, position_id: str) -> None:
        entry = Entry(execution.symbol, ExecutionBooked(execution, role, position_id))
        self.system.address("journal").tell(Append((entry,)))

    def charge(self, execution: Execution, amount: str = "0") -> None:
        """Send the commission report of a fill."""
        booked = CommissionBooked(execution.symbol, Commission(execution.exec_id, D(amount), "USD", None))
        self.system.address("journal").tell(Append((Entry(execution.symbol, booked),)))
        self.system.address(f"position/{execution.symbol}").tell(booked)

    def outside(self, side: Side, quantity: int, price: str, *, commission: bool = True) -> None:
        """A fill of an order that is not ours."""
        execution = self.execution(side, quantity, price)
        self.book(execution, None, "")
        view = OrderView(
            order_ref=f"manual-{self.fills}",
            symbol="AAPL",
            role=None,
            side=side,
            quantity=D(quantity),
            filled=D(quantity),
            order_type="MKT",
            status=OrderStatus.FILLED,
        )
        self.event(OrderFilledEvent, view, execution)
        if commission:
            self.charge(execution)

    # usual beginnings

    async def open(self, side: Side = Side.BUY, quantity: int = 100, **terms: Any) -> Any:
        """Open a position, up to the broker's acknowledgement; 3 % stop, 8 % target; the quote is 99.99 to 100.01."""
        self.quote(99.99, 100.01, 100.0)
        exits = terms.pop("exits", ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08")))
        size = terms.pop("size", Size(quantity=D(quantity)))
        command = OpenPosition(side=side, size=size, exits=exits, source="test", **terms)
        answer = await self.position.ask(command)
        await self.system.idle()
        return answer

    async def opened(self, side: Side = Side.BUY, price: str = "100.00", **terms: Any) -> None:
        """Open a position of 100 and fill it."""
        await self.open(side, **terms)
        self.fill(self.order(Role.ENTRY), 100, price)
        await self.system.idle()


Body = Callable[[House], Awaitable[None]]


@pytest.fixture
def house() -> Callable[..., None]:
    """Run `body(house)` in virtual time, with these risk settings."""

    def run(body: Body, **risk: Any) -> None:
        async def main() -> None:
            environment: Environment = virtual(START, seed=1)
            system = System(environment)
            settings = Settings(
                risk=RiskSettings(**risk), symbols={"AAPL": SymbolSettings(sector="tech"), "MSFT": SymbolSettings()}
            )
            with trio.fail_after(100_000):
                async with trio.open_nursery() as nursery:
                    await nursery.start(system.run)
                    built = House(system, settings)
                    await built.start()
                    await body(built)
                    nursery.cancel_scope.cancel()

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    return run
