"""INC-22: error 110, prices that are no tick of their band; a protective order was refused."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from config.settings import SymbolSettings
from messages.order import Side

INCIDENT = {
    "number": "INC-22",
    "title": "Error 110: tick rules",
    "source": "https://github.com/QuantConnect/Lean/issues/3453",
    "others": "A limit that crossed the price where the tick changes, or carried 0.0010500000000000002, was refused: "
    "the order that was to protect or to close.",
    "pitboss": "Prices are Decimal, rounded by the contract's market rule and price band, away from harm; what is off "
    "a tick, infinite or not a number never leaves.",
}
US = (100.37, 33.33, 7.77, 1.02)
HONG_KONG = (0.2613, 0.505, 10.13, 20.3, 101.2, 203.7, 505.0)  # where one spread meets the next
CASES = [("AAPL", price) for price in US] + [("700", price) for price in HONG_KONG]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("symbol", "price"), CASES)
def test_inc_22_exits_lie_on_ticks_and_on_the_safe_side(stage, side, symbol, price):
    async def body(it):
        dice = Random(f"{price}")
        for _ in range(2):
            stop, target = (Decimal(str(round(dice.uniform(0.1, 0.4), 5))) for _ in range(2))
            await it.trade_at(price, symbol)
            answer = await it.open(side, symbol=symbol, stop_loss_pct=stop, take_profit_pct=target)
            assert it.held(symbol) == 100 * side.sign, answer
            average = (await it.view(symbol)).average_price
            assert abs(it.order("STP", symbol).stop - average) / average <= stop, "never looser than asked for"
            await it.trade_at(price, symbol)
            await it.close(symbol)
            await it.settle(5)
        await it.sound()

    rates = {"HKD": Decimal("0.128")}  # the broker tells none of a currency that the account does not hold
    stage(body, symbols={"700": SymbolSettings(exchange="SEHK", currency="HKD")}, exchange_rates=rates)
