"""Stops, trailing stops and touches."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_a_stop_waits_presubmitted_triggers_on_a_trade_and_executes_at_the_bid(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    stop = bench.place("SELL", 100, "STP", stop="229.00", tif="GTC")
    assert stop.status == "PreSubmitted"
    bench.trade(229.50)
    assert stop.status == "PreSubmitted"
    bench.clear()
    bench.trade(229.00)
    assert bench.told[:3] == ["1 Submitted 0/100", "1 SLD 100 @ 229.98", "1 Filled 100/100"]


def test_a_stop_triggers_on_the_quote_too(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    stop = bench.place("SELL", 100, "STP", stop="229.00")
    bench.tick(1, 228.90, 1000)
    assert stop.filled == 0, "a low bid alone may be a wide spread"
    bench.tick(2, 229.00, 1000)
    assert stop.average_price == Decimal("228.9")


def test_a_missing_ask_does_not_trigger_a_sell_stop(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    stop = bench.place("SELL", 100, "STP", stop="229.00")
    bench.tick(2, -1.0, 0)
    assert stop.status == "PreSubmitted"


def test_a_buy_stop_triggers_above(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    stop = bench.place("BUY", 100, "STP", stop="231.00")
    bench.trade(231.05)
    assert stop.average_price == Decimal("230.02")


def test_a_stop_already_through_the_market_triggers_at_once(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    bench.trade(230.00)
    assert bench.place("SELL", 100, "STP", stop="230.50").status == "Filled"


def test_a_stop_limit_becomes_a_limit(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("SELL", 100, "STP LMT", stop="229.00", limit="228.95")
    bench.tick(1, 228.50, 1000)
    bench.trade(228.60)
    assert (order.status, order.filled) == ("Submitted", 0)
    bench.tick(1, 228.96, 1000)
    assert order.average_price == Decimal("228.96")


def test_a_trailing_stop_follows_up_and_never_down(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("SELL", 100, "TRAIL", stop="1.00")
    assert order.trail_stop == Decimal("228.98")
    bench.trade(231.50)
    assert order.trail_stop == Decimal("230.50")
    bench.trade(230.80)
    assert order.trail_stop == Decimal("230.50")
    bench.quote(230.40, 230.60)
    assert order.status == "PreSubmitted"
    bench.trade(230.45)
    assert order.average_price == Decimal("230.4")


def test_a_trailing_buy_follows_down_by_percent_on_the_tick(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, "TRAIL", trailing_percent="1")
    assert order.trail_stop == Decimal("232.33"), "230.02 + 1 %, up to the tick"
    bench.tick(1, 219.98, 100)
    bench.tick(2, 220.00, 100)
    assert order.trail_stop == Decimal("222.20")


def test_a_given_trail_stop_is_where_it_begins(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("SELL", 100, "TRAIL", stop="1.00", trail_stop="229.50")
    assert order.trail_stop == Decimal("229.50")
    bench.trade(230.60)
    assert order.trail_stop == Decimal("229.60")


def test_a_trail_not_sent_again_on_a_change_begins_anew(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("SELL", 100, "TRAIL", stop="1.00")
    bench.trade(235.00)
    bench.trade(234.50)
    bench.change(order, stop="2.00", trail_stop=None)
    assert order.trail_stop == Decimal("232.50")


def test_a_trailing_limit_keeps_its_offset(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("SELL", 100, "TRAIL LIMIT", stop="1.00", trail_stop="229.00", limit="228.90")
    bench.trade(231.00)
    bench.quote(229.50, 229.60)
    bench.trade(229.90)
    assert (order.status, order.limit) == ("Submitted", Decimal("229.90"))
    bench.tick(1, 229.91, 1000)
    bench.tick(2, 229.95, 1000)
    assert order.average_price == Decimal("229.91")


def test_touched_orders_wait_for_the_favourable_price(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    market = bench.place("BUY", 100, "MIT", stop="229.00")
    limit = bench.place("SELL", 100, "LIT", stop="231.00", limit="231.05")
    bench.trade(229.00)
    assert market.average_price == Decimal("230.02")
    bench.quote(231.00, 231.02)
    assert (limit.status, limit.filled) == ("Submitted", 0)
    bench.quote(231.06, 231.10)
    assert limit.average_price == Decimal("231.06")


@pytest.mark.parametrize(
    ("method", "ticks_needed"),
    [("2", [(4, 228.9)]), ("3", [(4, 228.9), (4, 228.8)]), ("4", [(2, 228.9)]), ("1", [(2, 228.9), (2, 228.8)])],
)
def test_each_trigger_method_looks_at_its_own_ticks(bench: Any, method: str, ticks_needed: list[Any]) -> None:
    bench.quote(228.50, 230.02)
    stop = bench.place("SELL", 100, "STP", stop="229.00", extra={"triggerMethod": method})
    for tick_type, price in ticks_needed:
        assert stop.status == "PreSubmitted"
        bench.tick(tick_type, price, 10)
    assert stop.filled == 100


def test_a_double_method_wants_two_in_a_row(bench: Any) -> None:
    bench.quote(228.50, 230.02)
    stop = bench.place("SELL", 100, "STP", stop="229.00", extra={"triggerMethod": "3"})
    for price in (228.9, 229.1, 228.9):
        bench.trade(price)
    assert stop.status == "PreSubmitted"


def test_no_trigger_while_halted(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    stop = bench.place("SELL", 100, "STP", stop="229.00")
    bench.tick(49, 1.0)
    bench.trade(228.00)
    assert stop.status == "PreSubmitted"
