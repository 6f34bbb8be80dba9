"""Exits in multiples of the ATR reach a position as amounts, or are refused."""

from __future__ import annotations

from decimal import Decimal

from messages.order import Side
from messages.position import CommandRefused

D = Decimal


def test_without_an_indicator_such_an_entry_is_refused_and_leaves_nothing(plant):
    async def body(it):
        said = await it.open(Side.BUY, 100, stop_loss_atr=D(6), take_profit_atr=D(4))
        assert isinstance(said, CommandRefused)
        assert "ATR" in said.reason
        await it.settle(10)
        assert it.at_broker() == []
        assert it.held() == 0

    plant(body, quote_max_age_seconds=60)
