"""Sizes: what follows from shares, an allocation or a risk, within bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sizing import SizeBounds, SizingError, order_quantity
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
        quantity = order_quantity(Size(risk_pct=risk), entry, SizeBounds(), equity=equity, stop=stop)
    except SizingError:
        assert entry == stop or abs(entry - stop) > equity * risk
    else:
        assert quantity * abs(entry - stop) <= equity * risk < (quantity + 1) * abs(entry - stop)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (Size(), "is a quantity, an allocation or a risk"),
        (Size(quantity=D(1), allocation=D(1)), "is a quantity, an allocation or a risk"),
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
        order_quantity(Size(risk_pct=D("0.01")), D(10), SizeBounds(), equity=D(1000))
    with pytest.raises(SizingError, match="on the entry"):
        order_quantity(Size(risk_pct=D("0.01")), D(10), SizeBounds(), equity=D(1000), stop=D(10))


def test_a_multiplier_makes_a_unit_dearer() -> None:
    assert order_quantity(Size(allocation=D(1000)), D(3), SizeBounds(), multiplier=D(100)) == 3
