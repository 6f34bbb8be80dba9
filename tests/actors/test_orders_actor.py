"""The order actor with a real journal and real alarms, in virtual time; the gateway's part is played by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import trio
import trio.testing
from attrs import evolve

from actors.alarms import AlarmsActor
from actors.bus import EventBus
from actors.journal import JournalActor
from actors.orders import OrderActor
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import virtual
from config.settings import Settings
from messages.gateway import (
    AskBroker,
    BrokerConnected,
    BrokerError,
    BrokerExecution,
    BrokerLost,
    BrokerNotice,
    BrokerOrder,
    BrokerOrderStatus,
    BrokerPosition,
    BrokerSnapshot,
    CancelOutgoing,
    GatewayStatus,
    LinkStatus,
    OrderNotSent,
    OrderSent,
    OutgoingOrder,
    PlaceOrders,
    Priority,
    TradingAllowed,
)
from messages.journal import Record, Replay
from messages.lifecycle import ListAlarms
from messages.market import Instrument, InstrumentQualified
from messages.order import (
    CancelIntended,
    CancelOrder,
    Execution,
    GroupRefused,
    IdsReserved,
    ListOrders,
    ModifyIntended,
    ModifyOrder,
    OrderCreatedEvent,
    OrderDenied,
    OrderDeniedEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderIntended,
    OrderModifiedEvent,
    OrderRequest,
    OrderStatus,
    OrderSubmittedEvent,
    OrderType,
    OrderUnknownEvent,
    OrderView,
    Role,
    Side,
    SubmitOrders,
    TimeInForce,
)
from messages.position import BrokerHolding
from messages.risk import Halt, ResumedEvent
from storage.memory import SimulatedDisk, SimulatedStorage

START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
D = Decimal
M = TypeVar("M")


class Listener(RunQueueActor):
    """Keeps what it is told, and answers what the gateway or a position is asked."""

    def __init__(self, context: ActorContext, heard: list[Any], link: Callable[[], LinkStatus]) -> None:
        super().__init__(context)
        self.heard, self.link = heard, link

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, GatewayStatus):
            return self.link()
        self.heard.append(message)
        return None


class House:
    """The order actor and its neighbours."""

    def __init__(self, system: System, disk: SimulatedDisk) -> None:
        self.system, self.disk, self.bus = system, disk, EventBus()
        self.heard: dict[str, list[Any]] = {}
        self.link = LinkStatus(False, 0, None, "", 0)
        self.orders = system.address("orders")
        self.epoch = 0

    async def start(self) -> None:
        await self.system.start(
            "journal", lambda context: JournalActor(context, storage=SimulatedStorage(self.disk), owner="test")
        )
        await self.system.start("alarms", lambda context: AlarmsActor(context, bus=self.bus))
        for name in ("gateway", "portfolio", "bus", "position/AAPL", "position/MSFT"):
            await self._listen(name)
        self.bus.subscribe(TradingAllowed, self.system.address("bus"))
        await self.system.start("orders", lambda context: OrderActor(context, settings=Settings(), bus=self.bus))
        self.orders.tell(InstrumentQualified(AAPL))
        self.orders.tell(InstrumentQualified(evolve(AAPL, symbol="MSFT", con_id=2)))

    async def _listen(self, name: str) -> None:
        heard = self.heard.setdefault(name, [])
        if self.system.address(name).actor is None:
            await self.system.start(name, lambda context: Listener(context, heard, lambda: self.link))

    async def tell(self, *messages: Any) -> None:
        """Tell orders, and wait until everything that follows at once has happened."""
        for message in messages:
            self.orders.tell(message)
        await trio.sleep(0.001)

    async def connect(self, *, reconcile: bool = True) -> None:
        self.epoch += 1
        await self.tell(BrokerConnected(self.epoch, 5, "DU1", 176))
        if reconcile:
            await self.snapshot()

    async def snapshot(self, **lists: Any) -> None:
        """Answer with complete lists, empty unless given."""
        await self.tell(snapshot(self.epoch, **lists))

    def told(self, name: str, kind: type[M]) -> list[M]:
        return [message for message in self.heard[name] if isinstance(message, kind)]

    def events(self, kind: type[M], symbol: str = "AAPL") -> list[M]:
        return self.told(f"position/{symbol}", kind)

    def sent(self) -> list[OutgoingOrder]:
        return [order for unit in self.told("gateway", PlaceOrders) for order in unit.orders]

    async def views(self, **which: Any) -> dict[str, OrderView]:
        listed: tuple[OrderView, ...] = await self.orders.ask(ListOrders(**which))
        return {view.order_ref: view for view in listed}

    async def status(self, ref: str = "pb-1") -> OrderStatus:
        return (await self.views(done=True))[ref].status

    async def journaled(self, *kinds: type) -> list[Any]:
        names = tuple(kind.__name__ for kind in kinds)
        records: list[Record] = await self.system.address("journal").ask(Replay(kinds=names))
        return [record.payload for record in records]

    async def alarms(self) -> list[str]:
        return [alarm.kind for alarm in await self.system.address("alarms").ask(ListAlarms())]

    async def place(self, order: OrderRequest | None = None, *, sent: bool = True) -> OutgoingOrder:
        """Submit one order and, as the gateway, say that its bytes left."""
        await self.tell(group(order or request()))
        outgoing = self.sent()[-1]
        if sent:
            await self.tell(OrderSent(outgoing.request.order_ref, outgoing.order_id, self.epoch))
        return outgoing

    async def work(self, order: OrderRequest | None = None) -> OutgoingOrder:
        outgoing = await self.place(order)
        await self.tell(echo(outgoing, self.epoch))
        return outgoing


AAPL = Instrument(
    symbol="AAPL",
    con_id=1,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=D(1),
    price_bands=((D(0), D("0.0001")), (D(1), D("0.01"))),
    size_increment=D(1),
)


def request(ref: str = "pb-1", **terms: Any) -> OrderRequest:
    defaults: dict[str, Any] = {
        "symbol": "AAPL",
        "role": Role.ENTRY,
        "side": Side.BUY,
        "quantity": D(100),
        "order_type": OrderType.LIMIT,
        "limit_price": D(150),
        "position_id": "p1",
    }
    return OrderRequest(order_ref=ref, **(defaults | terms))


def bracket() -> tuple[OrderRequest, OrderRequest, OrderRequest]:
    exits: dict[str, Any] = {"side": Side.SELL, "tif": TimeInForce.GTC, "parent_ref": "pb-1", "oca_group": "oca-p1"}
    return (
        request(),
        request("pb-2", role=Role.TARGET, limit_price=D(160), **exits),
        request("pb-3", role=Role.STOP, order_type=OrderType.STOP, limit_price=None, stop_price=D(145), **exits),
    )


def group(*orders: OrderRequest, cleared: bool = True) -> SubmitOrders:
    return SubmitOrders(orders, "position/AAPL", D(150), cleared)


def echo(outgoing: OutgoingOrder, epoch: int, status: str = "Submitted", **fields: Any) -> BrokerOrder:
    order = outgoing.request
    defaults: dict[str, Any] = {
        "epoch": epoch,
        "order_id": outgoing.order_id,
        "client_id": 7,
        "perm_id": 900 + outgoing.order_id,
        "parent_id": 0,
        "order_ref": order.order_ref,
        "account": "DU1",
        "symbol": order.symbol,
        "con_id": 1,
        "side": order.side,
        "quantity": order.quantity,
        "order_type": order.order_type.value,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "trail_stop_price": None,
        "trailing_pct": order.trailing_pct,
        "tif": order.tif.value,
        "oca_group": "",
        "status": status,
    }
    return BrokerOrder(**(defaults | fields))


def word(outgoing: OutgoingOrder, epoch: int, status: str, filled: int = 0) -> BrokerOrderStatus:
    return BrokerOrderStatus(
        epoch=epoch,
        order_id=outgoing.order_id,
        client_id=7,
        perm_id=900 + outgoing.order_id,
        status=status,
        filled=D(filled),
        remaining=outgoing.request.quantity - filled,
    )


def fill(outgoing: OutgoingOrder, epoch: int, quantity: int = 100, exec_id: str = "e1.01") -> BrokerExecution:
    order = outgoing.request
    return BrokerExecution(
        epoch,
        Execution(
            exec_id=exec_id,
            order_ref=order.order_ref,
            order_id=outgoing.order_id,
            perm_id=900 + outgoing.order_id,
            client_id=7,
            account="DU1",
            symbol=order.symbol,
            con_id=1,
            side=order.side,
            quantity=D(quantity),
            price=D(150),
            time=START,
        ),
    )


def snapshot(epoch: int, **lists: Any) -> BrokerSnapshot:
    defaults: dict[str, Any] = {
        "open_orders": (),
        "completed_orders": (),
        "executions": (),
        "commissions": (),
        "positions": (),
    }
    return BrokerSnapshot(epoch=epoch, **(defaults | lists))


@asynccontextmanager
async def process(disk: SimulatedDisk) -> AsyncIterator[House]:
    """Run one process; at the end it is simply gone."""
    system = System(virtual(START, seed=len(disk.rows) + 1))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        house = House(system, disk)
        await house.start()
        yield house
        nursery.cancel_scope.cancel()


Body = Callable[[House], Awaitable[None]]


def run(body: Body) -> None:
    async def main() -> None:
        with trio.fail_after(7200):
            async with process(SimulatedDisk()) as house:
                await body(house)
                assert house.system.dead_letters.count == 0

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


# submission


def test_the_gateway_hears_of_an_order_first_and_everybody_else_in_order() -> None:
    async def body(house: House) -> None:
        await house.connect()
        heard: list[Any] = []
        for name in ("gateway", "position/AAPL"):
            house.system.address(name).actor.heard = heard  # type: ignore[union-attr]
        house.orders.tell(group(request(role=Role.EXIT)))
        house.orders.tell(CancelOrder("pb-1", "changed its mind"))
        await house.tell(OrderSent("pb-1", 5, house.epoch))
        assert [type(message) for message in heard[:2]] == [PlaceOrders, OrderCreatedEvent]
        heard.clear()
        await house.tell(group(request("pb-2")))  # and nothing comes after it
        assert [type(message) for message in heard] == [PlaceOrders, OrderCreatedEvent]

    run(body)


def test_an_intent_is_durable_before_its_bytes_are_given_out() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await trio.sleep(1)
        durable: list[int] = []
        house.disk.before = lambda step: durable.append(len(house.sent())) if step == "sync" else None
        await house.tell(group(*bracket()))
        unit = house.told("gateway", PlaceOrders)[0]
        assert durable == [0]  # nothing had been given out when the one fsync began
        assert (unit.priority, unit.deadline_seconds) == (Priority.ENTRY, 5.0)
        assert [(o.order_id, o.parent_order_id, o.transmit) for o in unit.orders] == [
            (5, 0, False),
            (6, 5, False),
            (7, 5, True),
        ]
        *reserved, _, _, _ = kinds = [type(fact) for fact in await house.journaled(IdsReserved, OrderIntended)]
        assert kinds == [IdsReserved, IdsReserved, OrderIntended, OrderIntended, OrderIntended]
        assert len(reserved) == 2  # what the broker said is next, then the block that these are from
        assert [intent.order_id for intent in await house.journaled(OrderIntended)] == [5, 6, 7]
        assert [event.order.order_ref for event in house.events(OrderCreatedEvent)] == ["pb-1", "pb-2", "pb-3"]

    run(body)


def test_groups_that_wait_together_share_one_fsync() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await trio.sleep(1)
        before = house.disk.syncs
        house.disk.sync_seconds = 0.01
        await house.tell(*(group(request(f"pb-{n}")) for n in range(20)))
        await trio.sleep(1)
        assert len(house.sent()) == 20
        assert house.disk.syncs - before <= 3
        assert len({order.order_id for order in house.sent()}) == 20

    run(body)


@pytest.mark.parametrize(
    ("submitted", "gate"),
    [
        (group(request(), cleared=False), "cleared"),
        (group(request(quantity=D(0))), "terms"),
        (group(request(quantity=D("NaN"))), "terms"),
        (group(request(limit_price=None)), "terms"),
        (group(request(limit_price=D("150.001"))), "tick"),
        (group(request(quantity=D("1.5"))), "tick"),
        (group(request(symbol="OKLO")), "instrument"),
        (group(request(), request()), "unique"),
        (group(request(parent_ref="pb-0")), "terms"),
        (group(request(order_type=OrderType.TRAILING_STOP, limit_price=None)), "terms"),
    ],
)
def test_a_gate_refuses_the_whole_group_and_says_what_every_gate_found(submitted: SubmitOrders, gate: str) -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.tell(submitted)
        assert house.sent() == []
        refused = house.events(GroupRefused)[0].denials[0]
        assert house.events(OrderDeniedEvent)[0].reason == refused.reason
        failed = [each for each in refused.figures.split("; ") if not each.endswith(": ok")]
        assert gate in [each.partition(":")[0] for each in failed]
        assert len(refused.figures.split("; ")) == 8
        assert len(await house.journaled(OrderDenied)) >= 1
        assert await house.journaled(OrderIntended) == []

    run(body)


def test_a_refusal_leaves_the_reference_free_for_nothing_was_intended() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.tell(group(request(quantity=D(0))), group(request()))
        assert [order.request.order_ref for order in house.sent()] == ["pb-1"]
        await house.tell(group(request()))
        assert len(house.sent()) == 1

    run(body)


def test_before_reconciliation_only_an_exit_at_the_market_leaves() -> None:
    async def body(house: House) -> None:
        exit_now = request("pb-9", role=Role.EXIT, side=Side.SELL, order_type=OrderType.MARKET, limit_price=None)
        await house.tell(group(exit_now))
        assert house.sent() == []  # no connection at all
        await house.connect(reconcile=False)
        stop = request(
            "pb-2", role=Role.STOP, side=Side.SELL, order_type=OrderType.STOP, limit_price=None, stop_price=D(145)
        )
        await house.tell(group(request()), group(stop), group(exit_now))
        assert [order.request.order_ref for order in house.sent()] == ["pb-9"]
        await house.snapshot()
        assert house.told("bus", TradingAllowed)[-1].allowed
        await house.tell(group(request()), group(stop))
        assert [order.request.order_ref for order in house.sent()] == ["pb-9", "pb-1", "pb-2"]

    run(body)


def test_inc_45_without_the_journal_nothing_is_sent_but_a_cancel() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()

        def full(_step: str) -> None:
            raise OSError(28, "No space left on device")

        house.disk.before = full
        await house.tell(group(request("pb-2")))
        await trio.sleep(1)
        assert [order.request.order_ref for order in house.sent()] == ["pb-1"]
        assert "journal failed" in house.events(GroupRefused)[0].denials[0].reason
        assert "journal.failed" in await house.alarms()
        await house.tell(CancelOrder("pb-1", "operator"))
        await trio.sleep(1)
        assert [cancel.order_id for cancel in house.told("gateway", CancelOutgoing)] == [outgoing.order_id]

    run(body)


# acknowledgement


def test_inc_02_silence_makes_an_order_unknown_and_two_complete_snapshots_prove_it_absent() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.place()
        house.heard["gateway"].clear()
        await trio.sleep(4.9)
        assert await house.status() is OrderStatus.SENT
        await trio.sleep(0.2)
        assert await house.status() is OrderStatus.UNKNOWN
        assert len(house.events(OrderUnknownEvent)) == 1
        assert await house.alarms() == ["order.unknown"]
        assert len(house.told("gateway", AskBroker)) == 1
        await house.tell(group(request("pb-2")))  # the symbol takes no new risk meanwhile
        assert house.sent() == []
        await house.snapshot()
        assert await house.status() is OrderStatus.UNKNOWN
        assert len(house.told("gateway", AskBroker)) == 2
        await house.snapshot()
        assert await house.status() is OrderStatus.NOT_SENT
        assert len(house.events(OrderExpiredEvent)) == 1
        assert await house.alarms() == []
        await house.tell(group(request("pb-2")))
        assert [order.request.order_ref for order in house.sent()] == ["pb-2"]

    run(body)


def test_an_acknowledged_order_is_not_asked_about() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.work()
        house.heard["gateway"].clear()
        await trio.sleep(30)
        assert house.told("gateway", AskBroker) == []
        assert len(house.events(OrderSubmittedEvent)) == 1

    run(body)


def test_inc_03_what_the_gateway_did_not_send_is_not_sent() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.place(sent=False)
        await house.tell(OrderNotSent("pb-1", outgoing.order_id, "there is no connection"))
        assert await house.status() is OrderStatus.NOT_SENT
        assert house.events(OrderExpiredEvent)[0].reason == "there is no connection"
        assert await house.views() == {}

    run(body)


def test_inc_19_a_filled_order_without_executions_is_asked_about_until_they_come() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        house.heard["gateway"].clear()
        await house.tell(word(outgoing, 1, "Filled", 100))
        await trio.sleep(5.1)
        assert len(house.told("gateway", AskBroker)) == 1
        assert await house.status() is OrderStatus.ACCEPTED
        done = echo(outgoing, 1, "Filled", completed=True, filled=D(100), order_id=0)
        await house.snapshot(completed_orders=(done,))
        assert await house.status() is OrderStatus.ACCEPTED
        await house.snapshot(completed_orders=(done,), executions=(fill(outgoing, 1).execution,))
        assert await house.status() is OrderStatus.FILLED
        assert len(house.events(OrderFilledEvent)) == 1

    run(body)


def test_a_flood_of_the_same_words_reaches_the_journal_once() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        for _ in range(50):
            await house.tell(echo(outgoing, 1), word(outgoing, 1, "Submitted"))
        assert len(await house.journaled(BrokerOrder, BrokerOrderStatus)) == 2

    run(body)


# modifications


def wish(limit: int = 151, quantity: int = 100, ref: str = "pb-1") -> ModifyOrder:
    return ModifyOrder(order_ref=ref, quantity=D(quantity), limit_price=D(limit))


def test_a_modification_is_journaled_sent_under_the_same_id_and_confirmed_by_the_echo() -> None:
    async def body(house: House) -> None:
        await house.connect()
        first = await house.work()
        await house.tell(wish())
        second = house.sent()[-1]
        assert (second.order_id, second.modification, second.request.limit_price) == (first.order_id, True, D(151))
        assert [fact.revision for fact in await house.journaled(ModifyIntended)] == [1]
        await house.tell(OrderSent("pb-1", first.order_id, 1), echo(second, 1))
        assert [(e.applied, e.order.limit_price) for e in house.events(OrderModifiedEvent)] == [(True, D(151))]

    run(body)


def test_of_the_wishes_that_come_meanwhile_the_latest_follows() -> None:
    async def body(house: House) -> None:
        await house.connect()
        first = await house.work()
        await house.tell(wish(151), wish(152), wish(153))
        assert [order.request.limit_price for order in house.sent()[1:]] == [D(151)]
        await house.tell(OrderSent("pb-1", first.order_id, 1), echo(house.sent()[-1], 1))
        assert [order.request.limit_price for order in house.sent()[1:]] == [D(151), D(153)]

    run(body)


def test_a_refused_modification_leaves_the_earlier_terms_and_the_next_wish_is_tried() -> None:
    async def body(house: House) -> None:
        await house.connect()
        first = await house.work()
        await house.tell(wish(151), wish(152))
        await house.tell(OrderSent("pb-1", first.order_id, 1), BrokerError(1, first.order_id, 2102, ""))
        assert [(e.applied, e.order.limit_price) for e in house.events(OrderModifiedEvent)] == [(False, D(150))]
        assert house.sent()[-1].request.limit_price == D(152)

    run(body)


@pytest.mark.parametrize(
    "bad", [wish(quantity=0), evolve(wish(), limit_price=D("150.001")), evolve(wish(), limit_price=None)]
)
def test_impossible_terms_are_not_sent(bad: ModifyOrder) -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.work()
        await house.tell(bad)
        assert len(house.sent()) == 1
        assert [event.applied for event in house.events(OrderModifiedEvent)] == [False]

    run(body)


def test_a_modification_that_is_not_echoed_is_asked_about_and_two_lists_settle_it() -> None:
    async def body(house: House) -> None:
        await house.connect()
        first = await house.work()
        await house.tell(wish())
        await house.tell(OrderSent("pb-1", first.order_id, 1))
        house.heard["gateway"].clear()
        await trio.sleep(5.1)
        assert len(house.told("gateway", AskBroker)) == 1
        for _ in range(2):
            await house.snapshot(open_orders=(echo(first, 1),))
        assert [event.applied for event in house.events(OrderModifiedEvent)] == [False]
        assert await house.status() is OrderStatus.ACCEPTED

    run(body)


def test_an_order_that_fills_while_its_modification_is_journaled_is_not_modified() -> None:
    async def body(house: House) -> None:
        await house.connect()
        first = await house.work()
        house.disk.sync_seconds = 0.01
        await house.tell(wish(quantity=200), fill(first, 1))
        await trio.sleep(1)
        assert len(house.sent()) == 1
        assert await house.status() is OrderStatus.FILLED
        again = await rebuilt(house)
        assert again["pb-1"].status is OrderStatus.FILLED

    async def rebuilt(house: House) -> dict[str, OrderView]:
        await trio.sleep(1)
        house.disk.power_cut()
        async with process(house.disk) as later:
            return await later.views(done=True)

    run(body)


@pytest.mark.parametrize(("role", "seconds"), [(Role.ENTRY, 5.1), (Role.ENTRY, 4.0), (Role.EXIT, 5.1)])
def test_the_deadline_of_an_entry_runs_while_its_intent_is_being_written(role: Role, seconds: float) -> None:
    async def body(house: House) -> None:
        await house.connect()
        house.disk.sync_seconds = seconds
        await house.tell(group(request(role=role)))
        await trio.sleep(seconds + 1.0)
        if role is Role.ENTRY and seconds > 5.0:
            assert house.sent() == []
            assert await house.status() is OrderStatus.NOT_SENT
        else:
            (placed,) = house.told("gateway", PlaceOrders)
            left = placed.deadline_seconds
            assert left > 5.0 if role is Role.EXIT else left == pytest.approx(5.0 - seconds, abs=0.1)

    run(body)


# cancellations


def test_a_cancel_is_journaled_written_once_and_confirmed_by_the_broker() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        for _ in range(3):
            await house.tell(CancelOrder("pb-1", "operator"))
        assert len(house.told("gateway", CancelOutgoing)) == len(await house.journaled(CancelIntended)) == 1
        assert await house.status() is OrderStatus.PENDING_CANCEL
        await house.tell(word(outgoing, 1, "Cancelled"))
        assert await house.status() is OrderStatus.CANCELLED
        await house.tell(CancelOrder("pb-1", "operator"))
        assert len(house.told("gateway", CancelOutgoing)) == 1

    run(body)


def test_a_cancel_of_an_exit_before_its_bytes_have_left_follows_them() -> None:
    async def body(house: House) -> None:
        await house.connect()
        # the intent is not durable yet
        await house.tell(group(request(role=Role.EXIT)), CancelOrder("pb-1", "operator"))
        assert house.told("gateway", CancelOutgoing) == []
        await house.tell(OrderSent("pb-1", house.sent()[0].order_id, 1))
        assert len(house.told("gateway", CancelOutgoing)) == 1

    run(body)


def test_an_entry_that_is_cancelled_while_its_intent_is_being_written_never_leaves_nor_do_its_exits() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.tell(group(*bracket()), CancelOrder("pb-1", "the kill switch"))
        assert house.sent() == []
        assert house.told("gateway", CancelOutgoing) == []
        assert len(await house.journaled(OrderIntended)) == 3
        reason = "cancelled while its intent was being written: the kill switch"
        assert [order.reason for order in await house.journaled(OrderNotSent)] == [reason] * 3
        assert [event.order.order_ref for event in house.events(OrderExpiredEvent)] == ["pb-1", "pb-2", "pb-3"]

    run(body)


def test_inc_16_a_cancel_that_stays_unanswered_is_asked_about_and_written_again() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        await house.tell(CancelOrder("pb-1", "operator"), BrokerError(1, outgoing.order_id, 10147, ""))
        assert len(house.told("gateway", AskBroker)) == 1
        await house.snapshot(open_orders=(echo(outgoing, 1),))
        assert len(house.told("gateway", CancelOutgoing)) == 1  # not again with each look
        written, alarmed = [], []
        for second in range(600):
            await trio.sleep(1)
            await house.snapshot(open_orders=(echo(outgoing, 1),))
            written += [second + 1] * (len(house.told("gateway", CancelOutgoing)) - 1 - len(written))
            alarmed += [second + 1] * ("order.not_cancelled" in await house.alarms())
        assert written[:6] == [5, 10, 20, 40, 80, 140]
        assert written[-1] - written[-2] == 60
        assert alarmed[0] == 20
        await house.tell(echo(outgoing, 1, "Cancelled"))
        assert await house.alarms() == []

    run(body)


# the link


def test_a_lost_link_puts_what_is_in_flight_in_doubt_and_stops_new_risk() -> None:
    async def body(house: House) -> None:
        await house.connect()
        resting = await house.work(request("pb-1"))
        await house.place(request("pb-2", symbol="MSFT"))
        await house.tell(BrokerLost(1, "reset by peer"))
        assert await house.status("pb-1") is OrderStatus.ACCEPTED
        assert await house.status("pb-2") is OrderStatus.UNKNOWN
        assert house.told("bus", TradingAllowed)[-1] == TradingAllowed(
            False, "no connection to the broker: reset by peer"
        )
        await house.tell(group(request("pb-3")))
        assert len(house.sent()) == 2
        await house.connect(reconcile=False)
        await house.snapshot(open_orders=(echo(resting, 2),))
        assert await house.status("pb-2") is OrderStatus.NOT_SENT  # of an earlier connection: one snapshot proves it
        assert house.told("bus", TradingAllowed)[-1].allowed

    run(body)


def test_inc_05_an_incomplete_snapshot_settles_nothing_and_is_asked_for_again() -> None:
    async def body(house: House) -> None:
        await house.connect(reconcile=False)
        house.heard["gateway"].clear()
        await house.snapshot(positions=None)
        assert house.told("bus", TradingAllowed) == [
            TradingAllowed(False, "not reconciled with the broker yet"),
            TradingAllowed(False, "not reconciled with the broker in this connection yet"),
        ]
        await trio.sleep(1)
        assert len(house.told("gateway", AskBroker)) == 1

    run(body)


def test_a_snapshot_of_an_earlier_connection_counts_for_nothing() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.tell(BrokerLost(1, "gone"))
        await house.connect(reconcile=False)
        await house.tell(snapshot(1))
        assert not house.told("bus", TradingAllowed)[-1].allowed

    run(body)


def test_inc_01_after_1100_what_comes_in_counts_and_after_1102_all_is_compared_again() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        await house.tell(BrokerNotice(1100, "lost"), fill(outgoing, 1, 60))
        assert not house.told("bus", TradingAllowed)[-1].allowed
        assert len(house.events(OrderFilledEvent)) == 1
        house.heard["gateway"].clear()
        await house.tell(BrokerNotice(1102, "back"))
        assert len(house.told("gateway", AskBroker)) == 1
        assert not house.told("bus", TradingAllowed)[-1].allowed
        both = (fill(outgoing, 1, 60).execution, fill(outgoing, 1, 40, "e2.01").execution)
        await house.snapshot(executions=both)
        assert await house.status() is OrderStatus.FILLED
        assert house.told("bus", TradingAllowed)[-1].allowed

    run(body)


def test_lists_that_were_begun_without_servers_allow_nothing_and_are_asked_for_again() -> None:
    """Also where this actor has been started since, and has not heard 1100."""

    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        for _ in range(3):
            house.heard["gateway"].clear()
            await house.snapshot(conclusive=False)
            await trio.sleep(5)
            assert len(house.told("gateway", AskBroker)) == 1
            assert not house.told("bus", TradingAllowed)[-1].allowed
            assert await house.status() is OrderStatus.ACCEPTED
        await house.snapshot(open_orders=(echo(outgoing, 1),))
        assert house.told("bus", TradingAllowed)[-1].allowed

    run(body)


def test_the_schedule_compares_and_tells_holdings() -> None:
    async def body(house: House) -> None:
        await house.connect()
        house.heard["gateway"].clear()
        await trio.sleep(60.5)
        assert len(house.told("gateway", AskBroker)) == 1
        await house.snapshot(positions=(BrokerPosition("DU1", "MSFT", 2, D(5), D(300)),))
        await house.snapshot()
        assert [h.quantity for h in house.told("position/MSFT", BrokerHolding)] == [D(5), D(0)]  # INC-34

    run(body)


# severe


def test_inc_08_two_perm_ids_cancel_hold_and_alarm_until_both_are_dead() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.work()
        await house.tell(echo(outgoing, 1, perm_id=1))
        assert len(house.told("gateway", CancelOutgoing)) == 1
        assert "order.duplicated" in await house.alarms()
        await house.tell(group(request("pb-2")))
        assert "on hold" in house.events(GroupRefused)[0].denials[0].reason
        await house.tell(
            echo(outgoing, 1, "Cancelled"),
            echo(outgoing, 1, "Cancelled", perm_id=1),
        )
        assert await house.status() is OrderStatus.CANCELLED
        assert await house.alarms() == []
        await house.tell(group(request("pb-3")))
        assert house.sent()[-1].request.order_ref == "pb-3"

    run(body)


def test_inc_23_another_contract_halts_everything() -> None:
    async def body(house: House) -> None:
        await house.connect()
        outgoing = await house.place()
        await house.tell(echo(outgoing, 1, symbol="HOOD", con_id=9))
        assert len(house.told("portfolio", Halt)) == 1
        await house.tell(group(request("pb-2", symbol="MSFT")))
        assert len(house.sent()) == 1
        house.bus.publish(ResumedEvent("looked into it"))
        await house.tell(group(request("pb-2", symbol="MSFT")))
        assert len(house.sent()) == 2

    run(body)


def test_an_alarm_about_an_order_is_cleared_by_a_later_process_too() -> None:
    async def main() -> None:
        disk = SimulatedDisk()
        async with process(disk) as house:
            await house.connect()
            outgoing = await house.work()
            await house.tell(echo(outgoing, 1, perm_id=1))
            assert await house.alarms() == ["order.duplicated"]
            await trio.sleep(1)
        disk.power_cut()
        async with process(disk) as house:
            await house.connect(reconcile=False)
            await house.snapshot(open_orders=(echo(outgoing, 1), echo(outgoing, 1, perm_id=1)))
            await house.tell(group(request("pb-2")))
            assert house.sent() == []  # still on hold
            assert len(house.told("gateway", CancelOutgoing)) == 1
            await house.tell(echo(outgoing, 1, "Cancelled"), echo(outgoing, 1, "Cancelled", perm_id=1))
            assert await house.alarms() == []

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


# restart


def test_inc_43_after_kill_9_nothing_is_sent_again_and_the_first_snapshot_settles_what_was_in_flight() -> None:
    async def main() -> None:
        disk = SimulatedDisk()
        async with process(disk) as house:
            await house.connect()
            resting = await house.work(request("pb-1"))
            filled = await house.work(request("pb-2"))
            await house.tell(fill(filled, 1))
            await house.place(request("pb-3"), sent=False)  # durable, and no trace of bytes
            await house.place(request("pb-4"))
            await trio.sleep(1)
        for restart in range(3):
            disk.power_cut()
            async with process(disk) as house:
                assert house.sent() == []
                expected = OrderStatus.UNKNOWN if restart == 0 else OrderStatus.NOT_SENT
                assert [await house.status(f"pb-{n}") for n in (1, 2, 3, 4)] == [
                    OrderStatus.ACCEPTED,
                    OrderStatus.FILLED,
                    expected,
                    expected,
                ]
                await house.connect(reconcile=False)
                fills = (fill(filled, 1).execution,)
                held = (BrokerPosition("DU1", "AAPL", 1, D(100), D(150)),)
                await house.snapshot(open_orders=(echo(resting, 1),), executions=fills, positions=held)
                assert [await house.status(f"pb-{n}") for n in (1, 2, 3, 4)] == [
                    OrderStatus.ACCEPTED,
                    OrderStatus.FILLED,
                    OrderStatus.NOT_SENT,
                    OrderStatus.NOT_SENT,
                ]
                assert house.events(OrderFilledEvent) == []  # known already
                assert await house.alarms() == []
                await trio.sleep(1)
        async with process(disk) as house:
            pass

    async def last_id() -> None:
        disk = SimulatedDisk()
        async with process(disk) as house:
            await house.connect()
            first = await house.place()
            await trio.sleep(1)
        disk.power_cut()
        async with process(disk) as house:
            await house.connect(reconcile=False)  # nextValidId is 5 again (INC-06)
            await house.snapshot()
            second = await house.place(request("pb-2"))
            assert second.order_id > first.order_id + 1

    for scenario in (main, last_id):
        trio.run(scenario, clock=trio.testing.MockClock(autojump_threshold=0))


def test_a_restart_of_this_actor_alone_goes_on_with_the_connection_that_stands() -> None:
    async def body(house: House) -> None:
        await house.connect()
        await house.work()
        await trio.sleep(1)
        house.link = LinkStatus(True, 1, None, "DU1", 0)
        await house.system.stop("orders")
        house.heard["gateway"].clear()
        await house.system.start("orders", lambda context: OrderActor(context, settings=Settings(), bus=house.bus))
        await trio.sleep(0.01)
        assert len(house.told("gateway", AskBroker)) == 1
        assert await house.status() is OrderStatus.ACCEPTED
        await house.tell(InstrumentQualified(AAPL))
        await house.snapshot(open_orders=(echo(house_order(house), 1),))
        await house.tell(group(request("pb-2")))
        assert [order.request.order_ref for order in house.sent()] == ["pb-2"]
        assert house.sent()[0].order_id > 5

    def house_order(house: House) -> OutgoingOrder:
        return OutgoingOrder(request(), 5, "DU1")

    run(body)
