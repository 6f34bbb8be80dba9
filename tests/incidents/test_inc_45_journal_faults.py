"""INC-45: the disk is full, or refuses to sync: systems lost their log, or died with positions nobody could close."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from messages.position import AdjustExits, CommandAccepted, CommandRefused, DescribePosition, ExitPlan
from messages.risk import FlattenAll, Halt, Rearm, Resume

INCIDENT = {
    "number": "INC-45",
    "title": "The disk is full, a sync fails, a tail is torn",
    "source": "https://github.com/IgorGanapolsky/trading/pull/4005",
    "others": "A crash truncated the log of the day; a torn line made the reader discard all of it; on a full disk the "
    "process died and positions could not be closed.",
    "pitboss": "The first failure stops new risk for good: HALTED, an alarm, refusals with the reason. Exits, "
    "cancellations and a flatten are still written ahead, into a reserve on the disk; the next start moves it into the "
    "journal. Torn tails are cut off and reported, damage elsewhere refuses the start.",
}
D = Decimal
FULL, BROKEN = OSError(28, "No space left on device"), OSError(5, "Input/output error")


class Disk:
    """Refuses from the nth step on."""

    def __init__(self, it: Any, error: OSError, first: int, *, steps: tuple[str, ...] = ("write", "sync")) -> None:
        self.count = 0
        self._error, self._first, self._steps = error, first, steps
        it.disk.before = self

    def __call__(self, step: str) -> None:
        self.count += step in self._steps
        if step in self._steps and self.count >= self._first:
            raise self._error


async def no_new_risk(it: Any) -> None:
    """Say what must be true once the journal has failed."""
    refused = await it.open(symbol="MSFT")
    assert isinstance(refused, CommandRefused)
    assert it.process.state.state == "HALTED"
    assert "the journal has failed" in it.process.state.reason
    assert "journal.failed" in await it.alarms()
    again = await it.ask("portfolio", Resume("as if nothing had happened"))
    assert isinstance(again, CommandRefused)
    assert it.process.state.state == "HALTED"
    assert not it.at_broker("MSFT")


async def start_again(it: Any, kept: int) -> None:
    """Start on a healthy disk, which kept the transactions that had failed, or not; resume, as an operator would."""
    it.disk.before = lambda step: None
    it.plant._scope.cancel()
    await it.settle(0.01)
    it.disk.power_cut(kept)
    await it.plant.start()
    assert it.process.state.state == "HALTED"
    assert await it.alarms() == set()
    if isinstance(await it.ask("portfolio", Resume("the disk is well again")), CommandRefused):
        # the kill switch was pulled meanwhile
        assert isinstance(await it.ask("portfolio", Rearm("the disk is well again")), CommandAccepted)
    await it.trade_at(100.0)
    await it.trade_at(400.0, "MSFT")


@pytest.mark.parametrize("kept", [0, 1], ids=["what failed is lost", "what failed is there"])
@pytest.mark.parametrize("fault", [(FULL, "write"), (BROKEN, "sync")], ids=["full disk", "sync fails"])
@pytest.mark.parametrize("step", range(1, 8))  # at the disk, in the life below
def test_inc_45_at_each_step_of_a_position_new_risk_stops_and_a_flatten_works(
    stage: Callable[..., None], step: int, fault: tuple[OSError, str], kept: int
) -> None:
    async def body(it: Any) -> None:
        error, where = fault
        disk = Disk(it, error, step, steps=(where,))
        await it.open()
        await it.settle(1)
        await it.ask("position/AAPL", AdjustExits(ExitPlan(stop_loss_pct=D("0.02"), take_profit_pct=D("0.05"))))
        await it.settle(1)
        if disk.count < step:
            disk.count = step
            await it.ask("portfolio", Halt("something to write"))
            await it.settle(1)
        held = it.held()
        await no_new_risk(it)
        assert it.held() == held
        if held:
            assert (await it.view()).protected, "exits went on"
        await it.ask("portfolio", FlattenAll("test"))
        await it.settle(2)
        assert it.held() == 0
        assert it.at_broker() == []
        assert it.disk.reserve
        sent = len(it.ours())
        await start_again(it, kept)
        await it.settle(10)
        assert len(it.ours()) == sent, "something was sent again"
        assert it.held() == 0
        await it.trade_at(400.0, "MSFT")
        opened = await it.open(symbol="MSFT")
        assert isinstance(opened, CommandAccepted), opened
        # an intent that was refused and is on the disk all the same is unknown until the broker's lists lack it
        there_after_all = {"order.unknown"} if (step, where, kept) == (1, "sync", 1) else set()
        await it.sound(raised={"journal.failed"} | there_after_all)

    stage(body)


def test_inc_45_an_actor_that_crashes_meanwhile_is_rebuilt_and_the_exits_follow(stage: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        Disk(it, FULL, 1)
        it.broker_fill(it.order("LMT"), 40, "108.00")
        await it.settle(2)
        await no_new_risk(it)
        it.process.system.address("position/AAPL").tell("poison")
        await it.settle(2)
        view = await it.ask("position/AAPL", DescribePosition())
        assert (view.quantity, view.protected) == (60, True)
        assert {order.remaining for order in it.at_broker("AAPL")} == {60}
        await start_again(it, 0)
        assert (await it.ask("position/AAPL", DescribePosition())).quantity == 60
        await it.sound(raised={"journal.failed"}, crashes=1)

    stage(body)


def test_inc_45_when_the_reserve_fails_too_only_cancellations_leave(stage: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        Disk(it, BROKEN, 1, steps=("write", "reserve write"))
        await it.ask("portfolio", Halt("something to write"))
        await it.settle(1)
        await no_new_risk(it)
        sent = len(it.ours())
        await it.close()
        await it.settle(2)
        assert len(it.ours()) == sent, "an order left that was written nowhere"
        assert it.held() == 100
        exits = {order.order_type for order in it.at_broker("AAPL")}
        assert exits == {"STP", "LMT"}, "what rests at the broker protects"

    stage(body)
