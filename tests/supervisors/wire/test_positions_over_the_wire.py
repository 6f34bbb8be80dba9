"""Positions of the whole process, over ib_insync's own client, against the paper TWS."""

from decimal import Decimal

import pytest
import trio
from attrs import evolve

from messages.lifecycle import AlarmRaised
from messages.order import OrderType, Role, Side
from messages.position import (
    ClosePosition,
    CommandAccepted,
    ExitPlan,
    OpenPosition,
    PositionCloseEvent,
    PositionStatus,
    ProtectionArmedEvent,
    Size,
)
from messages.risk import DescribePortfolio

D = Decimal
ENTRY = OpenPosition(
    side=Side.BUY,
    size=Size(quantity=D(100)),
    exits=ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08")),
    source="test",
)


@pytest.mark.parametrize("side", list(Side))
def test_a_bracket_rests_at_the_broker_and_its_stop_ends_it(plant, side):
    async def body(it):
        answer = await it.open(side)
        assert isinstance(answer, CommandAccepted)
        view = await it.view()
        assert (view.status, view.protected, view.quantity) == (PositionStatus.OPEN, True, 100 * side.sign)
        assert {order.tif for order in it.at_broker()} == {"GTC"}
        assert len({order.oca_group for order in it.at_broker()}) == 1
        await it.agree()
        assert it.seen(ProtectionArmedEvent)
        await it.trade_at(96.5 if side is Side.BUY else 103.5)
        await it.settle(3)
        await it.agree()
        assert it.held() == 0
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "stop"
        executions = it.paper.venue.executions
        assert closed.position.realized_pnl == sum(
            -execution.quantity * execution.price * (1 if execution.side == "BOT" else -1) for execution in executions
        )
        assert await it.alarms() == set()

    plant(body)


def test_the_target_ends_it_and_the_portfolio_knows_the_profit(plant):
    async def body(it):
        await it.open()
        await it.trade_at(108.5)
        await it.settle(3)
        await it.agree()
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "target"
        view = await it.ask("portfolio", DescribePortfolio())
        assert view.realized_pnl == closed.position.realized_pnl
        assert view.commission == closed.position.commission > 0
        assert view.reserved == 0

    plant(body)


