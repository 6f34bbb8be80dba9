"""An account that no longer covers its margin is liquidated."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator.model import Executed

ACCOUNT = "DU1234567"


@pytest.fixture
def stretched(make_bench: Any) -> Any:
    """Holds 190 shares at 100 with 10,000 of cash: margin 4,750 at the start."""
    bench = make_bench(cash=Decimal(10_000))
    bench.quote(99.99, 100.00, 1000)
    bench.place("BUY", 190)
    bench.place("SELL", 190, "STP", stop="10.00", tif="GTC")
    bench.clear()
    return bench


def excess(bench: Any) -> Decimal:
    return Decimal(bench.venue.account_values(ACCOUNT)["ExcessLiquidity", "USD"])


def test_while_the_margin_is_covered_nothing_happens(stretched: Any) -> None:
    stretched.quote(70.00, 70.01, 1000)
    stretched.pass_time(seconds=1)
    assert excess(stretched) > 0
    assert stretched.told == []


def test_a_breach_is_closed_at_the_quote_by_what_it_shows(stretched: Any) -> None:
    stretched.quote(58.00, 58.01, 40)
    stretched.quote(58.00, 58.01, 40)
    assert excess(stretched) < 0
    stretched.pass_time(seconds=1)
    (execution,) = stretched.venue.executions[1:]
    assert (execution.side, execution.quantity, execution.price) == ("SLD", 40, Decimal("58.0"))
    assert (execution.liquidation, execution.order_id) == (True, 0)
    assert [event.order for event in stretched.events if isinstance(event, Executed)] == [None]
    stretched.pass_time(seconds=1)
    assert stretched.held() == 150, "nothing more is shown"
    while excess(stretched) < 0:
        stretched.tick(0, 0.0, 40)
        stretched.pass_time(seconds=1)
    assert 0 < stretched.held() < 150
    stretched.clear()
    stretched.tick(0, 0.0, 40)
    stretched.pass_time(seconds=1)
    assert stretched.told == []


def test_a_halted_contract_cannot_be_liquidated(stretched: Any) -> None:
    stretched.quote(50.00, 50.01, 1000)
    stretched.tick(49, 1.0)
    stretched.pass_time(seconds=1)
    assert stretched.held() == 190


def test_a_trade_by_hand_must_make_sense(stretched: Any) -> None:
    contract = stretched.contract("AAPL")
    for account, quantity, price in ((ACCOUNT, 0, 1), (ACCOUNT, 1, 0), ("DU9", 1, 1)):
        with pytest.raises(ValueError, match="no such trade"):
            stretched.venue.manual_trade(account, contract, Decimal(quantity), Decimal(price))
