"""INC-42: session boundaries: one second after the close, half days, changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from messages.position import CommandRefused
from simulator.faults.verbs import Error, Swallow

INCIDENT = {
    "number": "INC-42",
    "title": "Session boundaries: 16:00:01, half days, DST",
    "source": "https://github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers/issues/204",
    "others": "An order at 16:00:01 was rejected with 201; closes were a constant 16:00, also on half days; a day of "
    "25 hours had 24.",
    "pitboss": "Whether the exchange is open is the broker's word, by the contract's own hours in its zone: an order "
    "that waits for the open is shown as waiting, one that is refused was never there, and neither is sent again.",
}
CLOSES = {
    "an ordinary day": datetime(2026, 11, 20, 21, 0, 1, tzinfo=UTC),
    "the day after Thanksgiving": datetime(2026, 11, 27, 18, 0, 1, tzinfo=UTC),
    "24 December": datetime(2026, 12, 24, 18, 0, 1, tzinfo=UTC),
    "a holiday in mid-week": datetime(2026, 11, 26, 15, 0, 0, tzinfo=UTC),
    "the Sunday on which clocks go back": datetime(2026, 11, 1, 6, 30, 0, tzinfo=UTC),
    "the Sunday on which clocks go forward": datetime(2026, 3, 8, 7, 30, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("day", CLOSES)
def test_inc_42_an_entry_while_the_exchange_is_closed(stage, day):
    async def body(it):
        answer = await it.open()
        await it.settle(30)
        assert it.held() == 0
        assert len(it.ours()) == (0 if isinstance(answer, CommandRefused) else 3), "it waits, or was refused: once"
        await it.close()
        await it.sound()
        assert it.at_broker() == []

    stage(body, start=CLOSES[day], simulator={"calendar": "XNYS"})


def test_inc_42_an_order_that_waits_for_the_open_fills_and_is_protected(stage):
    async def body(it):
        await it.open()
        await it.settle(20)
        assert it.held() == 0
        await it.settle(60)  # the exchange opens
        await it.trade_at(100.0)
        await it.sound()
        assert (it.held(), len(it.ours())) == (100, 3)

    stage(body, start=datetime(2026, 11, 20, 14, 29, 0, tzinfo=UTC), simulator={"calendar": "XNYS"})


def test_inc_42_exchange_is_closed_is_a_rejection_and_no_reason_to_try_again(stage):
    async def body(it):
        it.fault(Swallow(), Error(201, "Order rejected - reason:Exchange is closed."))
        await it.open()
        await it.settle(60)
        assert it.ours() == []
        await it.sound(maybe={"order.unknown"})

    stage(body)
