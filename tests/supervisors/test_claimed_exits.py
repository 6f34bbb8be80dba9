"""What the broker says has been sold is not sold once more, however long its executions take."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from messages.order import Side
from messages.position import ExitPlan, OpenPosition, Size
from simulator.faults import verbs as v

D = Decimal
EXITS = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
_BUY = OpenPosition(side=Side.BUY, size=Size(quantity=D(100)), exits=EXITS, source="operator")


def _hold(it: Any, *messages: str) -> None:
    it.paper.faults.do(v.Hold(messages=messages, everyone=True, name="late"))


def test_a_stop_whose_execution_is_late_is_neither_replaced_nor_followed_by_a_market_order(
    plant: Callable[..., None],
) -> None:
    """The status says Filled, the sibling is cancelled, and the local monitor sees the price below the stop."""

    async def body(it: Any) -> None:
        await it.open()
        _hold(it, "execDetails")
        await it.trade_at(96.5)
        await it.settle(14.0)
        assert it.held() == 0
        assert len(it.paper.venue.orders) == 3
        it.paper.faults.release("late")
        await it.settle(10.0)
        assert it.held() == 0
        assert not it.at_broker()
        await it.agree_exactly()

    plant(body)


def test_an_exit_and_its_entry_learned_from_one_list_are_not_taken_for_a_position(plant: Callable[..., None]) -> None:
    """Both executions got lost; the list tells them one after the other, and between them a position seems to stand."""

    async def body(it: Any) -> None:
        await it.trade_at(100.0)
        it.paper.faults.do(v.Drop(messages=("execDetails",), everyone=True, name="lost"))
        it.process.system.address("position/AAPL").tell(_BUY)
        await it.settle(2.0)
        target = next(one for one in it.at_broker() if one.order_type == "LMT")
        it.paper.venue.broker_fill(target.perm_id, target.remaining, target.limit)
        await it.settle(1.0)
        it.paper.faults.release("lost")
        await it.settle(90.0)
        assert it.held() == 0
        assert len(it.paper.venue.orders) == 3
        await it.agree_exactly()

    plant(body)


def test_a_claim_that_the_position_at_the_broker_belies_does_not_keep_exits_away(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        stop = next(one for one in it.at_broker() if one.order_type == "STP")
        said = ("3", str(stop.order_id), "Filled", "100", "0", "97", str(stop.perm_id), "0", "97", "7", "", "0")
        it.paper.faults.do(v.Emit(fields=said), client=7)
        await it.settle(0.5)
        it.paper.faults.do(v.CancelAtBroker(stop.order_ref))
        await it.settle(60.0)
        assert it.held() == 100
        assert any(one.order_type == "STP" for one in it.at_broker())

    plant(body)