def test_a_trailing_stop_is_the_brokers_and_ours_follows_it(plant):
    async def body(it):
        await it.open(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02"))
        for price in (101.0, 103.0, 105.0, 104.0):
            await it.trade_at(price)
        assert (await it.view()).stop == D("102.90")
        await it.trade_at(102.8)
        await it.settle(3)
        assert it.held() == 0
        assert it.seen(PositionCloseEvent)[0].reason == "trailing_stop"
        assert await it.alarms() == set()

    plant(body)


def test_closing_leaves_nothing_behind(plant):
    async def body(it):
        await it.open()
        await it.ask("position/AAPL", ClosePosition("enough"))
        await it.settle(3)
        await it.agree()
        assert it.held() == 0
        assert it.seen(PositionCloseEvent)[0].reason == "enough"

    plant(body)


def test_the_opposite_command_reverses(plant):
    async def body(it):
        await it.open()
        await it.open(Side.SELL)
        await it.settle(3)
        await it.agree()
        view = await it.view()
        assert (view.quantity, view.protected) == (-100, True)

    plant(body)


def test_a_manual_part_is_followed_and_a_manual_close_ends_it(plant):
    async def body(it):
        await it.open()
        it.by_hand(Side.SELL, 30, "100")
        await it.settle(70)  # TWS tells other people's fills to nobody: the next snapshot does (INC-34)
        await it.agree()
        assert (await it.view()).quantity == 70
        it.by_hand(Side.SELL, 70, "100")
        await it.settle(70)
        await it.agree()
        assert it.seen(PositionCloseEvent)[0].reason == "manual"

    plant(body)


def test_a_poisoned_message_costs_nothing(plant):
    async def body(it):
        await it.open()
        before, orders = await it.view(), len(it.paper.venue.orders)
        for _ in range(2):
            it.process.system.address("position/AAPL").tell(object())
            await it.settle(1)
        await it.trade_at(100.0)
        after = await it.view()
        assert (after.quantity, after.average_price, after.stop, after.target, after.protected) == (
            before.quantity,
            before.average_price,
            before.stop,
            before.target,
            True,
        )
        assert len(it.paper.venue.orders) == orders
        await it.agree()

    plant(body)


@pytest.mark.parametrize("times", [1, 3])
def test_a_killed_process_begins_again_where_it_was(plant, times):
    async def body(it):
        await it.open()
        orders = len(it.paper.venue.orders)
        for _ in range(times):
            await it.kill()
            await it.start()
            await it.settle(5)
            await it.agree()
        assert len(it.paper.venue.orders) == orders
        view = await it.view()
        assert (view.quantity, view.protected, view.status) == (100, True, PositionStatus.OPEN)
        await it.kill()
        await it.trade_at(96.5)  # the stop fills while nobody listens
        await it.start()
        await it.settle(5)
        await it.agree()
        assert it.held() == 0
        assert it.seen(PositionCloseEvent)[-1].reason == "stop"

    plant(body)


def test_a_process_killed_at_any_moment_of_an_entry_ends_protected_or_flat(plant):
    async def body(it):
        for delay in range(12):
            it.process.system.address("position/AAPL").tell(ENTRY)
            await trio.sleep(0.0005 * delay)
            await it.kill()
            await it.start()
            await it.settle(30)
            await it.agree()
            view = await it.view()
            assert view.quantity in (0, 100)
            assert view.protected == bool(view.quantity)
            if view.quantity:
                await it.trade_at(100.0)
                await it.ask("position/AAPL", ClosePosition("next"))
                await it.settle(5)
                assert it.held() == 0
            await it.trade_at(100.0)

    plant(body)


def test_a_process_killed_while_closing_never_sells_twice(plant):
    async def body(it):
        for delay in range(12):
            await it.trade_at(100.0)
            await it.open()
            assert it.held() == 100
            it.process.system.address("position/AAPL").tell(ClosePosition("out"))
            await trio.sleep(0.0005 * delay)
            await it.kill()
            await it.start()
            await it.settle(30)
            await it.agree()
            assert it.held() in (0, 100)
            if it.held():
                assert (await it.view()).protected
                await it.ask("position/AAPL", ClosePosition("next"))
                await it.settle(5)
            assert it.held() == 0
            assert await it.working(Role.EXIT) == []

    plant(body)


def test_an_entry_that_fills_in_parts_is_followed_by_its_exits(plant):
    async def body(it):
        for kind, price in ((1, 99.99), (2, 100.01), (4, 100.0)):
            it.tick("AAPL", kind, price, size=30)
        await it.settle()
        await it.open()
        seen = set()
        for _ in range(4):
            seen.add((await it.view()).quantity)
            stops = [order for order in it.at_broker() if order.order_type == "STP"]
            assert [order.remaining for order in stops] == [it.held()]
            it.tick("AAPL", 2, 100.01, size=30)
            await it.settle()
        assert seen == {30, 60, 90, 100}
        await it.agree()

    plant(body)


def test_inc_29_both_legs_fill_at_once_and_it_ends_flat(plant):
    async def body(it):
        await it.open()
        legs = it.at_broker()
        for order, price in zip(legs, ("97.01", "108.02"), strict=True):
            it.paper.venue.broker_fill(order.perm_id, D(100), D(price))
        await it.settle(5)
        await it.agree()
        assert it.held() == 0
        assert "position.flipped" in {alarm.kind for alarm in it.seen(AlarmRaised)}
        assert await it.alarms() == set()

    plant(body)


def test_inc_31_exits_that_never_reached_the_broker_are_armed_again(plant):
    async def body(it):
        await it.open()
        for order in it.at_broker():
            it.paper.venue.cancel(order.client_id, order.order_id)
        await it.settle(3)
        await it.agree()
        assert (await it.view()).protected
        assert len(it.at_broker()) == 2

    plant(body)


def test_a_fill_that_nobody_heard_of_is_found_and_protected(plant):
    async def body(it):
        await it.ask("position/AAPL", evolve(ENTRY, order_type=OrderType.LIMIT, limit_price=D(99)))
        await it.settle()
        it.links[-1].abort()
        await it.trade_at(98.5)  # the entry fills while the link is down
        await it.settle(10)
        await it.trade_at(98.5)
        await it.agree()
        view = await it.view()
        assert (view.quantity, view.protected) == (100, True)

    plant(body)
