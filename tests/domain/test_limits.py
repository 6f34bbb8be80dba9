"""Exposure limits: whatever fills, nothing that was let through exceeds them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.exposure import Exposure, Holding, PendingOrder, Totals
from domain.limits import Bounds, Group, Limits, check_order, largest_within, weigh_order
from messages.order import Side

D = Decimal
SECTORS = {"AAPL": "tech", "MSFT": "tech", "GLD": "metal"}

orders = st.builds(
    PendingOrder,
    st.sampled_from(["AAPL", "MSFT", "GLD", "TQQQ"]),
    st.sampled_from(list(Side)),
    st.integers(1, 500).map(D),
    st.sampled_from([D(10), D(50), D(200)]),
)
LIMITS = Limits(
    max_position_shares=D(600),
    max_position_notional=D(60_000),
    max_order_notional=D(50_000),
    portfolio=Bounds(gross=D(120_000), net=D(90_000), shares=D(4_000)),
    sector=Bounds(gross=D(80_000)),
    groups=(Group(name="mine", symbols=frozenset({"GLD", "TQQQ"}), bounds=Bounds(gross=D(70_000), net=D(50_000))),),
)


@given(st.lists(orders, max_size=12), st.data())
def test_what_was_let_through_keeps_each_limit_whichever_part_of_it_fills(
    asked: list[PendingOrder], data: st.DataObject
) -> None:
    pending: list[PendingOrder] = []
    for order in asked:
        if check_order(order, LIMITS, {}, pending, SECTORS) is None:
            pending.append(order)
    quantities: dict[str, Decimal] = {}
    top: dict[str, Decimal] = {}
    for order in pending:
        filled = D(data.draw(st.integers(0, int(order.quantity))))
        quantities[order.symbol] = quantities.get(order.symbol, D(0)) + filled * order.side.sign
        top[order.symbol] = max(top.get(order.symbol, D(0)), order.price)
    notionals = {symbol: abs(quantity) * top[symbol] for symbol, quantity in quantities.items()}
    assert all(abs(quantity) <= 600 for quantity in quantities.values())
    assert all(notional <= 60_000 for notional in notionals.values())
    assert sum(notionals.values()) <= 120_000
    assert notionals.get("AAPL", D(0)) + notionals.get("MSFT", D(0)) <= 80_000


def check(order: PendingOrder, limits: Limits, **more: object) -> str | None:
    refusal = check_order(order, limits, {"AAPL": Holding(D(100), D(50))}, (), SECTORS, **more)  # type: ignore[arg-type]
    return None if refusal is None else f"{refusal.reason}: {refusal.figures}"


BUY = PendingOrder("AAPL", Side.BUY, D(100), D(50))


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        (Limits(), None),
        (Limits(max_order_notional=D(5000)), None),
        (Limits(max_order_notional=D(4999)), "order notional above the limit: 5000 > 4999"),
        (Limits(max_position_shares=D(200)), None),
        (Limits(max_position_shares=D(199)), "position shares above the limit: 200 > 199"),
        (Limits(max_position_notional=D(9999)), "position notional above the limit: 10000 > 9999"),
        (Limits(portfolio=Bounds(gross=D(9999))), "gross exposure above the limit: 10000 > 9999"),
        (Limits(sector=Bounds(gross=D(9999))), "exposure of sector tech above the limit: 10000 > 9999"),
    ],
)
def test_a_refusal_names_the_limit_and_the_figures(limits: Limits, refusal: str | None) -> None:
    assert check(BUY, limits) == refusal


def test_the_collar_stands_against_a_worse_price_alone() -> None:
    limits = Limits(price_collar_pct=D("0.02"))
    assert check(BUY, limits, limit_price=D(51)) is None
    assert check(BUY, limits, limit_price=D(40)) is None
    assert "collar" in str(check(BUY, limits, limit_price=D("51.01")))
    sell = PendingOrder("AAPL", Side.SELL, D(100), D(50))
    assert check(sell, limits, limit_price=D(60)) is None
    assert "collar" in str(check(sell, limits, limit_price=D("48.99")))


def test_an_order_without_price_or_quantity_is_refused() -> None:
    assert "no price" in str(check(PendingOrder("AAPL", Side.BUY, D(1), D(0)), Limits()))
    assert "positive" in str(check(PendingOrder("AAPL", Side.BUY, D(0), D(1)), Limits()))


def test_buys_and_sells_that_wait_do_not_offset_each_other() -> None:
    waiting = (PendingOrder("AAPL", Side.BUY, D(100), D(10)), PendingOrder("AAPL", Side.SELL, D(100), D(10)))
    assert Exposure({}, waiting).shares("AAPL") == 100


def test_every_limit_is_told_and_the_first_broken_one_is_the_refusal():
    limits = Limits(max_order_notional=D(1000), max_position_shares=D(5), portfolio=Bounds(gross=D(5000)))
    order = PendingOrder("AAPL", Side.BUY, D(10), D(150))
    checks = weigh_order(order, limits, {}, (), SECTORS, limit_price=D(151))
    assert [(check.name, bool(check.reason), check.figures) for check in checks] == [
        ("collar", False, "limit 151, no collar"),
        ("order notional", True, "1500 > 1000"),
        ("position shares", True, "10 > 5"),
        ("position notional", False, "1500, no limit"),
        ("gross exposure", False, "1500 <= 5000"),
        ("exposure of sector tech", False, "1500, no limit"),
    ]
    refusal = check_order(order, limits, {}, (), SECTORS, limit_price=D(151))
    assert refusal is not None
    assert (refusal.reason, refusal.figures) == ("order notional above the limit", "1500 > 1000")


@given(st.lists(orders, max_size=6), orders)
def test_the_largest_that_fits_fits_and_one_more_lot_does_not(pending: list[PendingOrder], order: PendingOrder) -> None:
    waiting: list[PendingOrder] = []
    for one in pending:
        if check_order(one, LIMITS, {}, waiting, SECTORS) is None:
            waiting.append(one)
    lot = D(10)
    quantity = largest_within(order, lot, LIMITS, {}, waiting, SECTORS)
    assert quantity % lot == 0
    assert 0 <= quantity <= order.quantity
    if quantity:
        assert check_order(evolve(order, quantity=quantity), LIMITS, {}, waiting, SECTORS) is None
    if quantity + lot <= order.quantity:
        assert check_order(evolve(order, quantity=quantity + lot), LIMITS, {}, waiting, SECTORS) is not None


def test_net_counts_shorts_against_longs_and_a_group_its_own_members() -> None:
    holdings = {"AAPL": Holding(D(100), D(50)), "GLD": Holding(D(-100), D(40))}
    assert Exposure(holdings, ()).totals() == Totals(D(9000), D(1000), D(200))
    group = Group(name="two", symbols=frozenset({"AAPL", "GLD"}), bounds=Bounds(net=D(1500)))
    limits = Limits(groups=(group,))
    assert check_order(PendingOrder("AAPL", Side.BUY, D(10), D(50)), limits, holdings, (), {}) is None
    refusal = check_order(PendingOrder("AAPL", Side.BUY, D(11), D(50)), limits, holdings, (), {})
    assert refusal is not None
    assert (refusal.reason, refusal.figures) == ("net exposure of group two above the limit", "1550 > 1500")
    # a sale that offsets today counts against the other end: the buys that wait may be the ones that fill
    both = (PendingOrder("AAPL", Side.SELL, D(100), D(50)),)
    assert Exposure(holdings, both).totals().net == 4000
