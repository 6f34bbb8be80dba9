"""Scaling in and doubling down, on the whole tree against the paper TWS."""

from decimal import Decimal

import trio

from messages.order import OrderStatus, OrderType, Role, Side
from messages.position import CommandAccepted, CommandRefused, DoubleDown, ScaleIn

D = Decimal


def test_scaling_in_waits_for_the_profit_and_happens_once(plant):
    async def body(plant):
        await plant.open(quantity=100)
        add = ScaleIn(quantity=D(50), source="test")
        await plant.trade_at(101.0)
        refused = await plant.ask("position/AAPL", add)
        assert isinstance(refused, CommandRefused)
        assert refused.reason == "the position does not earn enough to scale in"
        await plant.trade_at(102.5)
        assert isinstance(await plant.ask("position/AAPL", add), CommandAccepted)
        await plant.settle(1)
        assert plant.held() == 150
        view = await plant.view()
        assert view.average_price == D("100.84333333")
        await plant.agree()
        again = await plant.ask("position/AAPL", add)
        assert again == CommandRefused("scaled in already", "1 of 1 times")

    plant(body)


def test_a_short_position_is_scaled_in_by_selling(plant):
    async def body(plant):
        await plant.open(Side.SELL, 100)
        await plant.trade_at(97.0)
        await plant.ask("position/AAPL", ScaleIn(quantity=D(50), source="test"))
        await plant.settle(1)
        assert plant.held() == -150
        await plant.agree()

    plant(body)


def test_doubling_down_rests_half_way_to_the_stop_once_per_level_across_a_kill(plant):
    async def body(plant):
        await plant.open(quantity=100, stop_loss_price=D("97.01"))
        down = DoubleDown(source="test")
        assert isinstance(await plant.ask("position/AAPL", down), CommandAccepted)
        await plant.settle()
        [order] = await plant.working(Role.SCALE)
        assert (order.order_type, order.limit_price, order.quantity) == (OrderType.LIMIT, D("98.51"), 100)
        await plant.settle(2)
        await plant.kill()
        await plant.start()
        await plant.trade_at(100.0)
        assert await plant.ask("position/AAPL", down) == CommandRefused("doubled down already", "level 1")
        other = DoubleDown(source="test", level=2, distance_to_stop_multiplier=D("0.8"), quantity_multiplier=D("0.5"))
        assert isinstance(await plant.ask("position/AAPL", other), CommandAccepted)
        await plant.trade_at(98.4)
        await plant.settle(2)
        assert plant.held() == 200
        stops = [order for order in plant.at_broker() if order.order_type == "STP"]
        assert [order.remaining for order in stops] == [200]

    plant(body)


def test_what_doubles_down_is_cancelled_with_the_position(plant):
    async def body(plant):
        await plant.open(quantity=100)
        await plant.ask("position/AAPL", DoubleDown(source="test"))
        await plant.settle()
        assert await plant.working(Role.SCALE)
        await plant.trade_at(108.5)
        await plant.settle(3)
        assert plant.held() == 0
        assert plant.at_broker() == []

    plant(body)


def test_without_a_position_nothing_is_added(plant):
    async def body(plant):
        for command in (ScaleIn(quantity=D(1), source="test"), DoubleDown(source="test")):
            assert await plant.ask("position/AAPL", command) == CommandRefused("no open position")
        await plant.open(quantity=100, take_profit_pct=D("0.05"))
        assert await plant.ask("position/AAPL", DoubleDown(source="test")) == CommandRefused(
            "the position has no stop to double down to"
        )
        assert all(order.status is not OrderStatus.DENIED for order in await plant.working())

    plant(body)


def test_what_waits_for_a_quote_opens_nothing_when_its_position_has_closed_meanwhile(plant):
    async def body(plant):
        await plant.open(quantity=100)
        await plant.trade_at(103.0)
        await plant.settle(6)  # nothing ticks: its price is too old for new risk
        answers = []

        async def scale_in():
            answers.append(await plant.ask("position/AAPL", ScaleIn(quantity=D(50), source="test")))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(scale_in)
            await plant.settle(0.3)
            assert answers == []
            await plant.trade_at(108.5)  # its target
            await plant.settle(3)
        assert answers == [
            CommandRefused("the position has closed, or another one was opened, while it waited"),
        ]
        assert (plant.held(), plant.at_broker()) == (0, [])

    plant(body)
