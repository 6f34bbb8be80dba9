"""INC-42: session boundaries: one second after the close, half days, changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from messages.order import OrderStatus
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
ENDED = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
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

    start = datetime(2026, 11, 20, 14, 29, 0, tzinfo=UTC)
    stage(body, start=start, simulator={"calendar": "XNYS"}, entry_hours="any")


GAPS = {
    # a minute before a close, and the next open: 14:30 UTC in winter, 13:30 in summer
    "a weekend": ("2026-11-20T20:59", "2026-11-23T14:30"),
    "a half day": ("2026-11-27T17:59", "2026-11-30T14:30"),
    "Thanksgiving": ("2026-11-25T20:59", "2026-11-27T14:30"),
    "the clocks go forward": ("2026-03-06T20:59", "2026-03-09T13:30"),
    "the clocks go back": ("2026-10-30T19:59", "2026-11-02T14:30"),
}


@pytest.mark.parametrize("running", ["until after the close", "not even then"])
@pytest.mark.parametrize("gap", GAPS)
def test_inc_42_a_day_order_ends_with_its_day_however_long_the_exchange_is_closed_then(
    stage, gap, running, monkeypatch
):
    """A DAY entry rests and a position is held over a close; the process is gone until the next open."""
    closes, opens = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in GAPS[gap])

    async def body(it):
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        await it.open(limit="95.00")
        entry = next(order for order in it.at_broker("AAPL") if order.side == "BUY")
        exits = {order.perm_id for order in it.at_broker("MSFT")}
        assert (entry.tif, len(exits), it.held("MSFT")) == ("DAY", 2, 100)
        if running == "until after the close":
            await it.settle(120)
            assert await it.status(entry) in ENDED, "the broker ended it with the day"
        await it.kill()
        left = (opens - it.paper.environment.now()).total_seconds()
        with monkeypatch.context() as hours:
            hours.setattr("simulator.app._TURN_SECONDS", 30.0)  # days go by: the venue need not look each moment
            await it.settle(left - 90)
        await it.settle(60)
        assert entry.done
        await it.start()
        await it.settle(10)
        assert entry.order_ref not in {view.order_ref for view in await it.working()}
        assert not it.at_broker("AAPL"), "nothing of it rests, and it is not sent again"
        assert {order.perm_id for order in it.at_broker("MSFT")} == exits, "GTC exits outlive the gap"
        await it.settle(40)  # the exchange opens
        await it.trade_at(94.0)
        assert (it.held(), it.held("MSFT")) == (0, 100)
        await it.open()
        await it.trade_at(94.0)
        await it.sound(maybe={"order.unknown", "protection.missing"})
        assert it.held() == 100, "the new day takes new orders"

    stage(body, start=closes, simulator={"calendar": "XNYS"})


def test_inc_42_exchange_is_closed_is_a_rejection_and_no_reason_to_try_again(stage):
    async def body(it):
        it.fault(Swallow(), Error(201, "Order rejected - reason:Exchange is closed."))
        await it.open()
        await it.settle(60)
        assert it.ours() == []
        await it.sound(maybe={"order.unknown"})

    stage(body)
