"""INC-18: the execution comes before the order, or alone; the fill is lost, the order cancelled locally."""

from __future__ import annotations

import os
from itertools import permutations
from random import Random

import pytest

from messages.order import OrderFilledEvent, OrderStatus
from simulator.faults.verbs import Drop, Hold, Release

INCIDENT = {
    "number": "INC-18",
    "title": "Execution before openOrder, or for an unknown order",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/3949",
    "others": "execDetails for an id that was not cached yet was dropped; the next comparison missed the order and "
    "cancelled it locally.",
    "pitboss": "The intent and its id are durable before the first byte leaves, and executions are taken in any state; "
    "the four messages of a fill end in one state whatever their order, repeated or missing.",
}
MESSAGES = ("openOrder", "orderStatus", "execDetails", "commissionReport")
VARIANTS = ["each once", *(f"{name} {fate}" for name in MESSAGES for fate in ("lost", "twice"))]


def said(order, variant):
    """The messages in this order, with one of them lost or doubled."""
    name, _, fate = variant.partition(" ")
    times = {"lost": 0, "twice": 2}.get(fate, 1)
    return [message for message in order for _ in range(times if message == name else 1)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_inc_18_all_orders_of_the_messages_of_one_fill(stage, variant):
    async def body(it):
        for order in permutations(MESSAGES):
            await it.trade_at(100.0)
            own = {"orderId": "{orderId}"}
            it.fault(
                Drop(messages=TOLD, where=own, asked=False), Drop(messages=["commissionReport"], asked=False), nth=1
            )
            await it.open()
            entry = it.order("MKT")
            assert entry.filled == 100
            for message in said(order, variant):
                it.say(entry, message)
            await it.settle(7 if variant.endswith("lost") else 0.1)  # what is missing is asked for
            it.paper.faults.clear()
            view = (await it.known())[entry.order_ref]
            assert (view.status, view.filled, view.average_price) == (OrderStatus.FILLED, 100, entry.average_price)
            assert ((await it.view()).quantity, (await it.view()).protected) == (100, True)
            assert len(it.ours()) % 4 == 3, "nothing is sent twice"
            await it.close()
            await it.settle(2)
        await it.sound(maybe={"protection.missing", "order.unknown"})
        booked = [event.execution.exec_id for event in it.events(OrderFilledEvent)]
        assert len(booked) == len(set(booked)) == 48

    stage(body)


TOLD = MESSAGES[:3]


SAMPLES = int(os.environ.get("PITBOSS_SAMPLES", "300"))
PORTION = 10  # samples of one process


@pytest.mark.parametrize("portion", range(SAMPLES // PORTION))
def test_inc_18_three_partial_fills_in_any_order_with_losses_and_repeats(stage, portion):
    """At least 300 shuffles; more with PITBOSS_SAMPLES=…"""

    async def body(it):
        for seed in range(portion * PORTION, (portion + 1) * PORTION):
            dice = Random(seed)
            await it.trade_at(100.0)
            await it.open(limit="99.00")
            entry = [order for order in it.at_broker() if order.side == "BUY"][-1]
            kind, lost, twice = dice.choice(MESSAGES), seed % 3 == 1, seed % 3 == 2
            if lost:
                it.now(Drop(messages=[kind], asked=False, count=dice.randrange(1, 4)))
            it.now(Hold(messages=MESSAGES, asked=False, name="held"))
            for quantity in (40, 30, 30):
                it.broker_fill(entry, quantity, f"9{dice.randrange(6, 9)}.50")
            order = [*range(24), *(dice.sample(range(24), 8) if twice else ())]
            dice.shuffle(order)
            it.now(Release("held", order))
            it.paper.faults.clear()
            await it.settle(12)
            view, known = await it.view(), (await it.known())[entry.order_ref]
            assert (known.status, known.filled, it.held()) == (OrderStatus.FILLED, 100, 100), seed
            assert (view.average_price, view.protected) == (entry.average_price, True), seed
            assert len(it.ours()) % 4 == 3, "nothing is sent twice"
            await it.close()
            await it.settle(2)
        await it.sound(maybe={"protection.missing", "order.unknown"})

    stage(body, broker={"reconcile_seconds": 8.0})
