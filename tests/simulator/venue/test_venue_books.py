"""The ledger adds up exactly; bars come from the ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contract_files import built_in
from simulator.model import Execution
from simulator.venue.history import History
from simulator.venue.ledger import Ledger
from simulator.venue.rates import Rates

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CASH = Decimal(1_000_000)

trades = st.lists(
    st.tuples(
        st.sampled_from(["BOT", "SLD"]),
        st.decimals("0.0001", "500", places=4),
        st.decimals("0.0001", "900", places=4),
        st.decimals("0", "9", places=6),
    ),
    max_size=30,
)


@pytest.mark.parametrize("symbol", ["AAPL", "ES"])
@settings(max_examples=60, deadline=None)
@given(trades=trades)
def test_cash_and_cost_account_for_every_trade_to_the_last_digit(
    symbol: str, trades: list[tuple[str, Decimal, Decimal, Decimal]]
) -> None:
    definition = built_in().find(symbol)[0]
    ledger = Ledger(("DU1",), CASH, Rates())
    realized = held = Decimal(0)
    for number, (side, quantity, price, fee) in enumerate(trades):
        execution = Execution(
            exec_id=f"{number}",
            order_id=number,
            client_id=7,
            perm_id=number,
            order_ref="",
            account="DU1",
            contract=definition.contract,
            side=side,
            quantity=quantity,
            price=price,
            time=START,
            exchange="",
            cumulative=quantity,
            average_price=price,
        )
        closes = held * (1 if side == "BOT" else -1) < 0
        commission = ledger.book(execution, definition, fee, "USD")
        assert (commission.realized_pnl is not None) == closes
        realized += commission.realized_pnl or 0
        held += quantity if side == "BOT" else -quantity
    holding = ledger.holding("DU1", definition)
    assert holding.quantity == held
    assert holding.realized == realized
    assert holding.fees >= 0
    bound = holding.cost if definition.contract.sec_type != "FUT" else Decimal(0)
    assert ledger.cash("DU1")["USD"] == CASH + realized - bound - holding.fees
    if held == 0:
        assert (holding.cost, holding.fees) == (0, 0)


def test_bars_have_the_prices_of_their_interval(bench: Any) -> None:
    for seconds, price, size in ((0, 100.0, 100), (1, 101.0, 200), (1, 99.5, 100), (4, 100.5, 100), (12, 102.0, 300)):
        bench.time = START + timedelta(seconds=seconds)
        bench.trade(price, size)
    con_id = bench.contract("AAPL").con_id
    first, second = bench.venue.archive.bars(con_id, 5, START, START + timedelta(minutes=1))
    assert (first.time, first.open, first.high, first.low, first.close) == (START, 100.0, 101.0, 99.5, 100.5)
    assert (first.volume, first.count) == (500, 4)
    assert first.wap == pytest.approx((100 * 100 + 200 * 101 + 100 * 99.5 + 100 * 100.5) / 500)
    assert (second.time, second.volume) == (START + timedelta(seconds=10), 300)
    assert bench.venue.archive.bars(con_id, 5, START, START + timedelta(seconds=5)) == [first]
    (minute,) = bench.venue.archive.bars(con_id, 60, START, START + timedelta(minutes=1))
    assert (minute.high, minute.low, minute.count) == (102.0, 99.5, 5)


def test_bars_of_quotes_and_their_middle(bench: Any) -> None:
    bench.time = START
    bench.quote(99.0, 101.0)
    bench.quote(99.5, 101.5)
    con_id = bench.contract("AAPL").con_id
    end = START + timedelta(seconds=5)
    assert [bar.close for bar in bench.venue.archive.bars(con_id, 5, START, end, "BID")] == [99.5]
    (middle,) = bench.venue.archive.bars(con_id, 5, START, end, "MIDPOINT")
    assert (middle.open, middle.close, middle.volume) == (100.0, 100.5, -1)
    assert bench.venue.archive.bars(con_id, 5, START, end) == []
    with pytest.raises(ValueError, match="'YIELD'"):
        bench.venue.archive.bars(con_id, 5, START, end, "YIELD")


def test_a_price_that_means_none_makes_no_bar() -> None:
    history = History()
    history.add(1, 1, -1.0, 0, START)
    history.add(1, 4, float("nan"), 0, START)
    assert history.bars(1, 5, START, START + timedelta(minutes=1), "BID") == []


def test_what_is_older_is_kept_by_the_minute_and_nothing_is_lost() -> None:
    history = History()
    hours = 4
    for second in range(hours * 3600):
        history.add(1, 4, 100 + (second % 97) / 100, 10, START + timedelta(seconds=second))
    end = START + timedelta(hours=hours)
    minutes = history.bars(1, 60, START, end)
    assert [bar.time for bar in minutes] == [START + timedelta(minutes=number) for number in range(hours * 60)]
    assert {(bar.volume, bar.count) for bar in minutes} == {(600, 60)}
    hourly = history.bars(1, 3600, START, end)
    assert [(bar.volume, bar.low, bar.high) for bar in hourly] == [(36_000, 100.0, 100.96)] * hours
    assert hourly[1].open == 100 + 3600 % 97 / 100
    fine = history.bars(1, 5, START, end)
    assert end - fine[0].time >= timedelta(hours=1), "the last hour at least"
    assert {bar.volume for bar in fine} == {50}
