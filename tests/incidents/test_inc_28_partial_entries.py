"""INC-28: the entry fills in part, the stop triggers, and "quantity not positive, was 0.0" is raised in a handler."""

from __future__ import annotations

from random import Random

import pytest

from simulator.faults.verbs import Hold, Release

INCIDENT = {
    "number": "INC-28",
    "title": "Partial entry, then the stop triggers",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/2704",
    "others": "The remaining quantity was computed as 0, the handler raised, and the state was half written.",
    "pitboss": "Exits follow what has filled, in place. When one of them begins to fill, the rest of the entry is "
    "cancelled; what of it fills all the same is protected or closed. A fact is applied whole or not at all.",
}


@pytest.mark.parametrize("seed", range(12))
def test_inc_28_part_of_the_entry_the_stop_and_the_rest_of_the_entry(stage, seed):
    async def body(it):
        await it.open(limit="99.00")
        entry, stop = next(o for o in it.at_broker() if o.side == "BUY"), it.order("STP")
        if seed % 2:
            it.broker_fill(entry, 40, "99.00")
            await it.settle()
        it.now(Hold(messages=["*"], asked=False, name="held"))
        if not seed % 2:
            it.broker_fill(entry, 40, "99.00")
        it.broker_fill(stop, min(40, int(stop.remaining)), "96.00")
        it.broker_fill(entry, 60, "99.00")
        order = list(range(30))
        Random(seed).shuffle(order)
        it.now(Release("held", order if seed > 1 else ()))
        await it.settle(30)
        await it.sound(maybe={"protection.missing"})
        assert it.held() in (0, 60)

    stage(body)


@pytest.mark.parametrize("parts", [(1, 99), (30, 30, 40), (10,) * 10])
def test_inc_28_exits_are_never_more_than_what_has_filled_once_they_are_confirmed(stage, parts):
    async def body(it):
        await it.open(limit="99.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        for part in parts:
            it.broker_fill(entry, part, "99.00")
            await it.settle(1)
            assert it.order("STP").remaining == it.held()
            assert (await it.view()).protected
        await it.sound()
        assert it.held() == 100

    stage(body)
