"""Leaving in parts: each slice with a stop of its own, together exactly what is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from messages.order import Side
from messages.position import (
    AdjustExits,
    ClosePosition,
    CommandAccepted,
    Distance,
    ExitPlan,
    PositionCloseEvent,
    ScaleTarget,
    Unit,
)
from simulator.faults import Rule
from simulator.faults.verbs import Error, Swallow

D = Decimal
HALVES = (
    ScaleTarget(fraction=D("0.25"), distance=Distance(D("0.02"), Unit.PCT)),
    ScaleTarget(fraction=D("0.25"), distance=Distance(D("0.04"), Unit.PCT)),
)
PLAN: dict[str, Any] = {"stop_loss_pct": D("0.03"), "targets": HALVES}


async def sound(it: Any) -> None:
    """Assert that stops are exactly what is held, and that no group holds more than its stop."""
    await it.agree_exactly()
    held = abs(it.held())
    stops = [order for order in it.at_broker() if order.order_type == "STP"]
    assert sum(order.remaining for order in stops) == held
    for order in it.at_broker():
        twins = [stop for stop in stops if stop.oca_group == order.oca_group]
        assert [stop.remaining for stop in twins] == [order.remaining]
    assert not it.crashes()


@pytest.mark.parametrize("side", list(Side))
def test_each_target_has_a_stop_of_its_size_and_takes_only_that_along(plant, side):
    async def body(it):
        sign = side.sign
        await it.open(side, 100, **PLAN)
        await it.settle(2)
        first = await it.view()
        assert first.protected
        assert [(one.quantity, one.filled) for one in first.targets] == [(25, 0), (25, 0)]
        await sound(it)
        assert sorted(order.remaining for order in it.at_broker()) == [25, 25, 25, 25, 50]
        # the first target, then the second
        await it.trade_at(100 + sign * 2.1)
        await it.settle(1)
        assert it.held() == sign * 75
        await sound(it)
        assert (await it.view()).target == (await it.view()).targets[1].price  # the nearest that is left
        assert sorted(order.remaining for order in it.at_broker()) == [25, 25, 50]
        await it.trade_at(100 + sign * 4.1)
        await it.settle(1)
        assert it.held() == sign * 50
        await sound(it)
        assert [(one.quantity, one.filled) for one in (await it.view()).targets] == [(0, 25), (0, 25)]
        # and the stop for the rest
        await it.trade_at(100 - sign * 3.1)
        await it.settle(3)
        assert it.held() == 0
        assert it.at_broker() == []
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "stop"

    plant(body)


def orders_of(it: Any, kind: str) -> list[Any]:
    return sorted((order for order in it.at_broker() if order.order_type == kind), key=lambda order: order.remaining)


def test_a_target_that_fills_in_part_leaves_no_more_exits_than_shares(plant):
    async def body(it):
        await it.open(Side.BUY, 100, **PLAN)
        await it.settle(2)
        it.tick("AAPL", 2, 102.2)
        it.tick("AAPL", 1, 102.1, 10)  # ten are bid for
        await it.settle(3)
        assert it.held() == 90
        await sound(it)
        assert sorted(order.remaining for order in it.at_broker()) == [15, 15, 25, 25, 50]

    plant(body)


@pytest.mark.parametrize("side", list(Side))
def test_closing_leaves_every_slice_once(plant, side):
    async def body(it):
        await it.open(side, 100, **PLAN)
        await it.settle(2)
        await it.ask("position/AAPL", ClosePosition("test"))
        await it.settle(2)
        assert it.held() == 0
        assert it.at_broker() == []
        exits = [order for order in it.paper.venue.orders.values() if order.order_type == "MKT"][1:]
        assert sorted(order.filled for order in exits) == [25, 25, 50]
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "test"

    plant(body)


def test_slices_can_be_cut_and_joined_while_it_is_open(plant):
    async def body(it):
        await it.open(Side.BUY, 101, stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
        thirds = tuple(ScaleTarget(fraction=D(1) / 3, price=D(price)) for price in ("102", "104"))
        for plan, expected in (
            (ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"), targets=thirds), [33, 34, 34]),
            (
                ExitPlan(stop_loss_pct=D("0.02"), targets=(*thirds[:1], ScaleTarget(fraction=D(2) / 3, price=D(105)))),
                [33, 68],
            ),
            (ExitPlan(stop_loss_pct=D("0.02")), [101]),
        ):
            assert isinstance(await it.ask("position/AAPL", AdjustExits(plan)), CommandAccepted)
            await it.settle(3)
            assert [order.remaining for order in orders_of(it, "STP")] == expected
            assert (await it.view()).protected
            if plan.targets:
                await sound(it)

    plant(body)


def test_what_a_person_sells_or_adds_is_missing_or_kept_in_the_slices(plant):
    async def body(it):
        await it.open(Side.BUY, 100, **PLAN)
        await it.settle(2)
        await it.trade_at(102.1)
        await it.settle(1)
        it.by_hand(Side.SELL, 15, "102.00")
        await it.settle(70)
        assert it.held() == 60
        await sound(it)
        # what is added after a target has filled is not sold at that target any more
        it.by_hand(Side.BUY, 40, "102.00")
        await it.settle(70)
        assert it.held() == 100
        await sound(it)
        assert len(orders_of(it, "LMT")) == 1

    plant(body)


@pytest.mark.parametrize("wait", [0.0, 0.002, 0.004, 0.006, 0.01, 0.05])
@pytest.mark.parametrize("how", ["kill", "crash", "cut"])
def test_whatever_breaks_while_slices_are_cut_the_stops_are_what_is_held_again(plant, how, wait):
    async def body(it):
        plan = ExitPlan(stop_loss_pct=D("0.03"), targets=HALVES)
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"))
        outcome = it.process.system.address("position/AAPL").ask(AdjustExits(plan))
        await it.settle(wait)
        await broken(it, how)
        del outcome
        if not (await it.view()).exits.targets:  # it never came to be
            await it.ask("position/AAPL", AdjustExits(plan))
        await it.settle(10)
        await sound(it)
        assert [order.remaining for order in orders_of(it, "STP")] == [25, 25, 50]

    plant(body)


@pytest.mark.parametrize("wait", [0.0, 0.002, 0.005, 0.05])
@pytest.mark.parametrize("how", ["kill", "crash", "cut"])
def test_whatever_breaks_while_a_target_fills_its_stop_is_gone_and_the_others_stay(plant, how, wait):
    async def body(it):
        await it.open(Side.BUY, 100, **PLAN)
        await it.settle(2)
        for kind, price in ((2, 102.12), (1, 102.1), (4, 102.11)):
            it.tick("AAPL", kind, price)
        await it.settle(wait)
        await broken(it, how)
        await it.settle(10)
        assert it.held() == 75
        await sound(it)
        assert [order.remaining for order in orders_of(it, "STP")] == [25, 50]

    plant(body)


def test_with_nobody_there_a_target_and_then_the_stop_leave_exactly_nothing(plant):
    async def body(it):
        await it.open(Side.BUY, 100, **PLAN)
        await it.settle(2)
        await it.kill()
        await it.trade_at(102.1)
        assert it.held() == 75
        await it.trade_at(96.9)
        assert it.held() == 0
        assert it.at_broker() == []
        await it.start()
        await it.settle(10)
        assert (await it.view()).quantity == 0
        assert await it.alarms() == set()

    plant(body)


async def broken(it: Any, how: str) -> None:
    """Kill the process and start it again, crash the position, or cut the link."""
    if how == "kill":
        await it.kill()
        await it.start()
    elif how == "crash":
        it.process.system.address("position/AAPL").tell(object())
    else:
        it.links[-1].abort()
    await it.settle(10)


@pytest.mark.parametrize("times", [1, 3])
def test_closing_goes_on_where_the_broker_refuses_the_market_orders_of_slices(plant, times):
    async def body(it):
        await it.open(Side.BUY, 100, **PLAN)
        await it.settle(2)
        refusal = (Swallow(), Error(201, "Order rejected - reason: no."))
        where = {"orderType": "MKT", "action": "SELL"}
        it.paper.faults.add(Rule(on="placeOrder", do=refusal, where=where, nth=1, times=times))
        await it.ask("position/AAPL", ClosePosition("test"))
        await it.settle(60)
        assert it.held() == 0
        assert it.at_broker() == []
        assert (await it.view()).quantity == 0
        assert await it.alarms() == set()
        assert not it.crashes()

    plant(body)
