"""Entries of which one is to fill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from messages.order import OrderType, Role, Side
from messages.position import CommandAccepted, CommandRefused, ExitPlan, PlaceOco, PlaceOrder

D = Decimal
EXITS = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))


def either(side: Side, *, quantity: int = 100, third: bool = False) -> PlaceOco:
    """Buy a dip or a breakout; sell short a rise or a breakdown."""
    sign = side.sign
    orders = [
        PlaceOrder(side=side, quantity=D(quantity), order_type=OrderType.LIMIT, limit_price=D(100 - sign * 2)),
        PlaceOrder(side=side, quantity=D(quantity), order_type=OrderType.STOP, stop_price=D(100 + sign * 2)),
    ]
    if third:
        orders.append(PlaceOrder(side=side, quantity=D(50), order_type=OrderType.LIMIT, limit_price=D(100 - sign * 3)))
    return PlaceOco(orders=tuple(orders), exits=EXITS)


async def sound(it: Any, held: int) -> None:
    assert it.held() == held
    assert not await it.working(Role.ENTRY, Role.SCALE)
    await it.agree()
    assert sorted(order.order_type for order in it.at_broker()) == ["LMT", "STP"]
    assert (await it.view()).protected
    assert await it.alarms() == set()


@pytest.mark.parametrize("third", [False, True])
@pytest.mark.parametrize("way", [-2.5, 2.5])
@pytest.mark.parametrize("side", list(Side))
def test_the_one_that_fills_takes_the_others_along_and_is_protected(plant, side, way, third):
    async def body(it):
        said = await it.ask("position/AAPL", either(side, third=third))
        assert isinstance(said, CommandAccepted)
        await it.settle(1)
        groups = {order.oca_group for order in it.at_broker()}
        assert len(groups) == 1
        assert {order.oca_type for order in it.at_broker()} == {1}
        assert len(it.at_broker()) == (3 if third else 2)
        await it.trade_at(100 + way)
        await it.settle(3)
        await sound(it, 100 * side.sign)

    plant(body)


@pytest.mark.parametrize("wait", [0.0, 0.002, 0.004, 0.05])
def test_a_kill_while_one_fills_leaves_one_position_with_its_exits(plant, wait):
    async def body(it):
        await it.ask("position/AAPL", either(Side.BUY))
        await it.settle(1)
        for kind, price in ((2, 102.51), (1, 102.49), (4, 102.5)):
            it.tick("AAPL", kind, price)
        await it.settle(wait)
        await it.kill()
        await it.start()
        await it.trade_at(102.5)
        await it.settle(10)
        await sound(it, 100)

    plant(body)


def test_a_part_that_fills_ends_the_others(plant):
    async def body(it):
        await it.ask("position/AAPL", either(Side.BUY))
        await it.settle(1)
        it.tick("AAPL", 1, 97.9)
        it.tick("AAPL", 2, 97.95, 30)
        await it.settle(3)
        assert it.held() == 30
        (entry,) = await it.working(Role.ENTRY)
        assert entry.remaining == 70
        assert sorted(order.remaining for order in await it.working(Role.STOP, Role.TARGET)) == [30, 30]

    plant(body)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (PlaceOco(orders=either(Side.BUY).orders[:1], exits=EXITS), "one of two or more"),
        (PlaceOco(orders=(either(Side.BUY).orders[0], either(Side.SELL).orders[0]), exits=EXITS), "one of two or more"),
        (PlaceOco(orders=either(Side.BUY).orders, exits=ExitPlan(stop_loss_price=D(99))), "would fire at once"),
    ],
)
def test_what_are_no_alternatives_is_refused_and_leaves_nothing(plant, command, reason):
    async def body(it):
        said = await it.ask("position/AAPL", command)
        assert isinstance(said, CommandRefused)
        assert reason in said.reason
        await it.settle(1)
        assert it.at_broker() == []
        assert (await it.view()).position_id == ""

    plant(body)


def test_against_a_position_it_is_refused_for_its_exits_are_a_group_already(plant):
    async def body(it):
        await it.open(Side.BUY, 200)
        said = await it.ask("position/AAPL", either(Side.SELL))
        assert isinstance(said, CommandRefused)
        assert "exits" in said.reason
        # on its side it adds, and the exits follow
        assert isinstance(await it.ask("position/AAPL", either(Side.BUY, quantity=50)), CommandAccepted)
        await it.settle(1)
        await it.trade_at(102.5)
        await it.settle(3)
        await sound(it, 250)

    plant(body)
