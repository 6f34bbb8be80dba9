"""A difference between both positions that goes while no process runs: its alarm goes with the next start."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from messages.lifecycle import ListAlarms
from messages.order import Side


def test_a_difference_that_has_gone_while_nobody_ran_is_no_alarm_any_more(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        venue, shares = it.paper.venue, it.contract("AAPL")
        venue.deliver_shares(venue.accounts[0], shares, Decimal(50))
        await it.settle(90.0)
        assert "reconcile.difference" in {alarm.kind for alarm in await it.ask("alarms", ListAlarms())}
        await it.kill()
        venue.deliver_shares(venue.accounts[0], shares, Decimal(-50))
        await it.start()
        await it.settle(10.0)
        assert not await it.ask("alarms", ListAlarms())

    plant(body)


def test_one_whose_end_was_not_journaled_is_none_either(plant: Callable[..., None]) -> None:
    """The position has closed, both sides hold nothing, and the process died before the journal had the alarm's end."""

    async def body(it: Any) -> None:
        venue, shares = it.paper.venue, it.contract("AAPL")
        await it.open()
        venue.deliver_shares(venue.accounts[0], shares, Decimal(-40))
        await it.settle(90.0)
        assert "reconcile.difference" in {alarm.kind for alarm in await it.ask("alarms", ListAlarms())}
        await it.kill()
        venue.deliver_shares(venue.accounts[0], shares, Decimal(40))
        for order in it.at_broker("AAPL"):
            venue.cancel(order.client_id, order.order_id)
        it.by_hand(Side.SELL, 100, "100.00")
        await it.start()
        await it.settle(30.0)
        assert it.held() == 0
        assert not await it.ask("alarms", ListAlarms())

    plant(body)
