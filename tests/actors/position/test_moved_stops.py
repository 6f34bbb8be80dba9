"""Stops that move: break-even rules, steps, trailing there and here; through restarts, refusals and cut links."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from messages.journal import Replay
from messages.order import OrderType, Side
from messages.position import (
    AdjustExits,
    CommandAccepted,
    Distance,
    ExitPlan,
    PlaceOrder,
    PositionCloseEvent,
    StopStep,
    Unit,
)
from simulator.faults import Rule
from simulator.faults.verbs import Error, Swallow

D = Decimal
BREAK_EVEN = StopStep(Distance(D("0.02"), Unit.PCT), Distance(D("0.10"), Unit.AMOUNT))
STEPS = (
    StopStep(Distance(D(1), Unit.R), Distance(D(0), Unit.PCT)),
    StopStep(Distance(D(2), Unit.R), Distance(D(1), Unit.R)),
)


def at(sign: int, way: float) -> float:
    """A price so far in profit from an entry at about 100."""
    return round(100 + sign * way, 2)


def quote(it: Any, sign: int, price: float) -> None:
    """Let the market come to a price in the direction of the profit, at once: it is never crossed."""
    for kind, value in sorted(((2, price + 0.01), (1, price - 0.01)), reverse=sign > 0):
        it.tick("AAPL", kind, round(value, 2))
    it.tick("AAPL", 4, price)


async def resting_stop(it: Any) -> Decimal:
    """Where the only stop at the broker stands, by the venue's book; the process must say the same."""
    (stop,) = (order for order in it.at_broker() if order.order_type in ("STP", "TRAIL"))
    assert stop.remaining == abs(it.held())
    await it.agree_exactly()
    assert not it.crashes()
    level = stop.trail_stop if stop.order_type == "TRAIL" else stop.stop
    assert level is not None
    return D(level)


async def entry(it: Any) -> Decimal:
    return (await it.view()).average_price


@pytest.mark.parametrize("side", list(Side))
def test_break_even_moves_the_stop_once_at_the_broker_and_names_the_close(plant, side):
    async def body(it):
        sign = side.sign
        await it.open(side, 100, stop_loss_pct=D("0.03"), break_even=BREAK_EVEN)
        paid = await entry(it)
        before = await resting_stop(it)
        await it.trade_at(at(sign, 1.5))
        assert await resting_stop(it) == before
        await it.trade_at(at(sign, 2.2))
        await it.settle(2)
        assert await resting_stop(it) == paid + sign * D("0.10")
        view = await it.view()
        assert (view.stop, view.stop_moved, view.protected) == (paid + sign * D("0.10"), "break_even", True)
        # it does not come back
        await it.trade_at(at(sign, 0.5))
        await it.settle(2)
        assert await resting_stop(it) == paid + sign * D("0.10")
        await it.trade_at(at(sign, 0.05))
        await it.settle(3)
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "break_even"
        assert closed.position.realized_pnl > -5

    plant(body)


@pytest.mark.parametrize("side", list(Side))
def test_steps_in_r_are_taken_one_by_one_or_several_at_once(plant, side):
    async def body(it):
        sign = side.sign
        await it.open(side, 100, stop_loss_pct=D("0.03"), steps=STEPS)
        paid = await entry(it)
        risk = abs(paid - await resting_stop(it))
        await it.trade_at(at(sign, 3.1))
        await it.settle(2)
        assert await resting_stop(it) == paid
        await it.trade_at(at(sign, 7))
        await it.settle(2)
        assert await resting_stop(it) == paid + sign * risk
        await it.trade_at(at(sign, 2))
        await it.settle(3)
        assert it.seen(PositionCloseEvent)[0].reason == "step"

    plant(body)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("exits", [{"trailing_stop_pct": D("0.02")}, {"trailing_stop_amount": D("2.004")}])
def test_a_stop_trailed_here_follows_by_amendments_that_do_not_flood(plant, side, exits):
    async def body(it):
        sign = side.sign
        await it.open(side, 100, trail_here=True, **exits)
        (stop,) = (order for order in it.at_broker() if order.order_type != "MKT")
        assert stop.order_type == "STP"
        best = await resting_stop(it)
        for cents in range(1, 400):
            quote(it, sign, at(sign, cents / 100))
            await it.settle(0.05)
        await it.trade_at(at(sign, 4))
        await it.settle(2)
        after = await resting_stop(it)
        assert (after - best) * sign > D("3.5")
        moves = [r.payload for r in await it.ask("journal", Replay(kinds=("ExitsAdjusted",)))]
        assert len(moves) <= 21  # twenty seconds
        assert len(await it.ask("journal", Replay(kinds=("ModifyIntended",)))) == len(moves)
        await it.trade_at(at(sign, 1.5))
        await it.settle(3)
        assert it.seen(PositionCloseEvent)[0].reason == "trailing_stop"
        assert await it.alarms() == set()

    plant(body)


@pytest.mark.parametrize("side", list(Side))
def test_a_step_tightens_a_stop_that_the_broker_trails(plant, side):
    async def body(it):
        sign = side.sign
        await it.open(side, 100, trailing_stop_pct=D("0.05"), break_even=BREAK_EVEN)
        paid = await entry(it)
        (stop,) = (order for order in it.at_broker() if order.order_type != "MKT")
        assert stop.order_type == "TRAIL"
        await it.trade_at(at(sign, 2.5))
        await it.settle(2)
        assert await resting_stop(it) == paid + sign * D("0.10")
        # and the broker trails on from there
        await it.trade_at(at(sign, 9))
        await it.settle(7)
        assert ((await it.view()).stop - (paid + sign * 3)) * sign > 0
        assert (await it.view()).stop_moved == "trailing_stop"

    plant(body)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("how", ["kill", "crash", "cut"])
