"""The day's result by our own books, against a count of its own from the same facts."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.day_pnl import DayPnl
from domain.rates import Rates
from messages.risk import HoldingChanged

D = Decimal
SYMBOLS = ("AAPL", "SAP", "7203")
CURRENCIES = {"AAPL": "USD", "SAP": "EUR", "7203": "JPY"}
RATES = Rates("USD", {"EUR": D("1.25"), "JPY": D("0.0078125")})

amounts = st.integers(-1000, 1000).map(D)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.sampled_from(SYMBOLS), amounts, amounts, st.integers(0, 5).map(D)),
        st.tuples(st.just("close"), st.sampled_from(SYMBOLS), amounts, amounts, st.integers(0, 5).map(D)),
        st.tuples(st.just("day"), st.just(""), st.just(D(0)), st.just(D(0)), st.just(D(0))),
    ),
    max_size=30,
)


def told(
    symbol: str, realized: Decimal, unrealized: Decimal, commission: Decimal, quantity: int = 10
) -> HoldingChanged:
    return HoldingChanged(symbol, D(quantity), D(1), 1.0, realized, unrealized, commission)


@given(steps)
def test_the_day_is_what_came_of_it_and_nothing_of_the_days_before(
    steps: list[tuple[str, str, Decimal, Decimal, Decimal]],
) -> None:
    pnl = DayPnl()
    worth = {symbol: D(0) for symbol in SYMBOLS}  # what each position has come to since it was opened
    before = dict(worth)  # and had when the day began
    closed = {symbol: D(0) for symbol in SYMBOLS}
    for what, symbol, realized, unrealized, commission in steps:
        if what == "day":
            pnl.new_day()
            before, closed = dict(worth), dict.fromkeys(SYMBOLS, D(0))
        elif what == "hold":
            pnl.hold(told(symbol, realized, unrealized, commission), CURRENCIES[symbol])
            worth[symbol] = realized + unrealized - commission
        else:
            pnl.close(symbol, realized, commission, CURRENCIES[symbol])
            worth[symbol] = D(0)
            closed[symbol] += realized - commission
        expected = sum(((closed[s] + worth[s] - before[s]) * (RATES.of(CURRENCIES[s]) or D(0)) for s in SYMBOLS), D(0))
        assert RATES.total(pnl.earned.amounts) == expected


def test_what_was_open_when_a_process_starts_on_a_new_day_begins_with_what_it_tells_first() -> None:
    pnl = DayPnl()
    pnl.await_baseline(["AAPL"])
    pnl.hold(HoldingChanged("AAPL", D(10), D(1), None, D(0), D(0), D(1)), "USD")  # no price yet
    assert pnl.hold(told("AAPL", D(0), D(50), D(1)), "USD")
    assert RATES.total(pnl.earned.amounts) == 0
    pnl.hold(told("AAPL", D(0), D(30), D(1)), "USD")
    assert RATES.total(pnl.earned.amounts) == -20
    again = DayPnl()
    again.restore([], {"AAPL": (pnl.baselines["AAPL"], "USD")})
    again.hold(told("AAPL", D(0), D(30), D(1)), "USD")
    assert RATES.total(again.earned.amounts) == -20


def test_no_total_is_told_where_a_rate_is_missing() -> None:
    assert Rates("USD").total({"USD": D(5), "CHF": D(1)}) is None
    assert Rates("USD").total({"USD": D(5), "CHF": D(0)}) == 5
