"""INC-21: the stream of statuses is incomplete, repeated, contradictory, and goes backwards."""

from __future__ import annotations

import pytest

from messages.order import OrderFilledEvent, OrderStatus
from simulator.faults import RandomFaults

INCIDENT = {
    "number": "INC-21",
    "title": "orderStatus incomplete, repeated, contradictory, backwards",
    "source": "https://github.com/QuantConnect/Lean/pull/851",
    "others": "Fills were counted from statuses: none at all for market orders, three copies, 'filled 124' of 24, an "
    "average price of 0, a filled order open again.",
    "pitboss": "Executions alone make quantity and price. A status informs, never regresses a state; where it claims "
    "more than executions bear out, the broker is asked.",
}


@pytest.mark.parametrize("seed", range(6))
def test_inc_21_any_shuffle_of_statuses_ends_the_same(stage, seed):
    async def body(it):
        talk = RandomFaults(
            seed=seed, drop=0.3, duplicate=0.3, delay=0.3, delay_seconds=2.0, messages=("openOrder", "orderStatus")
        )
        it.paper.faults.throw(talk)
        await it.trade_at(100.0, size=40)
        await it.open()
        for _ in range(3):
            await it.trade_at(100.0, size=30)
        await it.settle(20)
        assert (await it.view()).quantity == 100
        await it.trade_at(96.5)
        await it.settle(20)
        await it.sound(maybe={"order.unknown", "protection.missing"})
        assert it.held() == 0
        booked = [event.execution.exec_id for event in it.events(OrderFilledEvent)]
        assert len(booked) == len(set(booked)) == len(it.venue.executions)

    stage(body)


LIES = {
    "more than was ordered": {"status": "Submitted", "filled": "124", "remaining": "0"},
    "filled at no price": {"status": "Filled", "filled": "100", "remaining": "0", "avgFillPrice": "0"},
    "filled nothing": {"status": "Filled", "filled": "0", "remaining": "100"},
    "back to submitted": {"status": "Submitted", "filled": "0", "remaining": "100"},
    "back to pending": {"status": "PreSubmitted", "filled": "0", "remaining": "100"},
    "inactive": {"status": "Inactive", "filled": "0", "remaining": "100"},
    "a word nobody knows": {"status": "Confused", "filled": "0", "remaining": "100"},
}


@pytest.mark.parametrize("lie", LIES)
def test_inc_21_a_filled_order_stays_filled(stage, lie):
    async def body(it):
        await it.open()
        for _ in range(3):
            it.say(it.order("MKT"), "orderStatus", **LIES[lie])
        await it.settle(20)
        assert await it.status(it.order("MKT")) is OrderStatus.FILLED
        await it.sound()
        assert (it.held(), len(it.ours())) == (100, 3)

    stage(body)


@pytest.mark.parametrize("lie", LIES)
def test_inc_21_nothing_is_booked_by_a_status(stage, lie):
    async def body(it):
        await it.open()
        stop = it.order("STP")
        for _ in range(3):
            it.say(stop, "orderStatus", **LIES[lie])
        await it.settle(20)
        assert (await it.view()).quantity == 100
        await it.sound(maybe={"protection.missing", "order.unknown"})
        assert (it.held(), len(it.ours())) == (100, 3)

    stage(body)


def test_inc_21_an_order_after_a_partial_fill_does_not_unfill_it(stage):
    async def body(it):
        await it.open(limit="99.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.broker_fill(entry, 40, "99.00")
        await it.settle()
        it.say(entry, "openOrder", status="PreSubmitted")
        it.say(entry, "openOrder", status="Submitted")
        await it.settle()
        view = (await it.known())[entry.order_ref]
        assert (view.status, view.filled) == (OrderStatus.PARTIALLY_FILLED, 40)
        it.broker_fill(entry, 60, "99.00")
        await it.sound()
        assert it.held() == 100

    stage(body)
