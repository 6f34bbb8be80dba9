"""INC-01: fills that arrive while 1100 is set are thrown away and never recovered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from messages.order import OrderFilledEvent, OrderResolved
from messages.position import CommandRefused
from simulator.faults.verbs import Connectivity, Delay, Drop, Release, Reset

INCIDENT = {
    "number": "INC-01",
    "title": "Fills that arrive while 1100 is set",
    "source": "https://github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers/issues/249",
    "others": "Executions, fills and cancellations were dropped as 'not connected', and nobody asked again.",
    "pitboss": "What the broker says of orders is taken in any state of the link; 1101 and 1102 have open orders, "
    "completed orders, executions and positions compared. Meanwhile no new risk.",
}
LOST = ("execDetails", "openOrder", "orderStatus", "commissionReport")


@pytest.mark.parametrize("restored", ["kept", "dropped"])
@pytest.mark.parametrize("lost", [(), ("execDetails",), LOST], ids=["all told", "execDetails lost", "nothing told"])
def test_inc_01_fills_while_tws_has_lost_ib(stage, restored, lost):
    async def body(it):
        await it.open(limit="99.00")
        (entry,) = [order for order in it.at_broker() if order.order_type == "LMT" and order.side == "BUY"]
        it.now(Connectivity("lost"))
        await it.settle(1)
        if lost:
            it.now(Drop(messages=lost, asked=False))
        else:
            it.now(Delay(messages=["commissionReport"], seconds=10.0))
        it.broker_fill(entry, 60, "99.00")
        await it.settle(1)
        assert (await it.view()).quantity == (0 if lost else 60)
        assert isinstance(await it.open(symbol="MSFT"), CommandRefused)
        it.venue.cancel(entry.client_id, entry.order_id)
        await it.settle(9)
        it.now(Connectivity(restored))
        await it.settle(1)
        assert (await it.view()).quantity == 60
        alarms = {"broker.degraded"} | (it.raised() & {"protection.missing"})  # no exit can be moved meanwhile
        await it.sound(raised=alarms)
        assert len(it.events(OrderFilledEvent)) == 1
        assert it.held() == Decimal(60)
        await it.trade_at(100.0)
        await it.trade_at(400.0, "MSFT")
        assert (await it.open(symbol="MSFT")).order_refs
        await it.sound(raised=alarms)

    stage(body)


def test_inc_01_a_connection_that_begins_without_ib_takes_no_new_risk(stage):
    async def body(it):
        it.now(Connectivity("lost"))
        it.now(Reset(everyone=True))
        await it.settle(10)
        assert await it.plant.alarms() == {"broker.degraded"}
        assert isinstance(await it.open(), CommandRefused)
        it.now(Connectivity("kept"))
        await it.settle(2)
        await it.trade_at(100.0)
        assert (await it.open()).order_refs
        await it.sound(raised=it.raised() & {"broker.degraded", "broker.lost"})

    stage(body)


def test_inc_01_lists_that_lack_rows_end_no_order(stage):
    async def body(it):
        await it.open()
        before = await it.known()
        it.now(Connectivity("lost"), Drop(messages=("openOrder", "orderStatus", "completedOrder"), asked=True))
        await it.settle(200)  # some comparisons
        it.now(Release(), Connectivity("kept"))
        await it.settle(10)
        assert {ref: view.status for ref, view in (await it.known()).items()} == {
            ref: view.status for ref, view in before.items()
        }
        assert not await it.journaled(OrderResolved)
        await it.sound(raised=it.raised() & {"broker.degraded", "order.unknown", "reconcile.difference"})

    stage(body)
