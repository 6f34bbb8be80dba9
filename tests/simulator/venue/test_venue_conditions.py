"""Orders with conditions: held until these hold, or cancelled when they do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

AAPL, MSFT = 265598, 272093


def conditions(*rows: Any, ignore_hours: bool = True, cancels: bool = False) -> dict[str, str]:
    """`extra` of an order; each row is type, conjunction, fields."""
    fields = [len(rows), *(value for row in rows for value in row), int(ignore_hours), int(cancels)]
    return {"conditions": "\0".join(str(one) for one in fields)}


def price(level: float, *, con_id: int = AAPL, more: bool = True, join: str = "a", method: int = 0) -> tuple[Any, ...]:
    return (1, join, int(more), level, con_id, "SMART", method)


def clock(text: str, *, after: bool = True, join: str = "a") -> tuple[Any, ...]:
    return (3, join, int(after), text)


def buy(bench: Any, *rows: Any, **terms: Any) -> Any:
    options = {name: terms.pop(name) for name in ("ignore_hours", "cancels") if name in terms}
    return bench.place("BUY", 100, terms.pop("kind", "MKT"), extra=conditions(*rows, **options), **terms)


def test_an_order_waits_until_the_price_is_there_and_then_executes(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, price(100.0))
    assert bench.told == ["1 PreSubmitted 0/100"]
    bench.quote(99.5, 99.6)
    assert order.status == "PreSubmitted"
    bench.clear()
    bench.trade(100.0)
    assert bench.told[:2] == ["1 Submitted 0/100", "1 BOT 100 @ 99.6"]
    assert order.status == "Filled"


def test_another_contract_may_be_looked_at(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    bench.quote(400.0, 400.1, symbol="MSFT")
    order = buy(bench, price(390.0, con_id=MSFT, more=False), kind="LMT", limit=99.0)
    bench.trade(391.0, symbol="MSFT")
    assert order.status == "PreSubmitted"
    bench.quote(389.9, 390.0, symbol="MSFT")
    assert order.status == "Submitted"
    bench.quote(410.0, 410.1, symbol="MSFT")
    assert order.status == "Submitted", "what has once held has set the order free"


def test_conditions_that_hold_already_hold_nothing_back(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    assert buy(bench, price(98.0)).status == "Filled"


def test_double_methods_want_two_ticks_in_a_row(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, price(100.0, method=3))
    for at in (100.0, 99.9, 100.0):
        bench.trade(at)
        assert order.status == "PreSubmitted"
    bench.trade(100.0)
    assert order.status == "Filled"


def test_a_time_releases_the_order_to_the_second(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, clock("20261123 12:30:00 US/Eastern"))
    bench.pass_time(minutes=29, seconds=59)
    assert order.status == "PreSubmitted"
    bench.pass_time(seconds=1)
    assert order.status == "Filled"


def test_a_tick_later_than_the_time_is_enough(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, clock("20261123 12:30:00 US/Eastern"))
    bench.time = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    bench.trade(99.05, symbol="MSFT")
    assert order.status == "Filled"


def test_and_binds_more_tightly_than_or(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    first = buy(bench, price(100.0, join="a"), clock("20261123 12:30:00 US/Eastern", join="o"), price(95.0, more=False))
    bench.trade(100.0)
    assert first.status == "PreSubmitted"
    bench.quote(94.9, 95.0)
    assert first.status == "Filled"


def test_a_change_in_percent_is_counted_from_the_close_of_the_day_before(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, (7, "a", 1, 2.5, AAPL, "SMART"))
    bench.trade(110.0)
    assert order.status == "PreSubmitted", "the close is not known"
    bench.tick(9, 100.0)
    assert order.status == "Filled"


def test_a_fall_in_percent(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    bench.tick(9, 100.0)
    order = buy(bench, (7, "a", 0, -2.5, AAPL, "SMART"))
    bench.trade(97.6)
    assert order.status == "PreSubmitted"
    bench.trade(97.5)
    assert order.status == "Filled"


def test_a_volume_is_reached(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, (6, "a", 1, 5000, AAPL, "SMART"))
    bench.tick(8, 0.0, 4999)
    assert order.status == "PreSubmitted"
    bench.tick(8, 0.0, 5000)
    assert order.status == "Filled"


def test_a_trade_of_the_account_in_a_symbol_releases_the_order(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    bench.quote(400.0, 400.1, symbol="MSFT")
    bench.place("BUY", 10, symbol="MSFT")
    order = buy(bench, (5, "a", "STK", "SMART", "MSFT"))
    assert order.status == "PreSubmitted", "only what is traded after it was placed counts"
    bench.place("BUY", 10)
    assert order.status == "PreSubmitted"
    bench.place("SELL", 10, symbol="MSFT")
    assert order.status == "Filled"


def test_the_trade_of_another_account_does_not(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(accounts=("DU1", "DU2"))
    bench.quote(99.0, 99.1)
    order = buy(bench, (5, "a", "STK", "SMART", "AAPL"), account="DU1")
    bench.venue.manual_trade("DU2", bench.contract("AAPL"), 5, 99)
    assert order.status == "PreSubmitted"
    bench.venue.manual_trade("DU1", bench.contract("AAPL"), 5, 99)
    assert order.status == "Filled"


def test_the_margin_cushion_is_looked_at_by_the_clock(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(cash=100_000)
    bench.quote(100.0, 100.0, size=5000)
    bench.place("BUY", 1500)  # 150,000 of stock on 100,000: 37,500 of maintenance margin, cushion 62.5 %
    order = buy(bench, (4, "a", 0, 50), kind="LMT", limit=1.0)
    bench.pass_time(seconds=1)
    assert order.status == "PreSubmitted"
    bench.quote(79.9, 80.0)  # 70,000 left, 30,000 of maintenance margin: 57 %
    bench.pass_time(seconds=1)
    assert order.status == "PreSubmitted"
    bench.quote(64.9, 65.0)  # 47,500 left, 24,375 of maintenance margin: 49 %
    bench.pass_time(seconds=1)
    assert order.status == "Submitted"


def test_an_order_may_be_cancelled_when_conditions_hold(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, price(100.0), kind="LMT", limit=90.0, cancels=True)
    assert order.status == "Submitted", "it works until then"
    bench.clear()
    bench.trade(100.0)
    assert bench.told == ["1 Cancelled 0/100", "1 error 202"]


def test_a_cancelling_condition_that_holds_already_ends_the_order(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, price(98.0), cancels=True)
    assert (order.status, order.filled) == ("Cancelled", 0)


@pytest.mark.parametrize(("ignore_hours", "status"), [(True, "PreSubmitted"), (False, "PreSubmitted")])
def test_outside_regular_hours_a_market_order_waits_for_the_open_either_way(
    make_bench: Callable[..., Any], ignore_hours: bool, status: str
) -> None:
    bench = make_bench(calendar="XNYS", start=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))  # 8:00
    bench.quote(99.0, 99.1)
    order = buy(bench, price(100.0), ignore_hours=ignore_hours)
    bench.trade(100.0)
    bench.trade(99.0)
    assert order.status == status
    bench.time = datetime(2026, 11, 23, 14, 30, 1, tzinfo=UTC)
    bench.pass_time(seconds=0)
    bench.quote(99.0, 99.2)
    assert order.status == ("Filled" if ignore_hours else "PreSubmitted")


def test_a_change_gives_new_conditions_or_takes_them_away(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, price(100.0), kind="LMT", limit=90.0)
    bench.change(order, extra=conditions(price(101.0)))
    bench.trade(100.5)
    assert order.status == "PreSubmitted"
    bench.change(order, extra={})
    assert order.status == "Submitted"


def test_a_cancelled_order_is_not_released(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    order = buy(bench, price(100.0))
    bench.cancel(order)
    bench.trade(100.0)
    assert (order.status, order.filled) == ("Cancelled", 0)


def test_a_child_weighs_its_conditions_once_its_parent_has_filled(bench: Any) -> None:
    bench.quote(99.0, 99.1)
    parent = bench.place("BUY", 100, "LMT", limit=98.0, transmit=False)
    child = bench.place("SELL", 100, "MKT", parent_id=parent.order_id, extra=conditions(price(99.0, more=False)))
    assert (child.status, child.why_held) == ("PreSubmitted", "child")
    bench.quote(97.9, 98.0)
    assert parent.status == "Filled"
    assert child.status == "Filled"


@pytest.mark.parametrize(
    "written",
    [
        "1\x001\x00a\x001\x00nan\x00265598\x00SMART\x000\x000\x000",
        "1\x001\x00x\x001\x00100\x00265598\x00SMART\x000\x000\x000",
        "1\x001\x00a\x001\x00100\x00265598\x00SMART\x009\x000\x000",
        "1\x003\x00a\x001\x00soon\x000\x000",
        "1\x006\x00a\x001\x00many\x00265598\x00SMART\x000\x000",
        "2\x004\x00a\x001\x0030\x000\x000",
    ],
)
def test_conditions_that_cannot_be_read_are_refused(bench: Any, written: str) -> None:
    bench.place("BUY", 100, "MKT", extra={"conditions": written})
    assert bench.told == ["1 error 321"]


def test_a_condition_on_an_unknown_contract_is_200(bench: Any) -> None:
    buy(bench, price(100.0, con_id=999_999_999))
    assert bench.told == ["1 error 200"]
