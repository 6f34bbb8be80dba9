"""INC-14: a cancellation and a fill cross."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest

from messages.order import OrderStatus
from simulator.faults.verbs import Accept, Hold, Release, Swallow

INCIDENT = {
    "number": "INC-14",
    "title": "Cancel and fill cross on the way",
    "source": "https://github.com/erdewit/ib_insync/issues/656",
    "others": "PendingCancel counted as dead: a replacement was placed while the first could still fill; 10148 "
    "'state: Filled' brought storms of cancels, and open orders that never ended.",
    "pitboss": "An order that is being cancelled is live exposure until its end is confirmed; a fill after the "
    "request, or after Cancelled, is booked and protected or closed like any other.",
    "tests": ["tests/incidents/test_interleavings.py"],
}
UNHEARD = {"order.unknown", "protection.missing"}  # the market exit leaves while TWS says nothing


async def cancel_a_resting_entry(it):
    """Have an entry rest at 95, and a cancellation of it on its way that TWS never reads."""
    await it.trade_at(100.0)
    await it.open(limit="95.00")
    entry = [order for order in it.at_broker() if order.side == "BUY"][-1]
    it.fault(Swallow(), on="cancelOrder")
    it.hush()
    await it.close()
    assert await it.status(entry) is OrderStatus.PENDING_CANCEL
    return entry


def words(it, entry) -> dict[str, Callable[[], None]]:
    return {
        "PendingCancel": lambda: it.say(entry, "orderStatus", status="PendingCancel", filled="0", remaining="100"),
        "execDetails": lambda: it.say(entry, "execDetails"),
        "status": lambda: it.say(entry, "orderStatus"),
        "10148": lambda: it.error(entry, 10148, "OrderId 1 can not be cancelled, state: Filled."),
        "202": lambda: it.error(entry, 202, "Order Canceled - reason:"),
    }  # fmt: skip


@pytest.mark.parametrize("first", ["PendingCancel", "execDetails", "status", "10148"])
@pytest.mark.parametrize("apart", [False, True], ids=["in one read", "apart"])
def test_inc_14_the_fill_wins(stage, first, apart):
    async def body(it):
        for order in permutations(["PendingCancel", "execDetails", "status", "10148"]):
            if order[0] != first:
                continue
            entry = await cancel_a_resting_entry(it)
            it.broker_fill(entry, 100, "95.00")
            said = words(it, entry)
            for name in order:
                said[name]()
                if apart:
                    await it.settle(0.05)
            it.paper.faults.clear()
            await it.settle(9)
            assert it.held() == 0, "what filled while it was being cancelled is closed"
            assert (await it.status(entry), entry.filled) == (OrderStatus.FILLED, 100)
        await it.sound(maybe=UNHEARD)

    stage(body)


@pytest.mark.parametrize("filled", [0, 40])
@pytest.mark.parametrize("first", ["PendingCancel", "execDetails", "status", "202"])
def test_inc_14_the_cancellation_wins(stage, first, filled):
    async def body(it):
        for order in permutations(["PendingCancel", "execDetails", "status", "202"]):
            if order[0] != first or (not filled and order.index("execDetails") != 3):
                continue
            entry = await cancel_a_resting_entry(it)
            if filled:
                it.broker_fill(entry, filled, "95.00")
            it.venue.cancel(entry.client_id, entry.order_id)
            said = words(it, entry)
            for name in order:
                if name != "execDetails" or filled:
                    said[name]()
            await it.settle(0.5)
            it.paper.faults.clear()
            await it.settle(9)
            assert await it.status(entry) is OrderStatus.CANCELLED
            assert it.held() == 0
        await it.sound(maybe=UNHEARD)

    stage(body)


def test_inc_14_a_fill_after_cancelled_is_booked(stage):
    async def body(it):
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        await it.close()
        await it.settle(10)
        assert await it.status(entry) is OrderStatus.CANCELLED
        it.broker_fill(entry, 100, "95.00")
        await it.sound(maybe={"position.unmanaged"})
        assert (await it.view()).quantity == it.held()

    stage(body)


def test_inc_14_a_replacement_waits_for_the_end_of_what_it_replaces(stage):
    async def body(it):
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.fault(Swallow(), on="cancelOrder")
        await it.close()
        for _ in range(20):
            await it.trade_at(100.0)
            await it.open()
            assert len([order for order in it.ours() if order.side == "BUY"]) == 1, "the first can still fill"
        it.paper.faults.clear()
        it.broker_fill(entry, 100, "95.00")
        await it.sound(maybe={"protection.missing", "position.not_closed"})
        assert it.held() == 0

    stage(body)


@pytest.mark.parametrize("leg", ["STP", "LMT"])
@pytest.mark.parametrize("filled", [40, 100])
@pytest.mark.parametrize("taken", [Accept(), Swallow()], ids=["taken", "lost"])
def test_inc_14_a_modification_meets_a_fill(stage, leg, filled, taken):
    async def body(it):
        for seed in range(6):
            await it.trade_at(100.0)
            await it.open()
            it.fault(taken, where={"isModify": "1", "orderType": leg})
            it.now(Hold(messages=["openOrder", "orderStatus", "execDetails", "commissionReport"], name="held"))
            await it.adjust(stop_loss_pct=Decimal("0.02"), take_profit_pct=Decimal("0.09"))
            it.broker_fill(it.order(leg), filled, "100.00")
            order = list(range(20))
            Random(seed).shuffle(order)
            it.now(Release("held", order))
            it.paper.faults.clear()
            await it.settle(9)
            assert it.held() == 100 - filled
            assert (await it.view()).quantity == it.held()
            await it.trade_at(100.0)
            await it.close()
            await it.settle(5)
        maybe = {"protection.missing", "order.unknown", "broker.lost", "broker.incomplete"}
        await it.sound(maybe=maybe | {"stop.not_moved"})  # where the change was swallowed, the broker keeps the stop
        assert it.held() == 0

    stage(body)
