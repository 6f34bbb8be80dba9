"""INC-16: a cancellation is answered by 10147 alone, or not until the market opens."""

from __future__ import annotations

import pytest

from messages.lifecycle import AlarmRaised
from messages.order import OrderStatus
from simulator.faults.verbs import CancelAtBroker, Emit, Error, Fill, Swallow

INCIDENT = {
    "number": "INC-16",
    "title": "Cancel answered by 10147 alone, or hours later",
    "source": "https://github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers/pull/248",
    "others": "The waiter knew no such answer: five minutes of nothing, then the algorithm was stopped.",
    "pitboss": "Nothing waits in a handler. 10147 has the broker's lists asked for this order; a pending cancel is "
    "shown as pending for as long as it takes, and counts as live.",
}


@pytest.mark.parametrize("truth", ["filled", "cancelled", "working"])
def test_inc_16_10147_is_a_question(stage, truth):
    async def body(it):
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.hush()
        if truth == "filled":
            it.now(Fill(order_ref=entry.order_ref, price=entry.limit))
        elif truth == "cancelled":
            it.now(CancelAtBroker(entry.order_ref))
        it.fault(Swallow(), Error(10147, "OrderId that needs to be cancelled is not found."), on="cancelOrder", nth=1)
        await it.close()
        it.speak()
        await it.settle(100)  # it is written again, but not with each look
        expected = OrderStatus.FILLED if truth == "filled" else OrderStatus.CANCELLED
        assert await it.status(entry) is expected
        await it.sound()
        assert it.held() == 0

    stage(body)


def test_inc_16_a_cancel_may_pend_for_hours(stage):
    async def body(it):
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.fault(Swallow(), Emit(message="orderStatus", set={"status": "PendingCancel"}), on="cancelOrder")
        await it.close()
        for _ in range(4):
            await it.settle(1800)
            assert await it.status(entry) is OrderStatus.PENDING_CANCEL
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        assert it.held("MSFT") == 100, "nothing else waits for it"
        it.paper.faults.clear()
        it.venue.cancel(entry.client_id, entry.order_id)
        # it says that a cancellation pends, and lists the order as working
        await it.sound(quiet=250, raised=["order.not_cancelled"])
        assert it.held() == 0

    stage(body, broker={"liveness_seconds": 60.0, "reconcile_seconds": 120.0})


@pytest.mark.parametrize("lost", [1, 2])
def test_inc_16_a_cancel_that_nobody_answers_is_asked_about_and_written_again(stage, lost):
    async def body(it):
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.fault(Swallow(), on="cancelOrder", nth=1, times=lost)
        await it.close()
        await it.settle(4)
        assert await it.status(entry) is OrderStatus.PENDING_CANCEL
        await it.settle(2 if lost == 1 else 12)  # after 5 s, then after 10 s more
        assert await it.status(entry) is OrderStatus.CANCELLED
        await it.sound()
        assert it.held() == 0

    stage(body, broker={"reconcile_seconds": 300.0})


def test_inc_16_a_cancel_that_is_never_answered_is_written_ever_more_rarely_and_alarmed(stage):
    async def body(it):
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.fault(Swallow(), on="cancelOrder")
        await it.close()
        await it.settle(600)
        assert await it.status(entry) is OrderStatus.PENDING_CANCEL
        assert entry.order_ref in {one.order_ref for one in it.events(AlarmRaised) if one.kind == "order.not_cancelled"}
        await it.sound(raised=["order.not_cancelled"], quiet=130)
        assert it.held() == 0

    stage(body, broker={"reconcile_seconds": 60.0})
