"""The gates before an intent: each alone, and all of them reported."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from domain.order_gates import Circumstances, denials, judge, terms_fault
from messages.market import Instrument
from messages.order import OrderRequest, OrderType, Role, Side, SubmitOrders

D = Decimal
AAPL = Instrument(
    symbol="AAPL",
    con_id=1,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=D(1),
    price_bands=((D(0), D("0.01")),),
    size_increment=D(1),
)
FINE = Circumstances(
    connected=True, not_reconciled="", halted="", on_hold={}, instruments={"AAPL": AAPL}, known_refs=frozenset({"old"})
)


def request(ref: str = "pb-1", **terms: Any) -> OrderRequest:
    defaults: dict[str, Any] = {
        "symbol": "AAPL",
        "role": Role.ENTRY,
        "side": Side.BUY,
        "quantity": D(100),
        "order_type": OrderType.LIMIT,
        "limit_price": D(150),
    }
    return OrderRequest(order_ref=ref, **(defaults | terms))


STOP = request("pb-2", role=Role.STOP, side=Side.SELL, order_type=OrderType.STOP, limit_price=None, stop_price=D(145))
EXIT = request("pb-3", role=Role.EXIT, side=Side.SELL, order_type=OrderType.MARKET, limit_price=None)


def closed(now: Circumstances, *orders: OrderRequest, cleared: bool = True) -> dict[str, list[str]]:
    """order_ref → gates that stand against it."""
    verdicts = judge(SubmitOrders(orders, "position/AAPL", None, cleared), now)
    return {ref: [each.gate for each in found if each.reason] for ref, found in verdicts.items()}


def test_nothing_stands_against_a_sound_group() -> None:
    assert closed(FINE, request(), STOP, EXIT) == {"pb-1": [], "pb-2": [], "pb-3": []}
    assert denials(judge(SubmitOrders((request(), STOP), "x", None, True), FINE)) == ()


@pytest.mark.parametrize(
    ("now", "shut"),
    [
        (evolve(FINE, not_reconciled="not yet"), {"pb-1": ["reconciled"], "pb-2": ["reconciled"], "pb-3": []}),
        (evolve(FINE, connected=False), {"pb-1": ["reconciled"], "pb-2": ["reconciled"], "pb-3": ["reconciled"]}),
        (evolve(FINE, halted="INC-23"), {"pb-1": ["halted"], "pb-2": [], "pb-3": []}),
        (evolve(FINE, on_hold={"AAPL": "UNKNOWN"}), {"pb-1": ["hold"], "pb-2": [], "pb-3": []}),
        (evolve(FINE, instruments={}), {"pb-1": ["instrument"], "pb-2": ["instrument"], "pb-3": ["instrument"]}),
    ],
)
def test_what_reduces_risk_passes_where_it_may(now: Circumstances, shut: dict[str, list[str]]) -> None:
    assert closed(now, request(), STOP, EXIT) == shut


def test_only_risk_needs_clearance() -> None:
    assert closed(FINE, request(), STOP, cleared=False) == {"pb-1": ["cleared"], "pb-2": []}


def test_a_reference_is_used_once_for_ever() -> None:
    assert closed(FINE, request("old")) == {"old": ["unique"]}


def test_a_parent_stands_before_its_children() -> None:
    child = evolve(STOP, parent_ref="pb-1")
    assert closed(FINE, request(), child) == {"pb-1": [], "pb-2": []}
    assert closed(FINE, child, request()) == {"pb-2": ["terms"], "pb-1": []}


def test_all_gates_are_named_and_the_innocent_fall_with_the_rest() -> None:
    bad = request(quantity=D("0.5"), limit_price=D("150.001"))
    refused = denials(judge(SubmitOrders((bad, STOP), "x", None, False), FINE))
    assert [each.order_ref for each in refused] == ["pb-1", "pb-2"]
    assert refused[0].reason == "adds risk without clearance of the portfolio"
    assert "tick: quantity 0.5 is no multiple of 1" in refused[0].figures
    assert "reconciled: ok" in refused[0].figures
    assert refused[1].reason == "denied together with pb-1"


@pytest.mark.parametrize(
    "terms",
    [
        {"quantity": D(0)},
        {"quantity": D(-1)},
        {"quantity": D("NaN")},
        {"quantity": D("Infinity")},
        {"limit_price": None},
        {"limit_price": D("NaN")},
        {"limit_price": D(0)},
        {"order_type": OrderType.STOP},
        {"order_type": OrderType.STOP_LIMIT, "limit_price": None, "stop_price": D(1)},
        {"order_type": OrderType.TRAILING_STOP},
        {"order_type": OrderType.TRAILING_STOP, "trailing_pct": D("0.02"), "trailing_amount": D(1)},
        {"order_type": OrderType.TRAILING_STOP, "trailing_pct": D("-0.02")},
    ],
)
def test_terms_that_make_no_order(terms: dict[str, Any]) -> None:
    order = request(**terms)
    assert terms_fault(order.order_type, order)
    assert closed(FINE, order)["pb-1"][0] == "terms"


@pytest.mark.parametrize(
    "terms",
    [
        {"order_type": OrderType.MARKET, "limit_price": None},
        {"order_type": OrderType.STOP, "limit_price": None, "stop_price": D(140)},
        {"order_type": OrderType.STOP_LIMIT, "stop_price": D(140)},
        {"order_type": OrderType.TRAILING_STOP, "limit_price": None, "trailing_pct": D("0.02"), "stop_price": D(140)},
        {"order_type": OrderType.TRAILING_STOP, "limit_price": None, "trailing_amount": D(2)},
    ],
)
def test_terms_that_make_one(terms: dict[str, Any]) -> None:
    assert closed(FINE, request(**terms)) == {"pb-1": []}
