"""INC-31: protection never existed, or expired while the position stayed."""

from __future__ import annotations

import pytest

from messages.position import ProtectionArmedEvent
from simulator.faults.verbs import Alter, Error, Swallow

INCIDENT = {
    "number": "INC-31",
    "title": "Protection never existed, or expired",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/2245",
    "others": "Only the parent reached IB; DAY children were gone at the close and the position stayed.",
    "pitboss": "A position is protected when each leg is confirmed with its terms and GTC. What is missing is armed "
    "again; past the bound an alarm stands; what the broker refuses again and again is flattened.",
}


@pytest.mark.parametrize("code", [None, 201, 100])
@pytest.mark.parametrize("legs", [(2,), (3,), (2, 3)], ids=["stop", "target", "both"])
def test_inc_31_a_leg_never_reaches_the_broker(stage, legs, code):
    async def body(it):
        for nth in legs:
            it.fault(Swallow(), *([Error(code, "as the incident has it")] if code else []), nth=nth)
        await it.open()
        await it.settle(30)
        await it.sound(maybe={"order.unknown", "protection.missing", "broker.rate_exceeded"})
        assert it.held() in (0, 100)

    stage(body)


def test_inc_31_exits_that_are_gone_at_the_close_are_armed_again(stage):
    async def body(it):
        await it.open()
        for order in it.at_broker():
            it.venue.cancel(order.client_id, order.order_id)
        await it.sound()
        assert it.held() == 100
        assert len(it.events(ProtectionArmedEvent)) == 2

    stage(body)


def test_inc_31_an_echo_of_day_is_not_what_was_asked_for(stage):
    async def body(it):
        it.fault(Alter(messages=["openOrder"], where={"orderType": "STP"}, set={"tif": "DAY"}), nth=1)
        await it.open()
        assert not (await it.view()).protected
        await it.settle(10)
        assert "protection.missing" in await it.alarms()
        it.paper.faults.clear()
        await it.sound(raised=["protection.missing"])
        assert it.held() == 100

    stage(body)


def test_inc_31_a_stop_that_the_broker_always_refuses_ends_the_position(stage):
    async def body(it):
        it.fault(Swallow(), Error(201, "Order rejected - reason: no stops today"), where={"orderType": "STP"})
        await it.open()
        await it.settle(60)
        assert it.held() == 0
        await it.sound(maybe={"protection.failed", "protection.missing", "order.unknown"})
        assert it.raised() & {"protection.failed", "protection.missing"}

    stage(body)
