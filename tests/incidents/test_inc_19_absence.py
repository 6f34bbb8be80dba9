"""INC-19: "not among the open orders" read as cancelled or unfilled; entries that had filled stood without a stop."""

from __future__ import annotations

import pytest

from messages.order import OrderExpiredEvent, OrderStatus
from simulator.faults.verbs import AcceptSilently, Drop, Emit, Hold, Release

INCIDENT = {
    "number": "INC-19",
    "title": "Not in open orders, so cancelled",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/3958",
    "others": "A fast fill was missing from the open orders: marked cancelled; in 14 of 20 brackets the entry had "
    "filled and the stop was never placed.",
    "pitboss": "Absence needs open orders, completed orders and executions of one connection, each with its end; while "
    "the broker's position has moved by more than executions explain, nothing is concluded.",
}


@pytest.mark.parametrize("seconds", [1, 6, 90])
def test_inc_19_a_fast_fill_whose_execution_comes_late(stage, seconds):
    async def body(it):
        it.now(Hold(messages=["execDetails", "openOrder", "orderStatus", "commissionReport"], asked=False, name="late"))
        it.fault(Emit(message="openOrderEnd"), nth=1)
        await it.open()
        await it.settle(seconds)
        it.now(Release("late"))
        await it.sound(maybe={"order.unknown", "protection.missing"})
        assert ("order.unknown" in it.raised()) is (seconds > 5), "silence is not taken for anything"
        assert it.held() == 100
        assert len(it.ours()) == 3

    stage(body)


@pytest.mark.parametrize("lists", [("execDetails",), ("execDetails", "completedOrder")], ids=["one", "two"])
def test_inc_19_the_witnesses_lag_behind_the_fill(stage, lists):
    async def body(it):
        it.fault(AcceptSilently(), nth=1)
        it.now(Drop(messages=[*lists, "commissionReport"], name="lag"))
        await it.open()
        entry = it.order("MKT")
        for _ in range(6):
            await it.settle(5)
            assert (await it.status(entry)) is not OrderStatus.NOT_SENT
        it.now(Release("lag"))
        await it.sound(maybe={"order.unknown", "reconcile.difference"})
        assert it.held() == 100
        assert len(it.ours()) == 3
        assert not it.events(OrderExpiredEvent)

    stage(body)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_inc_19_taken_in_silence(stage, nth):
    async def body(it):
        it.fault(AcceptSilently(), nth=nth)
        await it.open()
        await it.sound(maybe={"order.unknown", "protection.missing"})
        assert it.held() == 100
        assert len(it.ours()) == 3

    stage(body)
