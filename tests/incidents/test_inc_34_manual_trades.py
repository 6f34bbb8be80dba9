"""INC-34: a close by hand or by another client is not seen, for the flat symbol is simply missing from the list."""

from __future__ import annotations

import pytest

from messages.order import OrderFilledEvent, Side
from messages.position import CommandRefused, PositionCloseEvent
from simulator.faults.verbs import Drop, Restart

INCIDENT = {
    "number": "INC-34",
    "title": "Manual or other-client close is not seen",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/3023",
    "others": "Positions were compared over the broker's rows only: what it did not list lived on locally.",
    "pitboss": "Both sides' symbols are compared, and missing in a complete list is zero. The executions of everybody "
    "on the account are booked; what they do not explain is an alarm and stops new risk, never a synthetic fill.",
}


@pytest.mark.parametrize("when", ["connected", "link down", "process down"])
@pytest.mark.parametrize("quantity", [100, 40, 250])
def test_inc_34_a_trade_by_hand(stage, quantity, when):
    async def body(it):
        await it.open()
        if when == "link down":
            it.now(Restart(seconds=20.0))
        elif when == "process down":
            await it.kill()
        it.by_hand(Side.SELL, quantity, "100")
        if when == "process down":
            await it.start()
        await it.settle(90)
        assert (await it.view()).quantity == it.held() == 100 - quantity
        if quantity == 100:
            assert it.events(PositionCloseEvent)[-1].reason == "manual"
        theirs = ["position.unmanaged"] if quantity == 250 else []
        lost = ["broker.lost"] if when == "link down" else []
        await it.sound(raised=[*theirs, *lost], standing=theirs, unmanaged=["AAPL"] if theirs else [])

    stage(body)


def test_inc_34_a_message_of_position_zero_books_nothing(stage):
    async def body(it):
        await it.open()
        (session,) = it.paper.tws.clients
        contract = ["265598", "AAPL", "STK", "", "0.0", "", "", "SMART", "USD", "AAPL", "NMS"]
        session.write(["61", "3", "DU1234567", *contract, "0", "0.0"])
        await it.settle(10)
        assert (await it.view()).quantity == 100
        await it.sound()
        assert len(it.events(OrderFilledEvent)) == 1

    stage(body)


def test_inc_34_what_no_execution_explains_is_a_difference(stage):
    async def body(it):
        await it.open()
        it.now(Drop(messages=["execDetails"], where={"orderId": "0"}))
        it.by_hand(Side.SELL, 100, "100")
        await it.settle(150)
        assert (await it.view()).quantity == 100, "never a synthetic fill"
        assert "reconcile.difference" in await it.alarms()
        await it.trade_at(100.0)
        assert isinstance(await it.open(), CommandRefused)
        await it.sound(raised=["reconcile.difference"])
        assert (await it.view()).quantity == 0

    stage(body)
