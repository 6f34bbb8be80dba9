"""INC-36: a split overnight fires the stop at the open; a contract that is gone hangs the start."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.settings import SymbolSettings
from messages.order import Role
from messages.position import CommandRefused
from simulator.faults.verbs import Alter, Error, Swallow

INCIDENT = {
    "number": "INC-36",
    "title": "Split, rename, delisting",
    "source": "https://github.com/alpacahq/alpaca-py/issues/469",
    "others": "After a split the stop stood at the old price and fired at the open; 200 for a vanished contract was "
    "ignored, and the start hung for five minutes.",
    "pitboss": "A quantity that no execution explains is an alarm and stops new risk. A contract that the broker does "
    "not know is refused by name, and nothing waits for it.",
}


def test_inc_36_a_quantity_that_changed_overnight_is_quarantined(stage):
    async def body(it):
        await it.open()
        await it.kill()
        it.now(Alter(messages=["position"], where={"symbol": "AAPL"}, set={"position": "400", "avgCost": "25"}))
        await it.start()
        await it.settle(150)
        assert "reconcile.difference" in await it.alarms()
        await it.trade_at(100.0)
        assert isinstance(await it.open(), CommandRefused)
        assert (await it.view()).quantity == 100
        assert await it.working(Role.ENTRY, Role.EXIT) == []
        await it.sound(raised=["reconcile.difference"])

    stage(body)


@pytest.mark.parametrize("code", [200, 460])
def test_inc_36_an_order_for_a_contract_that_is_gone(stage, code):
    async def body(it):
        it.fault(Swallow(), Error(code, "No security definition has been found for the request"))
        await it.open()
        await it.settle(30)
        assert (it.held(), it.ours()) == (0, [])
        it.paper.faults.clear()
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        await it.sound(maybe={"order.unknown"})
        assert it.held("MSFT") == Decimal(100)

    stage(body)


def test_inc_36_a_symbol_that_the_broker_does_not_know_holds_up_nothing(stage):
    async def body(it):
        assert isinstance(await it.open(symbol="ESPR"), CommandRefused)
        await it.open()
        await it.sound(raised=["instrument.unknown"], standing=["instrument.unknown"])
        assert it.held() == 100

    stage(body, symbols={"ESPR": SymbolSettings()})
