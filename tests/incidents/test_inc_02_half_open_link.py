"""INC-02: the link is half open: orders go nowhere, and fill later."""

from __future__ import annotations

import pytest

from messages.order import OrderSubmittedEvent
from messages.position import CommandRefused
from simulator.faults.verbs import BlackHole, Stall

INCIDENT = {
    "number": "INC-02",
    "title": "Half-open link: healthy to the client, orders fill minutes later",
    "source": "https://github.com/TraderAlice/OpenAlice/issues/294",
    "others": "An accepted socket counted as health and as acknowledgement: stale orders filled at the thaw, fills "
    "were missed, positions stood without exits.",
    "pitboss": "No entry leaves without a recent round trip on the same connection; one that does not answer is given "
    "up and made anew. An unanswered order is UNKNOWN until the broker's lists say whether it was taken.",
}
GIVEN_UP = {"broker.lost", "broker.client_id_in_use"}  # the frozen gateway keeps the client id


def black_hole(it, **how):
    """The gateway freezes; its side of the socket stays open."""
    it.now(BlackHole(everyone=True, **how))


@pytest.mark.parametrize("then", ["flow", "reset"])
@pytest.mark.parametrize("after", [0.0, 0.5, 2.0, 4.9, 6.0])
def test_inc_02_an_entry_into_a_frozen_gateway(stage, then, after):
    async def body(it):
        black_hole(it, seconds=60.0, then=then)
        await it.settle(after)
        it.enter()
        await it.settle(70)
        await it.trade_at(100.0)
        await it.sound(maybe={*GIVEN_UP, "order.unknown", "broker.incomplete"})
        assert it.held() in (0, 100)
        if after >= 4.9:
            assert not it.events(OrderSubmittedEvent), "nothing may leave without a recent round trip"
            assert it.held() == 0

    stage(body)


@pytest.mark.parametrize("seconds", [3.0, 20.0, 100.0])
def test_inc_02_a_frozen_gateway_while_something_is_held(stage, seconds):
    async def body(it):
        await it.open()
        it.now(Stall(seconds, everyone=True))
        await it.trade_at(96.5)  # the stop fills at the broker
        await it.settle(seconds + 20)
        await it.sound(maybe=GIVEN_UP)
        assert it.held() == 0

    stage(body)


def test_inc_02_commands_are_refused_while_nobody_answers(stage):
    async def body(it):
        black_hole(it)
        await it.settle(30)
        assert isinstance(await it.open(), CommandRefused)
        assert it.ours() == []
        for session in it.paper.tws.clients:
            session.resume()
        await it.sound(raised=GIVEN_UP)

    stage(body)
