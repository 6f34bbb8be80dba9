"""The order actor over the real client against the paper TWS: the ordinary, then what goes wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from messages.order import (
    CancelOrder,
    CommissionBooked,
    ExecutionBooked,
    ModifyOrder,
    OrderCorrectedEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderStatus,
    OrderType,
    OrderUnknownEvent,
    Role,
    Side,
)
from messages.position import BrokerHolding
from simulator.faults.verbs import (
    Accept,
    AcceptSilently,
    Alter,
    BlackHole,
    Drop,
    Duplicate,
    Emit,
    Error,
    Fill,
    Hold,
    Manual,
    ManualOrder,
    Release,
    Reset,
    Restart,
    Split,
    Swallow,
    Wait,
)

D = Decimal


def test_a_bracket_is_accepted_filled_and_armed(floor: Any, bracket: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(*bracket())
        await f.settle()
        views = await f.views()
        assert [views[f"pb-{n}"].status for n in (1, 2, 3)] == [
            OrderStatus.FILLED,
            OrderStatus.ACCEPTED,
            OrderStatus.ACCEPTED,
        ]
        assert views["pb-2"].confirmed
        assert views["pb-3"].confirmed
        assert [event.execution.price for event in f.events(OrderFilledEvent)] == [D(100)]
        assert len(f.events(CommissionBooked)) == len(await f.journaled(CommissionBooked)) == 1
        f.quote(bid=108.0, ask=108.01)
        await f.settle()
        views = await f.views()
        assert (views["pb-2"].status, views["pb-3"].status) == (OrderStatus.FILLED, OrderStatus.CANCELLED)
        await f.agree()

    floor(scenario)


def test_every_order_type_is_confirmed(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        kinds = [
            {"order_type": OrderType.LIMIT, "limit_price": D("90.01")},
            {"order_type": OrderType.STOP, "limit_price": None, "stop_price": D("110.5")},
            {"order_type": OrderType.STOP_LIMIT, "limit_price": D("111"), "stop_price": D("110.5")},
            {
                "order_type": OrderType.TRAILING_STOP,
                "limit_price": None,
                "stop_price": D(105),
                "trailing_pct": D("0.02"),
            },
            {"order_type": OrderType.TRAILING_STOP, "limit_price": None, "stop_price": D(105), "trailing_amount": D(2)},
        ]
        for number, kind in enumerate(kinds):
            f.submit(order(f"pb-{number}", **kind))
        await f.settle()
        for ref, view in (await f.views()).items():
            assert view.confirmed, (ref, view)

    floor(scenario)


def test_a_trailing_stop_is_modified_with_its_trail(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(
            order(
                role=Role.STOP,
                side=Side.SELL,
                order_type=OrderType.TRAILING_STOP,
                limit_price=None,
                stop_price=D(97),
                trailing_pct=D("0.03"),
            )
        )
        await f.settle()
        f.tell(ModifyOrder(order_ref="pb-1", quantity=D(60), stop_price=D(98), trailing_pct=D("0.03")))
        await f.settle()
        view = (await f.views())["pb-1"]
        assert (view.quantity, view.stop_price, view.trailing_pct, view.confirmed) == (D(60), D(98), D("0.03"), True)
        assert f.orders_at_broker["pb-1"].trailing_percent == D(3)

    floor(scenario)


def test_modify_and_cancel(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(order())
        await f.settle()
        for price in (91, 92, 93):
            f.tell(ModifyOrder(order_ref="pb-1", quantity=D(50), limit_price=D(price)))
        await f.settle()
        at_broker = f.orders_at_broker["pb-1"]
        assert (at_broker.quantity, at_broker.limit) == (D(50), D(93))
        assert all(event.applied for event in f.events(OrderModifiedEvent))
        f.tell(CancelOrder("pb-1", "operator"))
        await f.settle()
        assert await f.status() is OrderStatus.CANCELLED
        await f.agree()

    floor(scenario)


def test_a_rejection_is_verified(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.fault(Swallow(), Error(201, "Order rejected - reason: margin"))
        f.submit(order())
        await f.settle(3)
        assert await f.status() is OrderStatus.REJECTED
        await f.agree()

    floor(scenario)


def test_inc_02_a_frozen_gateway_that_thaws_after_minutes(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(order())
        await f.settle()
        f.now(BlackHole(seconds=300, everyone=True))
        f.submit(order("pb-2", order_type=OrderType.MARKET, limit_price=None))
        await f.settle(30)
        assert await f.status("pb-2") in (OrderStatus.UNKNOWN, OrderStatus.NOT_SENT)
        await f.agree(600)

    floor(scenario)


def test_inc_05_an_open_order_query_that_is_not_answered_is_not_an_empty_answer(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(order())
        await f.settle()
        f.fault(Swallow(), on="reqAllOpenOrders", nth=1)
        f.now(Reset(everyone=True))
        await f.settle(5)
        assert await f.status() is OrderStatus.ACCEPTED
        await f.agree()

    floor(scenario)


def test_inc_06_ids_that_roll_back_are_not_given_twice(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        for number in range(1, 5):
            f.fault(Swallow(), nth=number)
        for number in range(1, 5):
            f.submit(order(f"pb-{number}"))
        await f.settle(0.1)
        f.now(Restart(next_id=1))
        await f.settle(10)
        for number in range(5, 9):
            f.submit(order(f"pb-{number}"))
        await f.settle(3)
        views = await f.views()
        assert len({view.order_id for view in views.values()}) == 8
        assert all(views[f"pb-{n}"].status is OrderStatus.NOT_SENT for n in range(1, 5))
        assert all(views[f"pb-{n}"].status is OrderStatus.ACCEPTED for n in range(5, 9))
        await f.agree()

    floor(scenario)


def test_inc_08_a_modification_that_becomes_a_second_order(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(order())
        await f.settle()
        f.fault(Split(), where={"isModify": "1"})
        f.fault(Swallow(), on="cancelOrder", nth=2, times=1000)
        f.tell(ModifyOrder(order_ref="pb-1", quantity=D(100), limit_price=D(91)))
        await f.settle(1)
        assert "order.duplicated" in await f.alarms()
        f.submit(order("pb-2"))
        await f.settle(200)
        # the cancellation reached the surplus alone: what is left counts as live, and holds the symbol
        first, second = f.paper.venue.orders.values()
        assert (first.done, second.done) == (False, True)
        assert await f.status() is OrderStatus.PENDING_CANCEL
        assert "pb-2" not in f.orders_at_broker
        f.now(Fill(perm_id=first.perm_id, price=D(90)))  # hours later
        await f.settle()
        assert (await f.views())["pb-1"].filled == 100
        assert await f.status() is OrderStatus.FILLED
        assert await f.alarms() == []

    floor(scenario)


def test_inc_10_orders_placed_by_hand_are_listed_and_their_fills_booked(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.now(ManualOrder(symbol="AAPL", side="BUY", quantity=D(10), limit=D(50)))
        f.now(Manual(symbol="MSFT", quantity=D(-5), price=D(300)))
        f.now(Reset(everyone=True))
        await f.settle(5)
        listed = [view for view in (await f.views()).values() if view.role is None]
        assert [(view.order_id, view.quantity) for view in listed] == [(0, D(10))]
        event = f.events(OrderFilledEvent, "MSFT")[0]
        assert (event.order.role, event.execution.signed_quantity) == (None, D(-5))
        assert f.events(BrokerHolding, "MSFT")[-1].quantity == D(-5)

    floor(scenario)


def test_inc_12_an_informational_code_is_no_cancel(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.fault(Error(10349, "Order TIF was set to DAY based on order preset."), Accept())
        f.submit(order())
        await f.settle(10)
        assert await f.status() is OrderStatus.ACCEPTED
        assert len(f.paper.venue.orders) == 1
        await f.agree()

    floor(scenario)


def test_inc_16_a_cancel_that_is_only_answered_by_10147(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(order())
        await f.settle()
        f.fault(Swallow(), Error(10147, "OrderId that needs to be cancelled is not found."), on="cancelOrder", nth=1)
        f.tell(CancelOrder("pb-1", "operator"))
        await f.settle(2)
        assert await f.status() is OrderStatus.PENDING_CANCEL
        await f.agree()
        assert await f.status() is OrderStatus.CANCELLED

    floor(scenario)


def test_inc_18_the_execution_comes_before_everything_else(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.fault(Hold(messages=("openOrder", "orderStatus"), name="talk"), Accept(), Wait(2), Release("talk"))
        f.submit(order(order_type=OrderType.MARKET, limit_price=None))
        await f.settle(1)
        assert await f.status() is OrderStatus.FILLED
        await f.agree()
        assert len(await f.journaled(ExecutionBooked)) == 1

    floor(scenario)


def test_inc_19_a_fast_fill_whose_execution_is_late_is_not_a_cancel(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        late = ("execDetails", "openOrder", "orderStatus", "commissionReport")
        f.fault(Hold(messages=late, name="late", asked=False), Accept(), Wait(8), Release("late"))
        f.submit(order(order_type=OrderType.MARKET, limit_price=None))
        await f.settle(5.2)
        assert not (await f.views())["pb-1"].status.done or await f.status() is OrderStatus.FILLED
        await f.agree()
        assert await f.status() is OrderStatus.FILLED
        assert len(f.events(OrderFilledEvent)) == 1

    floor(scenario)


def test_inc_21_repeated_lost_and_wrong_statuses(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.now(Duplicate(messages=("orderStatus", "openOrder"), copies=3, everyone=True))
        f.submit(order())
        await f.settle()
        f.now(
            Fill(order_ref="pb-1", price=D(90), quantity=D(24)),
            Drop(messages=("orderStatus",), count=2, everyone=True),
        )
        await f.settle()
        assert (await f.views())["pb-1"].filled == 24
        await f.agree()

    floor(scenario)


def test_inc_23_an_echo_of_another_contract_halts(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.fault(Alter(messages=("openOrder",), set={"symbol": "HOOD", "conId": "77"}), Accept())
        f.submit(order())
        await f.settle()
        assert "order.mismatch" in await f.alarms()
        assert [type(message).__name__ for message in f.process.heard["portfolio"]].count("Halt") == 1

    floor(scenario)


def test_inc_24_corrections_and_a_bust(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.fault(
            Accept(),
            Emit(message="execDetails", set={"execId": "{execBase}.02", "price": "100.05"}),
            Emit(message="execDetails", set={"execId": "{execBase}.03", "shares": "0"}),
            Emit(message="execDetails", set={"execId": "{execBase}.02", "price": "100.05"}),
        )
        f.submit(order(order_type=OrderType.MARKET, limit_price=None))
        await f.settle()
        view = (await f.views())["pb-1"]
        assert (view.status, view.filled) == (OrderStatus.FILLED, D(0))
        assert len(f.events(OrderCorrectedEvent)) == 2

    floor(scenario)


def test_inc_40_and_44_the_link_breaks_right_after_the_bytes(floor: Any, order: Any) -> None:
    async def taken(f: Any) -> None:
        f.quote()
        f.fault(AcceptSilently(), Reset(), nth=1)
        f.submit(order(order_type=OrderType.MARKET, limit_price=None))
        await f.settle(0.02)
        assert await f.status() is OrderStatus.UNKNOWN
        await f.settle(10)
        assert await f.status() is OrderStatus.FILLED
        assert len(f.events(OrderUnknownEvent)) == 1
        await f.agree()

    async def not_taken(f: Any) -> None:
        f.quote()
        f.fault(Swallow(), Reset(), nth=1)
        f.submit(order())
        await f.settle(10)
        assert await f.status() is OrderStatus.NOT_SENT
        await f.agree()

    floor(taken)
    floor(not_taken)


def test_inc_43_killed_and_started_again_and_again(floor: Any, bracket: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        f.submit(*bracket())
        f.submit(order("pb-9"))
        await f.settle()
        f.fault(AcceptSilently(), nth=1)
        f.submit(order("pb-10", order_type=OrderType.MARKET, limit_price=None))
        await f.settle(0.01)
        for _ in range(4):
            await f.kill()
            await f.start()
            await f.settle(2)
            assert await f.alarms() == []
        assert len(f.paper.venue.orders) == 5
        views = await f.views()
        assert views["pb-10"].status is OrderStatus.FILLED
        assert len(await f.journaled(ExecutionBooked)) == 2
        assert views["pb-3"].confirmed
        await f.agree()

    floor(scenario)
