"""INC-32: the broker's position lags behind the fill; the position is closed a second time."""

from __future__ import annotations

import pytest

from messages.position import PositionCloseEvent
from simulator.faults.verbs import Alter, Drop

INCIDENT = {
    "number": "INC-32",
    "title": "Position lags the fill",
    "source": "https://github.com/Lumiwealth/lumibot/issues/394",
    "others": "After the fill the account cache still showed the old quantity, for up to three minutes: a second "
    "closing order reversed the position.",
    "pitboss": "Decisions use the position made of executions. The broker's is compared with it, asked again after a "
    "quiet while, and a difference that stays is an alarm, never a booking.",
}


@pytest.mark.parametrize("lag", [1, 20, 180])
def test_inc_32_the_list_does_not_show_the_new_position_yet(stage, lag):
    async def body(it):
        it.now(Drop(messages=["position"]), Drop(messages=["updatePortfolio"]))
        await it.open()
        await it.settle(lag)
        view = await it.view()
        assert (view.quantity, view.protected) == (100, True)
        await it.sound(maybe={"reconcile.difference"})
        assert (it.held(), len(it.ours())) == (100, 3)
        assert not it.events(PositionCloseEvent)

    stage(body)


@pytest.mark.parametrize("lag", [1, 20, 180])
def test_inc_32_the_list_still_shows_what_was_sold(stage, lag):
    async def body(it):
        await it.open(quantity=100)
        it.now(Alter(messages=["position"], set={"position": "100"}))
        it.broker_fill(it.order("LMT"), 60, "108.02")
        await it.settle(lag)
        assert (await it.view()).quantity == it.held() == 40
        await it.close()
        await it.settle(5)
        assert it.held() == 0, "closed once, for what is held"
        await it.sound(maybe={"reconcile.difference", "protection.missing"})

    stage(body)
