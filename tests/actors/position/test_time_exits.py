"""Positions that are left because their time is up: through restarts, cut links and closed exchanges."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from messages.order import Side
from messages.position import AdjustExits, AdoptHolding, CommandRefused, ExitPlan, PositionCloseEvent

D = Decimal
MINUTES = {"stop_loss_pct": D("0.03"), "exit_after_seconds": 600}


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("exits", "seconds"),
    [
        ({"exit_after_seconds": 600}, 600),
        ({"exit_after_bars": 3, "bar_seconds": 300}, 900),
        ({"exit_at": "10:15"}, 900),  # it is opened a second after ten
    ],
)
def test_it_is_left_when_its_time_is_up_and_not_before(plant, side, exits, seconds):
    async def body(it):
        await it.open(side, 100, stop_loss_pct=D("0.03"), **exits)
        view = await it.view()
        assert view.leaves_at is not None
        await it.settle(seconds - 10)
        assert it.held() == 100 * side.sign
        await it.settle(15)
        assert it.held() == 0
        assert it.at_broker() == []
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "time_exit"
        assert await it.alarms() == set()

    plant(body)


@pytest.mark.parametrize("down", [5, 3600])
def test_a_restart_leaves_when_it_would_have_or_at_once(plant, down):
    async def body(it):
        await it.open(Side.BUY, 100, **MINUTES)
        await it.kill()
        await it.settle(down)
        assert it.held() == 100
        await it.start()
        await it.trade_at(100.0)
        await it.settle(10 if down > 600 else 580)
        assert it.held() == (0 if down > 600 else 100)
        await it.settle(60)
        assert it.held() == 0
        assert it.at_broker() == []
        assert it.seen(PositionCloseEvent)[-1].reason == "time_exit"

    plant(body)


@pytest.mark.parametrize("how", ["kill", "crash", "cut"])
@pytest.mark.parametrize("wait", [0.0, 0.001, 0.003, 0.05])
def test_whatever_breaks_while_it_is_being_left_it_is_left_once(plant, how, wait):
    async def body(it):
        await it.open(Side.BUY, 100, **MINUTES)
        leaves = (await it.view()).leaves_at
        await it.settle((leaves - it.paper.environment.now()).total_seconds() + wait)
        if how == "kill":
            await it.kill()
            await it.start()
        elif how == "crash":
            it.process.system.address("position/AAPL").tell(object())
        else:
            it.links[-1].abort()
        await it.settle(30)
        assert it.held() == 0
        assert it.at_broker() == []
        assert (await it.view()).quantity == 0
        assert not it.crashes()
        assert await it.alarms() == set()

    plant(body)


def test_while_the_exchange_is_closed_it_waits_for_the_open(plant):
    async def body(it):
        it.by_hand(Side.BUY, 100, "100.00")
        await it.settle(70)
        await it.ask("position/AAPL", AdoptHolding(ExitPlan(stop_loss_pct=D("0.03"), exit_after_seconds=120)))
        await it.settle(120)
        assert it.held() == 100
        assert len(it.at_broker()) == 1  # the stop alone: no market order rests until the open
        await it.settle(180)
        assert it.held() == 0
        assert it.seen(PositionCloseEvent)[0].reason == "time_exit"

    plant(body, simulator={"calendar": "XNYS"}, start=datetime(2026, 11, 20, 14, 25, tzinfo=UTC))


def test_what_was_to_be_left_by_a_time_of_day_and_could_not_before_the_close_is_an_alarm_until_it_is_left(plant):
    """The process was down at that time, or its clock was set beyond it: nothing said that it was held overnight."""

    async def body(it):
        it.by_hand(Side.BUY, 100, "100.00")
        await it.settle(70)
        await it.ask("position/AAPL", AdoptHolding(ExitPlan(stop_loss_pct=D("0.03"), exit_at="09:28")))
        await it.settle(60)
        assert await it.alarms() == set()
        await it.settle(60)
        assert it.held() == 100
        assert await it.alarms() == {"position.not_closed"}
        await it.kill()
        await it.start()
        assert await it.alarms() == {"position.not_closed"}
        await it.settle(180)
        assert it.held() == 0
        assert await it.alarms() == set()

    plant(body, simulator={"calendar": "XNYS"}, start=datetime(2026, 11, 20, 14, 25, tzinfo=UTC))


def test_another_time_counts_from_the_first_fill_and_one_that_has_passed_is_refused(plant):
    async def body(it):
        await it.open(Side.BUY, 100, stop_loss_pct=D("0.03"))
        await it.settle(300)
        said = await it.ask("position/AAPL", AdjustExits(ExitPlan(stop_loss_pct=D("0.03"), exit_after_seconds=60)))
        assert isinstance(said, CommandRefused)
        await it.ask("position/AAPL", AdjustExits(ExitPlan(stop_loss_pct=D("0.03"), exit_after_seconds=400)))
        await it.settle(90)
        assert it.held() == 100
        await it.settle(20)
        assert it.held() == 0

    plant(body)
