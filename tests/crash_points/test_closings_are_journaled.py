"""A position that has ended has ended for the next start, too."""

from __future__ import annotations

from decimal import Decimal

from messages.journal import Replay
from messages.position import PositionClosed

D = Decimal


def test_the_end_of_a_position_by_its_trailing_stop_was_refused_by_the_journal(plant):
    """The reason was a member of an enumeration, not a text: no record of the end, and an alarm."""

    async def body(it):
        await it.open(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02"), take_profit_pct=D("0.08"))
        for price in (101.0, 102.0, 103.5, 102.0, 100.0):
            await it.trade_at(price)
            await it.settle(1.5)
        await it.settle(3.0)
        assert await it.alarms() == set()
        await it.kill()
        await it.start()
        records = await it.ask("journal", Replay(kinds=("PositionClosed",), whole=True))
        (closed,) = [record.payload for record in records]
        assert isinstance(closed, PositionClosed)
        assert closed.reason == "trailing_stop"
        assert await it.alarms() == set()

    plant(body)
