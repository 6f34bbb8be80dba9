"""Accepting, refusing, changing and cancelling orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator.model import Contract, OrderError, WhatIf

NOWHERE = Contract(con_id=999_999_999, symbol="NOPE")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"quantity": 0}, 434),
        ({"quantity": -5}, 321),
        ({"quantity": "0.5"}, 10243),
        ({"contract": NOWHERE}, 200),
        ({"side": "HOLD"}, 321),
        ({"account": "DU9"}, 321),
        ({"order_type": "BEST"}, 387),
        ({"tif": "SOON"}, 111),
        ({"order_type": "MOC", "tif": "IOC"}, 111),
        ({"order_type": "LMT"}, 321),
        ({"order_type": "LMT", "limit": "230.005"}, 110),
        ({"order_type": "LMT", "limit": "0"}, 110),
        ({"order_type": "LMT", "limit": "NaN"}, 321),
        ({"order_type": "STP"}, 321),
        ({"order_type": "STP", "stop": "229.0001"}, 110),
        ({"order_type": "TRAIL"}, 321),
        ({"order_type": "TRAIL", "stop": "1", "trailing_percent": "1"}, 321),
        ({"order_type": "TRAIL LIMIT", "stop": "1"}, 321),
        ({"order_type": "STP", "stop": "229", "extra": {"triggerMethod": "9"}}, 321),
        ({"tif": "GTD"}, 321),
        ({"tif": "GTD", "good_till": "20260101 00:00:00 UTC"}, 201),
        ({"tif": "GTD", "good_till": "next week"}, 321),
        ({"parent_id": 77}, 135),
        ({"quantity": 100_000}, 201),
        ({"symbol": "700", "quantity": 150, "order_type": "LMT", "limit": "440"}, 201),
        ({"symbol": "700", "quantity": 100, "order_type": "LMT", "limit": "440.1"}, 110),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(bench: Any, terms: dict[str, Any], code: int) -> None:
    values = {"side": "BUY", "quantity": 100, "order_type": "MKT", **terms}
    bench.place(values.pop("side"), values.pop("quantity"), values.pop("order_type"), **values)
    assert bench.told == [f"1 error {code}"]
    assert not bench.venue.orders


def test_tick_rules_change_with_the_price_band(bench: Any) -> None:
    """INC-22: below a dollar F trades in hundredths of a cent."""
    assert bench.place("BUY", 10, "LMT", symbol="F", limit="0.5001").status == "Submitted"
    bench.place("BUY", 10, "LMT", symbol="F", limit="1.0001")
    assert bench.told[-1] == "2 error 110"


def test_the_text_of_a_funds_refusal_names_both_sides(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    bench.place("BUY", 10_000)
    error = next(event for event in bench.events if isinstance(event, OrderError))
    assert "EQUITY WITH LOAN VALUE [" in error.text
    assert "MUST EXCEED THE INITIAL MARGIN [" in error.text


def test_an_order_that_reduces_is_never_refused_for_funds(make_bench: Any) -> None:
    bench = make_bench(cash=Decimal("20000"))
    bench.quote(99.98, 100.02, 10_000)
    bench.place("BUY", 350)
    bench.quote(39.98, 40.02, 10_000)
    assert bench.place("SELL", 350).status == "Filled"


def test_a_change_keeps_the_permanent_id_and_is_told(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, "LMT", limit="229.00")
    perm_id = order.perm_id
    bench.clear()
    bench.change(order, limit=Decimal("229.50"), quantity=150)
    assert bench.told == ["1 Submitted 0/150"]
    assert (order.limit, order.perm_id) == (Decimal("229.50"), perm_id)


def test_a_change_to_a_marketable_price_fills(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, "LMT", limit="229.00")
    bench.change(order, limit=Decimal("230.05"))
    assert (order.status, order.average_price) == ("Filled", Decimal("230.02"))


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"limit": Decimal("229.001")}, 110),
        ({"quantity": 0}, 434),
        ({"side": "SELL"}, 105),
        ({"contract": NOWHERE}, 105),
        ({"limit": None}, 321),
    ],
)
def test_a_refused_change_leaves_the_earlier_version_live(bench: Any, terms: dict[str, Any], code: int) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, "LMT", limit="229.00")
    values = {"side": "BUY", "quantity": 100, "contract": order.contract, "limit": order.limit, **terms}
    bench.place(values.pop("side"), values.pop("quantity"), "LMT", order_id=order.order_id, **values)
    assert bench.told[-1] == f"1 error {code}"
    bench.quote(228.85, 228.90)
    assert (order.status, order.filled, order.limit) == ("Filled", 100, Decimal("229.00"))


def test_a_change_below_what_is_filled_is_refused_and_to_it_completes(bench: Any) -> None:
    bench.quote(229.98, 230.02, 40)
    order = bench.place("BUY", 100, "LMT", limit="230.02")
    bench.change(order, quantity=30)
    assert bench.told[-1] == "1 error 201"
    bench.change(order, quantity=40)
    assert (order.status, order.filled) == ("Filled", 40)


def test_a_finished_order_cannot_be_changed(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    filled = bench.place("BUY", 100)
    bench.change(filled, quantity=200)
    assert bench.told[-1] == "1 error 104"
    cancelled = bench.place("BUY", 100, "LMT", limit="1.00")
    bench.cancel(cancelled)
    bench.change(cancelled, quantity=200)
    assert bench.told[-1] == "2 error 103"
    assert bench.held() == 100


def test_a_cancel_is_confirmed_with_202(bench: Any) -> None:
    order = bench.place("BUY", 100, "LMT", limit="229.00")
    bench.clear()
    bench.cancel(order)
    assert bench.told == ["1 PendingCancel 0/100", "1 Cancelled 0/100", "1 error 202"]
    bench.tick(2, 228.00, 500)
    assert order.filled == 0


def test_a_cancel_of_what_is_not_there_or_done_is_an_error(bench: Any) -> None:
    """INC-14, INC-16."""
    bench.venue.cancel(7, 5)
    assert bench.told == ["5 error 10147"]
    bench.quote(229.98, 230.02)
    bench.cancel(bench.place("BUY", 100, order_id=5))
    error = bench.events[-1]
    assert (error.code, error.text) == (
        10148,
        "OrderId 5 that needs to be cancelled can not be cancelled, state: Filled.",
    )


def test_only_the_placing_client_can_cancel(bench: Any) -> None:
    order = bench.place("BUY", 100, "LMT", limit="229.00", client_id=7)
    bench.venue.cancel(8, order.order_id)
    assert bench.told[-1] == "1 error 10147"
    assert order.status == "Submitted"


def test_cancel_all_cancels_everything(bench: Any) -> None:
    orders = [bench.place("BUY", 100, "LMT", limit="229.00", client_id=client) for client in (1, 2)]
    orders.append(bench.place("BUY", 100, transmit=False))
    bench.venue.cancel_all()
    assert {order.status for order in orders} == {"Cancelled"}


def test_a_late_fill_after_cancel_is_booked(bench: Any) -> None:
    """INC-14."""
    order = bench.place("BUY", 100, "LMT", limit="229.00")
    bench.cancel(order)
    bench.venue.broker_fill(order.perm_id, Decimal(40), Decimal("229.00"))
    assert (order.status, order.filled, bench.held()) == ("Cancelled", 40, 40)
    bench.venue.broker_fill(order.perm_id, Decimal(60), Decimal("229.00"))
    assert (order.status, bench.held()) == ("Filled", 100)
    with pytest.raises(ValueError):
        bench.venue.broker_fill(order.perm_id, Decimal(1), Decimal("229.00"))


def test_a_trade_by_hand_is_booked_without_an_order(bench: Any) -> None:
    """INC-34."""
    bench.quote(229.98, 230.02)
    bench.place("BUY", 100)
    bench.clear()
    bench.venue.manual_trade("DU1234567", bench.contract("AAPL"), Decimal(-100), Decimal("229.98"))
    assert bench.told == ["0 SLD 100 @ 229.98", "0 commission 1.00 USD", "position AAPL 0"]
    assert bench.venue.positions() == []
    assert bench.events[0].order is None


def test_a_short_sale_waits_for_a_locate(bench: Any) -> None:
    bench.quote(27.98, 28.02, symbol="GME")
    order = bench.place("SELL", 100, symbol="GME")
    assert bench.told == ["1 PreSubmitted locate 0/100", "1 error 404"]
    assert not order.done
    bench.venue.locate(bench.contract("GME").con_id)
    assert order.status == "Filled"


def test_a_long_position_needs_no_locate(bench: Any) -> None:
    bench.quote(27.98, 28.02, symbol="GME")
    bench.place("BUY", 100, symbol="GME")
    assert bench.place("SELL", 100, symbol="GME").status == "Filled"


def test_a_what_if_trades_nothing_and_tells_the_margins(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.order("BUY", 100, what_if=True)
    answer = bench.venue.what_if(order)
    assert isinstance(answer, WhatIf)
    assert answer.init_margin_before == 0
    assert answer.init_margin_after == Decimal("11500")
    assert answer.commission == Decimal("1.00")
    assert bench.told == []
    with pytest.raises(ValueError, match="must not be placed"):
        bench.venue.place(order)
    refused = bench.venue.what_if(bench.order("BUY", 0, what_if=True))
    assert isinstance(refused, OrderError)
    assert refused.code == 434


def test_execution_ids_differ(bench: Any) -> None:
    bench.quote(229.98, 230.02, 100_000)
    for _ in range(200):
        bench.place("BUY", 1)
    assert len({one.exec_id for one in bench.venue.executions}) == 200


@pytest.mark.parametrize("calendar", ["always", "XNYS"])
@pytest.mark.parametrize(
    "terms",
    [
        {"good_after": "29990101 10:00:00 US/Eastern"},
        {"good_after": "99991231 23:59:59"},
        {"good_after": "00010101 00:00:00 Asia/Tokyo"},
        {"tif": "GTD", "good_till": "00010101 00:00:00 Asia/Tokyo"},
    ],
)
def test_times_that_cannot_be_reckoned_with_are_refused(make_bench: Any, calendar: str, terms: dict[str, str]) -> None:
    bench = make_bench(calendar=calendar)
    bench.place("BUY", 10, "LMT", limit=90, **terms)
    assert bench.told == ["1 error 321"]


@pytest.mark.parametrize("good_till", ["20991231 16:00:00 US/Eastern", "99991231 23:59:59"])
def test_an_order_may_be_good_for_a_lifetime(make_bench: Any, good_till: str) -> None:
    bench = make_bench(calendar="XNYS")
    order = bench.place("BUY", 10, "LMT", limit=90, tif="GTD", good_till=good_till)
    assert order.status == "Submitted"
