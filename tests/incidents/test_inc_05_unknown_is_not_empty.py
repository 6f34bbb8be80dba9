"""INC-05: "unknown" read as "empty": positions closed that stood, positions invented."""

from __future__ import annotations

import pytest

from messages.order import OrderCancelledEvent, OrderExpiredEvent, OrderStatus
from messages.position import PositionCloseEvent
from simulator.faults.verbs import Accept, Drop, Reset, Swallow, Wait

INCIDENT = {
    "number": "INC-05",
    "title": "Unknown read as empty",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/4228",
    "others": "A time-out gave an empty list: every position was taken for gone, an opposite one was invented, orders "
    "were 'not found'.",
    "pitboss": "A list counts only with its end marker in the same connection. Without it nothing is concluded, the "
    "broker is asked again, and no new risk is taken.",
}
QUERIES = ("reqOpenOrders", "reqAllOpenOrders", "reqCompletedOrders", "reqExecutions", "reqPositions")
ENDS = {
    "reqAllOpenOrders": "openOrderEnd",
    "reqCompletedOrders": "completedOrdersEnd",
    "reqExecutions": "execDetailsEnd",
    "reqPositions": "positionEnd",
}


async def hold_two(it):
    await it.trade_at(400.0, "MSFT")
    await it.open()
    await it.open(symbol="MSFT")
    await it.settle(5)


async def expect_nothing_happened(it, **end):
    await it.sound(**end)
    assert (it.held(), it.held("MSFT")) == (100, 100)
    assert len(it.ours()) == 6
    for kind in (PositionCloseEvent, OrderCancelledEvent, OrderExpiredEvent):
        assert it.events(kind) == []


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("trouble", ["swallowed", "link breaks", "end marker lost"])
def test_inc_05_an_answer_that_does_not_end_is_no_answer(stage, query, trouble):
    async def body(it):
        await hold_two(it)
        match trouble:
            case "swallowed":
                it.fault(Swallow(), on=query, nth=1, times=2)
            case "link breaks":
                it.fault(Accept(), Wait(0.0), Reset(), on=query, nth=1)
            case _:
                it.now(Drop(messages=[ENDS.get(query, "openOrderEnd")], count=1))
        await it.settle(70)
        await expect_nothing_happened(it, maybe={"broker.lost", "broker.incomplete"})

    stage(body)


def test_inc_05_one_of_two_positions_and_then_the_end_of_the_link(stage):
    async def body(it):
        await hold_two(it)
        it.now(Drop(messages=["position"], asked=True, count=1, after=1), Drop(messages=["positionEnd"], count=1))
        await it.settle(65)
        assert ((await it.view()).quantity, (await it.view("MSFT")).quantity) == (100, 100)
        it.links[-1].abort()
        await expect_nothing_happened(it, raised=["broker.lost", "broker.incomplete"])

    stage(body)


@pytest.mark.parametrize("without_end", ["another", "the same"])
def test_inc_05_what_a_list_calls_over_is_over_though_one_does_not_end(stage, without_end):
    async def body(it):
        await it.open()
        await it.settle(5)
        if without_end == "another":
            it.fault(Swallow(), on="reqPositions", nth=1, times=2)
        else:
            it.now(Drop(messages=["completedOrdersEnd"], count=2))
        it.links[-1].abort()
        stop = it.order("STP")
        it.venue.cancel(stop.client_id, stop.order_id)
        await it.settle(20)
        assert await it.status(stop) is OrderStatus.CANCELLED
        assert "protection.missing" in it.raised(), "another one leaves when the lists are complete"
        await it.settle(70)
        await it.sound(raised=["protection.missing"], maybe={"broker.lost", "broker.incomplete"})

    stage(body)
