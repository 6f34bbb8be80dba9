"""INC-11: duplicate, non-monotonic and too large order ids."""

from __future__ import annotations

from messages.position import CommandRefused
from simulator.faults.verbs import Error, Restart, Swallow

INCIDENT = {
    "number": "INC-11",
    "title": "103 duplicate id, non-monotonic id, int32 overflow",
    "source": "https://github.com/erdewit/ib_insync/issues/80",
    "others": "A rejected bracket was sent again with its ids: 103 for each; random ids: 103; an id above 2³¹: 320.",
    "pitboss": "Ids only rise, are reserved durably before use, never return after a reject, and end below 2³¹ with an "
    "alarm and a refusal.",
}


def test_inc_11_a_rejected_bracket_leaves_its_ids_for_good(stage):
    async def body(it):
        it.fault(Swallow(), Error(201, "Order rejected - reason: bad account"), nth=1)
        await it.open()
        await it.settle(40)
        assert it.held() == 0
        before = {order.order_id for order in it.ours()}
        await it.trade_at(100.0)
        await it.open()
        await it.sound(maybe={"order.unknown"})
        assert it.held() == 100
        ids = [order.order_id for order in it.ours()]
        assert ids == sorted(set(ids))
        assert it.order("STP").order_id > 3
        assert not before & {order.order_id for order in it.at_broker()}

    stage(body)


def test_inc_11_every_order_is_rejected_and_nothing_is_sent_again(stage):
    async def body(it):
        it.fault(Swallow(), Error(201, "Order rejected - reason: bad account"))
        for _ in range(3):
            await it.open()
            await it.settle(40)
            await it.trade_at(100.0)
        assert it.ours() == []
        await it.sound(maybe={"order.unknown"})

    stage(body)


def test_inc_11_ids_end_below_two_to_the_31(stage):
    async def body(it):
        it.now(Restart(next_id=2_000_000_000 - 3))
        await it.settle(10)
        await it.trade_at(100.0)
        first = await it.open()
        assert it.held() == 100, first
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        assert it.held("MSFT") == 0
        assert max(order.order_id for order in it.ours()) < 2**31
        assert isinstance(await it.open(symbol="MSFT"), CommandRefused) or it.held("MSFT") == 0
        await it.sound(raised=["broker.lost", "order.ids_exhausted"], standing=["order.ids_exhausted"])

    stage(body)
