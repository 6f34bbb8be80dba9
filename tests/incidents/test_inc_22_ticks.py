"""INC-22: error 110, prices that are no tick of their band; a protective order was refused."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from messages.order import Side

INCIDENT = {
    "number": "INC-22",
    "title": "Error 110: tick rules",
    "others": "A limit that crossed the price where the tick changes, or carried 0.0010500000000000002, was refused: "
    "the order that was to protect or to close.",
    "pitboss": "Prices are Decimal, rounded by the contract's market rule and price band, away from harm; what is off a "
    "tick, infinite or not a number never leaves.",
}
PRICES = (100.37, 33.33, 7.77, 1.05, 1.02, 1.01, 0.9999, 0.87, 0.0313)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("price", PRICES)
def test_inc_22_exits_lie_on_ticks_and_on_the_safe_side(stage, side, price):
    async def body(it):
        dice = Random(str(price))
        for _ in range(4):
            stop, target = (
                Decimal(str(round(dice.uniform(0.011, 0.4), 5))),
                Decimal(str(round(dice.uniform(0.02, 0.4), 5))),
            )
            await it.trade_at(price)
            answer = await it.open(side, stop_loss_pct=stop, take_profit_pct=target)
            assert it.held() == 100 * side.sign, answer
            average = (await it.view()).average_price
            loss = abs(it.order("STP").stop - average) / average
            gain = abs(it.order("LMT").limit - average) / average
            assert loss <= stop, "never looser than asked for"
            assert gain > 0
            await it.trade_at(price)
            await it.close()
            await it.settle(5)
        await it.sound()

    stage(body)
