"""INC-03: placeOrder is dropped in silence while the link is down; a position is tracked that does not exist."""

from __future__ import annotations

import pytest

from messages.order import OrderSubmittedEvent
from messages.position import CommandAccepted, PositionOpenEvent
from simulator.faults.verbs import Restart

INCIDENT = {
    "number": "INC-03",
    "title": "placeOrder dropped in silence in a disconnect window",
    "source": "https://github.com/deepentropy/ibx/issues/116",
    "others": "The call returned as if sent; the strategy kept an entry with stop and target that never existed.",
    "pitboss": "A command while the link is down is refused to the caller; an intent that could not leave any more is "
    "journaled as NOT_SENT. A position comes from executions, never from an intent.",
}


@pytest.mark.parametrize("how", ["close", "reset"])
def test_inc_03_commands_through_nine_seconds_without_a_link(stage, how):
    async def body(it):
        it.now(Restart(seconds=9.0, how=how))
        answers = []
        for _ in range(90):
            answers.append(await it.ask("position/AAPL", it.entry()))
            await it.settle(0.1)
            assert not it.ours()
        assert not it.events(OrderSubmittedEvent)
        await it.settle(30)
        assert len([answer for answer in answers if isinstance(answer, CommandAccepted)]) <= 1
        assert not it.events(PositionOpenEvent)
        await it.sound(raised=["broker.lost"])
        assert not it.ours()
        await it.trade_at(100.0)
        await it.open()
        await it.sound(raised=["broker.lost"])
        assert it.held() == 100

    stage(body)
