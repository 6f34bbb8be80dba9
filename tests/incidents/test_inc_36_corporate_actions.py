"""INC-36: a split overnight fires the stop at the open; a contract that is gone hangs the start."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.settings import SymbolSettings
from messages.lifecycle import AlarmRaised
from messages.order import Role, Side
from messages.position import CommandRefused
from simulator.faults.verbs import Alter, Error, Swallow

INCIDENT = {
    "number": "INC-36",
    "title": "Split, rename, delisting",
    "source": "https://github.com/alpacahq/alpaca-py/issues/469",
    "others": "After a split the stop stood at the old price and fired at the open; 200 for a vanished contract was "
    "ignored, and the start hung for five minutes.",
    "pitboss": "A quantity that no execution explains is an alarm and stops new risk. A contract that the broker does "
    "not know is refused by name, and nothing waits for it. Where a split explains it, the alarm dates it and says "
    "what the exits would be by the new basis; none is sent beside those that rest.",
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
        await it.sound(raised=["reconcile.difference", "position.split"])

    stage(body)


SPLITS = {"4 for 1": ("400", "25", 25.0), "1 for 10": ("10", "1000", 1000.0), "3 for 2": ("150", "66.67", 66.66)}


@pytest.mark.parametrize("split", SPLITS)
def test_inc_36_after_a_split_the_exits_are_weighed_by_the_new_basis_and_nothing_is_sent(stage, split):
    """The broker has changed quantity and price, and left the exits where they were."""
    held, cost, price = SPLITS[split]

    async def body(it):
        await it.open()
        exits = {(order.order_type, order.remaining) for order in it.at_broker()}
        written = len(it.ours())
        await it.kill()
        it.now(Alter(messages=["position"], where={"symbol": "AAPL"}, set={"position": held, "avgCost": cost}))
        await it.start()
        await it.settle(60)
        (alarm,) = {one.id: one for one in it.events(AlarmRaised) if one.kind == "position.split"}.values()
        assert f"a split {split}: 100 at 100" in alarm.text
        assert f"stop 100 at {it.order('STP').stop}, by the new basis {held} at " in alarm.text
        assert alarm.text.startswith("AAPL: since 2026-"), "a dated case"
        system = it.process.system  # the market's prices of the new basis, which the venue's book here has not
        system.publish([(system.address("position/AAPL"), kind, price, 100.0) for kind in (1, 2, 4)])
        await it.settle(30)
        assert isinstance(await it.open(), CommandRefused)
        assert {(order.order_type, order.remaining) for order in it.at_broker()} == exits
        assert len(it.ours()) == written, "no second stop, no exit at the market"
        await it.sound(raised=["reconcile.difference", "position.split"])

    stage(body)


def test_inc_36_shares_that_came_from_elsewhere_are_no_split(stage):
    async def body(it):
        await it.open()
        it.by_hand(Side.BUY, 100, "100.00")
        it.now(Alter(messages=["position"], where={"symbol": "AAPL"}, set={"position": "400", "avgCost": "100"}))
        await it.settle(60)
        assert "position.split" not in it.raised()

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
