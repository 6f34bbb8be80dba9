"""INC-23: orders executed on the wrong contract."""

from __future__ import annotations

from decimal import Decimal

import pytest

from messages.order import Side
from messages.position import CommandRefused
from messages.risk import DescribePortfolio, TradingState
from simulator.faults.filters import altered
from simulator.faults.verbs import Alter, Swallow
from simulator.wire.order_answers import exec_details

INCIDENT = {
    "number": "INC-23",
    "title": "Orders executed on the wrong contract",
    "source": "https://github.com/deepentropy/ibx/issues/112",
    "others": "Five orders for five symbols within two milliseconds were all filled on a sixth.",
    "pitboss": "Echo and execution must show the contract, side, account and quantity that were intended; otherwise "
    "everything halts, an alarm stands, and what happened is booked under what it happened to.",
}


def test_inc_23_what_filled_is_booked_as_what_it_is_and_all_sending_halts(stage):
    async def body(it):
        it.fault(Swallow(), nth=1)
        it.hush()
        await it.open()
        entry = next(view for view in (await it.known()).values() if view.role == "entry")
        it.paper.faults.clear()
        it.by_hand(Side.BUY, 100, "400", "MSFT")
        (execution,) = it.venue.executions
        (session,) = it.paper.tws.clients
        told = exec_details(-1, execution, session.version)
        own = {"orderId": str(entry.order_id), "clientId": "7", "orderRef": entry.order_ref}
        session.write(altered(told, own))
        await it.settle(30)
        assert (await it.view("MSFT")).quantity == 100
        assert (await it.view()).quantity == 0
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.REDUCE_ONLY
        await it.trade_at(100.0)
        refused = await it.open()
        assert isinstance(refused, CommandRefused) or it.held() == 0
        alarms = ["order.mismatch", "position.unmanaged"]
        end = {"unmanaged": ["MSFT"], "elsewhere": [entry.order_ref], "state": "HALTED"}
        await it.sound(raised=alarms, standing=alarms, maybe=["order.unknown"], **end)

    stage(body)


@pytest.mark.parametrize(
    "echo",
    [{"conId": "272093", "symbol": "MSFT"}, {"action": "SELL"}, {"account": "DU7654321"}],
    ids=["contract", "side", "account"],
)
def test_inc_23_a_wrong_echo_halts_all_sending(stage, echo):
    async def body(it):
        it.fault(Alter(messages=["openOrder"], where={"orderId": "{orderId}"}, set=echo, count=1), nth=1)
        await it.open(limit="95.00")
        await it.settle(5)
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.REDUCE_ONLY
        await it.trade_at(400.0, "MSFT")
        before = len(it.ours())
        await it.open(symbol="MSFT")
        assert len(it.ours()) == before, "nothing more leaves"
        await it.sound(raised=["order.mismatch"], standing=["order.mismatch"], state="HALTED")

    stage(body)


def test_inc_23_a_quantity_that_was_changed_by_hand_holds_the_symbol_alone(stage):
    async def body(it):
        wrong = {"totalQuantity": "500"}
        it.fault(Alter(messages=["openOrder"], where={"orderId": "{orderId}"}, set=wrong, count=1), nth=1)
        await it.open(limit="95.00")
        await it.trade_at(100.0)
        assert isinstance(await it.open(), CommandRefused) or len(it.ours()) == 3
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        assert it.held("MSFT") == 100
        await it.sound(raised=["order.mismatch"], standing=["order.mismatch"])

    stage(body)


def test_inc_23_what_is_held_can_still_be_left(stage):
    async def body(it):
        await it.open(quantity=50)
        await it.trade_at(400.0, "MSFT")
        it.fault(Alter(messages=["openOrder"], set={"action": "SELL"}, count=1), nth=1)
        await it.open(symbol="MSFT", limit="300")
        await it.close()
        await it.settle(5)
        assert it.held() == Decimal(0)
        await it.sound(raised=["order.mismatch"], standing=["order.mismatch"], state="HALTED")

    stage(body)
