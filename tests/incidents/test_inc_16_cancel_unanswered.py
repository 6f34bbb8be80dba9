"""INC-16: a cancellation is answered by 10147 alone, or not until the market opens."""

from __future__ import annotations

import pytest

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
        await it.sound(quiet=250)
        assert it.held() == 0

    stage(body, broker={"liveness_seconds": 60.0, "reconcile_seconds": 120.0})
