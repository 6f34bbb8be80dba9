"""Sizes: what follows from shares, an allocation or a risk, within bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sizing import SizeBounds, SizingError, Worth, order_quantity
from messages.position import Size

D = Decimal
money = st.decimals(D("1"), D("1000000"), places=2)
price = st.decimals(D("0.50"), D("2000"), places=2)


def test_shares_are_taken_as_they_are() -> None:
    assert order_quantity(Size(quantity=D(1500)), D(10), SizeBounds()) == 1500


@given(money, price, st.sampled_from([D(1), D(10), D("0.0001")]), st.sampled_from([None, D(50)]), money)
def test_an_allocation_buys_the_most_that_it_and_the_bounds_pay_for(
    allocation: Decimal, price: Decimal, increment: Decimal, shares: Decimal | None, notional: Decimal
) -> None:
    step = max(increment, D(1))
    bounds = SizeBounds(increment=increment, max_shares=shares, max_notional=notional)

    def fits(quantity: Decimal) -> bool:
        return quantity * price <= min(allocation, notional) and (shares is None or quantity <= shares)

    try:
        quantity = order_quantity(Size(allocation=allocation), price, bounds)
    except SizingError:
        assert not fits(step)
    else:
        assert quantity > 0
        assert quantity % step == 0
        assert fits(quantity)
        assert not fits(quantity + step)


@given(money, st.decimals(D("0.001"), D("0.05"), places=3), price, price)
def test_a_risk_never_loses_more_than_its_share_of_the_equity(
    equity: Decimal, risk: Decimal, entry: Decimal, stop: Decimal
) -> None:
    try:
        quantity = order_quantity(Size(risk_pct=risk), entry, SizeBounds(), worth=Worth(equity=equity), stop=stop)
    except SizingError:
        assert entry == stop or abs(entry - stop) > equity * risk
    else:
        assert quantity * abs(entry - stop) <= equity * risk < (quantity + 1) * abs(entry - stop)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (Size(), "is a quantity, an allocation, a risk or a volatility"),
        (Size(quantity=D(1), allocation=D(1)), "is a quantity, an allocation, a risk or a volatility"),
        (Size(quantity=D(-5)), "must be positive"),
        (Size(quantity=D("0.5")), "increment"),
        (Size(quantity=D(101)), "more shares"),
        (Size(quantity=D(100)), "more notional"),
        (Size(allocation=D(5)), "less than one"),
        (Size(risk_pct=D("0.01")), "equity"),
    ],
)
def test_what_cannot_be_sized_is_refused_with_the_reason(size: Size, reason: str) -> None:
    with pytest.raises(SizingError, match=reason):
        order_quantity(size, D(10), SizeBounds(max_shares=D(100), max_notional=D(999)))


def test_a_risk_needs_a_stop_away_from_the_entry() -> None:
    with pytest.raises(SizingError, match="needs a stop"):
        order_quantity(Size(risk_pct=D("0.01")), D(10), SizeBounds(), worth=Worth(equity=D(1000)))
    with pytest.raises(SizingError, match="on the entry"):
        order_quantity(Size(risk_pct=D("0.01")), D(10), SizeBounds(), worth=Worth(equity=D(1000)), stop=D(10))


def test_a_multiplier_makes_a_unit_dearer() -> None:
    assert order_quantity(Size(allocation=D(1000)), D(3), SizeBounds(), multiplier=D(100)) == 3


sizes = st.one_of(
    st.integers(1, 5000).map(lambda number: Size(quantity=D(number) * 5)),
    money.map(lambda amount: Size(allocation=amount)),
    st.decimals(D("0.001"), D("0.05"), places=3).map(lambda part: Size(risk_pct=part)),
    st.decimals(D("0.001"), D("0.05"), places=3).map(lambda part: Size(volatility_pct=part)),
)


@given(
    sizes,
    price,
    st.sampled_from([D(1), D(5), D("0.001")]),
    st.sampled_from([None, D(7), D(50)]),
    st.sampled_from([None, D(5000)]),
    st.sampled_from([D(1), D("1.25"), D("0.0066")]),
    st.sampled_from([D(1), D(100)]),
    st.decimals(D("0.05"), D(1), places=2),
    st.booleans(),
    st.booleans(),
)
def test_no_size_exceeds_its_bounds_and_each_is_a_multiple_of_the_lot(
    size: Size,
    price: Decimal,
    increment: Decimal,
    shares: Decimal | None,
    notional: Decimal | None,
    rate: Decimal,
    multiplier: Decimal,
    factor: Decimal,
    fractional: bool,
    cut: bool,
) -> None:
    bounds = SizeBounds(increment=increment, max_shares=shares, max_notional=notional, fractional=fractional, cut=cut)
    worth = Worth(equity=D(100_000), rate=rate, atr=D("1.5"))
    try:
        quantity = order_quantity(
            size, price, bounds, worth=worth, stop=price * D("0.9"), multiplier=multiplier, factor=factor
        )
    except SizingError:
        return
    assert quantity > 0
    assert quantity % increment == 0
    assert size.quantity is not None or fractional or quantity % 1 == 0
    assert shares is None or quantity <= shares
    assert notional is None or quantity * price * multiplier * rate <= notional
    if size.quantity is not None:
        assert quantity <= size.quantity * factor
    if size.allocation is not None:
        assert quantity * price * multiplier * rate <= size.allocation * factor
    if size.volatility_pct is not None:
        assert quantity * D("1.5") * multiplier * rate <= 100_000 * size.volatility_pct * factor


def test_a_size_by_volatility_needs_the_atr_and_any_in_money_the_rate() -> None:
    volatility = Size(volatility_pct=D("0.01"))
    assert order_quantity(volatility, D(50), SizeBounds(), worth=Worth(equity=D(10_000), atr=D(2))) == 50
    with pytest.raises(SizingError, match="needs the ATR"):
        order_quantity(volatility, D(50), SizeBounds(), worth=Worth(equity=D(10_000)))
    with pytest.raises(SizingError, match="exchange rate is not known"):
        order_quantity(Size(allocation=D(100)), D(50), SizeBounds(), worth=Worth(rate=None))


def test_a_part_of_a_share_is_bought_only_where_that_is_wanted_and_the_contract_allows_it() -> None:
    third = Size(allocation=D(100))
    assert order_quantity(third, D(30), SizeBounds(increment=D("0.0001"))) == 3
    assert order_quantity(third, D(30), SizeBounds(increment=D("0.0001"), fractional=True)) == D("3.3333")
    assert order_quantity(third, D(30), SizeBounds(increment=D(1), fractional=True)) == 3
