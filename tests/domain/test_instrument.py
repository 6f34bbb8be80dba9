"""Prices, lots and their text: INC-22."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.instrument import (
    Rounding,
    canonical,
    increment_at,
    limit_rounding,
    on_tick,
    round_lot,
    round_price,
    stop_rounding,
)
from messages.market import Instrument
from messages.order import Role, Side

D = Decimal


def instrument(*bands: tuple[str, str], lot: str = "1") -> Instrument:
    return Instrument(
        symbol="AAPL",
        con_id=1,
        sec_type="STK",
        exchange="SMART",
        primary_exchange="NASDAQ",
        currency="USD",
        multiplier=D(1),
        price_bands=tuple((D(low), D(step)) for low, step in bands),
        size_increment=D(lot),
    )


STOCK = instrument(("0", "0.0001"), ("1", "0.01"))
ODD = instrument(("0", "0.003"), ("1", "0.05"), ("10", "0.7"))


@pytest.mark.parametrize(
    ("price", "rounding", "expected"),
    [
        ("100.005", Rounding.UP, "100.01"),
        ("100.005", Rounding.DOWN, "100"),
        ("100.01", Rounding.UP, "100.01"),
        ("0.99995", Rounding.UP, "1"),
        ("0.99995", Rounding.DOWN, "0.9999"),
        ("1.005", Rounding.DOWN, "1"),
        ("0.0010500000000000002", Rounding.DOWN, "0.001"),
    ],
)
def test_a_price_goes_to_the_tick_of_its_band(price: str, rounding: Rounding, expected: str) -> None:
    assert str(round_price(STOCK, D(price), rounding)) == expected


@given(
    st.sampled_from([STOCK, ODD]),
    st.decimals(min_value=D("0.01"), max_value=D(100000), places=7),
    st.sampled_from(Rounding),
)
def test_a_rounded_price_is_on_a_tick_in_its_direction_and_close(
    contract: Instrument, price: Decimal, rounding: Rounding
) -> None:
    rounded = round_price(contract, price, rounding)
    assert on_tick(contract, rounded)
    assert rounded >= price if rounding is Rounding.UP else rounded <= price
    assert abs(rounded - price) < 2 * increment_at(contract, max(price, rounded))
    assert round_price(contract, rounded, rounding) == rounded
    assert D(canonical(rounded)) == rounded


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_price_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match="no price"):
        round_price(STOCK, D(price), Rounding.UP)
    assert not on_tick(STOCK, D(price))


def test_a_price_that_would_round_to_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="less than one tick"):
        round_price(STOCK, D("0.00001"), Rounding.DOWN)


def test_a_long_stop_is_never_looser_than_asked() -> None:
    assert round_price(STOCK, D("97.003"), stop_rounding(Side.SELL, Role.STOP)) == D("97.01")


def test_a_short_stop_is_never_looser_than_asked() -> None:
    assert round_price(STOCK, D("103.007"), stop_rounding(Side.BUY, Role.STOP)) == D("103")


def test_targets_and_entries_are_never_worse_than_asked() -> None:
    assert round_price(STOCK, D("108.001"), limit_rounding(Side.SELL)) == D("108.01")
    assert round_price(STOCK, D("92.009"), limit_rounding(Side.BUY)) == D("92")
    assert round_price(STOCK, D("50.001"), stop_rounding(Side.BUY, Role.ENTRY)) == D("50.01")


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E+2", "100"), ("1E-5", "0.00001"), ("0.3000", "0.3"), ("-0.00", "0"), ("100.00", "100"), ("120", "120")],
)
def test_numbers_have_one_text(number: str, text: str) -> None:
    assert canonical(D(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12))
def test_the_text_is_exact_and_without_exponent(number: Decimal) -> None:
    text = canonical(number)
    assert D(text) == number
    assert "E" not in text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_has_no_text(number: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        canonical(D(number))


@given(st.decimals(min_value=0, max_value=10**9, places=4), st.sampled_from(["1", "0.0001", "100"]))
def test_a_lot_is_the_largest_not_above(quantity: Decimal, lot: str) -> None:
    assume(quantity.is_finite())
    rounded = round_lot(instrument(("0", "0.01"), lot=lot), quantity)
    assert rounded <= quantity < rounded + D(lot)
    assert rounded % D(lot) == 0