@pytest.mark.parametrize("wait", [0.0, 0.001, 0.002, 0.004, 0.05, 5.0])
def test_whatever_breaks_while_the_stop_is_moved_it_stands_there_afterwards(plant, side, how, wait):
    async def body(it):
        sign = side.sign
        await it.open(side, 100, stop_loss_pct=D("0.03"), break_even=BREAK_EVEN)
        paid = await entry(it)
        quote(it, sign, at(sign, 2.5))
        await it.settle(wait)
        if how == "kill":
            await it.kill()
            await it.start()
        elif how == "crash":
            it.process.system.address("position/AAPL").tell(object())
        else:
            it.links[-1].abort()
        await it.settle(10)
        # what no fact has reached the disk of, the next price brings
        await it.trade_at(at(sign, 2.4))
        await it.settle(5)
        assert await resting_stop(it) == paid + sign * D("0.10")
        assert (await it.view()).protected
        assert await it.alarms() == set()

    plant(body)


def test_a_restart_begins_where_the_last_move_was(plant):
    async def body(it):
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"), break_even=BREAK_EVEN)
        paid = await entry(it)
        await it.trade_at(102.5)
        await it.settle(2)
        await it.kill()
        await it.trade_at(100.6)
        await it.start()
        await it.settle(10)
        view = await it.view()
        assert (view.stop, view.stop_moved) == (paid + D("0.10"), "break_even")
        assert await resting_stop(it) == paid + D("0.10")
        await it.trade_at(100.05)
        await it.settle(3)
        assert it.seen(PositionCloseEvent)[0].reason == "break_even"

    plant(body)


def test_a_rule_never_loosens_the_stop_and_a_person_may(plant):
    async def body(it):
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
        looser = ExitPlan(stop_loss_pct=D("0.05"), take_profit_pct=D("0.10"))
        before = await resting_stop(it)
        said = await it.ask("position/AAPL", AdjustExits(looser, "rule:wide"))
        await it.settle(2)
        assert isinstance(said, CommandAccepted)
        assert "stays at" in said.text
        assert await resting_stop(it) == before
        assert (await it.view()).target == D("110.02")
        await it.kill()
        await it.start()
        await it.settle(5)
        assert await resting_stop(it) == before
        await it.ask("position/AAPL", AdjustExits(looser))
        await it.settle(2)
        assert await resting_stop(it) < before

    plant(body)


@pytest.mark.parametrize("times", [1, 3, 12])
def test_a_move_that_the_broker_refuses_is_tried_again_and_never_a_reason_to_leave(plant, times):
    async def body(it):
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"), break_even=BREAK_EVEN)
        paid = await entry(it)
        before = await resting_stop(it)
        refusal = (Swallow(), Error(2102, "Unable to modify this order as it is still being processed."))
        it.paper.faults.add(Rule(on="placeOrder", do=refusal, where={"isModify": "1"}, nth=1, times=times))
        await it.trade_at(102.5)
        await it.settle(0.3)
        assert (await it.alarms()) <= {"stop.not_moved"}
        if times > 1:
            await it.settle(0.3)
            assert await resting_stop(it) == before
            assert "stop.not_moved" in await it.alarms()
        await it.settle(times * 31 + 5)
        assert await resting_stop(it) == paid + D("0.10")
        assert await it.alarms() == set()

    plant(body)


def test_while_the_broker_keeps_the_stop_where_it_was_the_second_line_leaves_at_the_new_place(plant):
    async def body(it):
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"), break_even=BREAK_EVEN)
        refusal = (Swallow(), Error(2102, "Unable to modify this order as it is still being processed."))
        it.paper.faults.add(Rule(on="placeOrder", do=refusal, where={"isModify": "1"}))
        await it.trade_at(102.5)
        await it.settle(5)
        await it.trade_at(99.5)
        await it.settle(20)
        assert it.held() == 0
        assert it.at_broker() == []
        assert it.seen(PositionCloseEvent)[0].reason == "break_even"

    plant(body)


@pytest.mark.parametrize("side", list(Side))
def test_where_the_broker_takes_no_trailing_order_the_stop_is_trailed_here(plant, side):
    async def body(it):
        sign = side.sign
        refusal = (Swallow(), Error(387, "Unsupported order type for this exchange and security type."))
        it.paper.faults.add(Rule(on="placeOrder", do=refusal, where={"orderType": "TRAIL"}))
        await it.open(side, 100, limit="100.01" if sign > 0 else "99.99")
        await it.ask("position/AAPL", AdjustExits(ExitPlan(trailing_stop_pct=D("0.02"))))
        await it.settle(20)
        first = await resting_stop(it)
        await it.trade_at(at(sign, 3))
        await it.settle(3)
        assert (await resting_stop(it) - first) * sign > 2
        assert (await it.view()).protected

    plant(body)


def test_a_stop_that_cannot_be_moved_still_follows_what_is_held(plant):
    async def body(it):
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"), break_even=BREAK_EVEN)
        before = await resting_stop(it)
        refusal = (Swallow(), Error(2102, "Unable to modify this order as it is still being processed."))
        it.paper.faults.add(Rule(on="placeOrder", do=refusal, where={"isModify": "1"}, nth=1, times=3))
        await it.trade_at(102.5)
        await it.settle(0.3)
        assert await resting_stop(it) == before
        await it.ask("position/AAPL", PlaceOrder(side=Side.SELL, quantity=D(40), order_type=OrderType.MARKET))
        await it.settle(5)
        assert it.held() == 60
        (stop,) = it.at_broker()
        assert stop.remaining == 60

    plant(body)
