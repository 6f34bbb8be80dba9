"""INC-44: the reply to a submit is lost; the submit is repeated, and there are two orders."""

from __future__ import annotations

import pytest

from simulator.faults.verbs import Accept, AcceptSilently, Cut, Reset, Swallow

INCIDENT = {
    "number": "INC-44",
    "title": "Ambiguous submit retried: double order",
    "source": "https://github.com/yubing744/trading-gpt/issues/94",
    "others": "A time-out was taken for a failure, and the order was sent again.",
    "pitboss": "The reference is durable before the first byte, and nothing is sent twice. What is ambiguous is looked "
    "up by reference in open orders, completed orders and executions; proven absent, a new decision gets a new one.",
}


@pytest.mark.parametrize("taken", [Accept(), AcceptSilently(), Swallow()], ids=["booked", "booked in silence", "lost"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("end", ["link breaks", "process dies"])
def test_inc_44_sent_and_no_acknowledgement(stage, taken, nth, end):
    async def body(it):
        it.fault(taken, Reset(), nth=nth)
        await it.open()
        if end == "process dies":
            await it.kill()
            await it.start()
        await it.settle(30)
        await it.trade_at(100.0)
        await it.sound(maybe={"broker.lost", "order.unknown", "protection.missing"})
        assert it.held() in (0, 100)

    stage(body)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 40, 200, 300, 600, 900])
def test_inc_44_the_stream_is_cut_within_a_bracket(stage, count):
    async def body(it):
        (session,) = it.paper.tws.clients
        it.paper.faults.do(Cut(count, "in"), client=session.client_id)
        await it.open()
        await it.settle(30)
        await it.trade_at(100.0)
        await it.sound(raised=["broker.lost"], maybe={"order.unknown", "protection.missing"})
        assert it.held() in (0, 100)

    stage(body)
