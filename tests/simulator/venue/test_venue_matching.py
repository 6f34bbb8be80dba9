"""Orders meet the quote."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


def test_a_market_order_fills_at_the_ask_and_is_told_in_tws_order(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100)
    assert bench.told == [
        "1 Submitted 0/100",
        "1 BOT 100 @ 230.02",
        "1 Filled 100/100",
        "1 commission 1.00 USD",
        "position AAPL 100",
    ]
    assert order.perm_id == 1500000001
    assert order.average_price == Decimal("230.02")
    assert bench.venue.executions[0].exec_id.startswith("0000e0d5.")
    assert bench.venue.executions[0].exec_id.endswith(".01.01")


def test_a_market_order_without_a_quote_waits_for_one(bench: Any) -> None:
    order = bench.place("SELL", 10)
    assert order.status == "Submitted"
    bench.tick(1, 229.9, 500)
    assert order.status == "Filled"
    assert order.average_price == Decimal("229.9")


@pytest.mark.parametrize("price", [-1.0, 0.0])
def test_a_price_that_means_none_fills_nothing(bench: Any, price: float) -> None:
    bench.tick(2, price, 0)
    order = bench.place("BUY", 10)
    assert order.filled == 0


def test_a_limit_order_rests_until_the_other_side_comes(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, "LMT", limit="230.00")
    assert order.status == "Submitted"
    bench.tick(2, 230.01, 1000)
    assert order.filled == 0
    bench.tick(2, 229.99, 1000)
    assert order.status == "Filled"
    assert order.average_price == Decimal("229.99"), "the quote's price, better than the limit"


def test_no_more_than_the_size_shown_fills_until_it_is_shown_again(bench: Any) -> None:
    bench.quote(229.98, 230.02, size=60)
    order = bench.place("BUY", 100)
    assert order.filled == 60
    assert order.status == "Submitted"
    bench.tick(1, 229.97, 500)
    assert order.filled == 60, "a change on the other side shows nothing new"
    bench.tick(3, 230.02, 25)
    assert order.filled == 85
    bench.tick(2, 230.03, 500)
    assert order.status == "Filled"
    assert [(one.quantity, one.price) for one in bench.venue.executions] == [
        (Decimal(60), Decimal("230.02")),
        (Decimal(25), Decimal("230.02")),
        (Decimal(15), Decimal("230.03")),
    ]
    assert [one.cumulative for one in bench.venue.executions] == [60, 85, 100]


def test_the_better_price_goes_first_then_the_older_order(bench: Any) -> None:
    worse = bench.place("BUY", 100, "LMT", limit="230.00")
    older = bench.place("BUY", 100, "LMT", limit="230.05")
    newer = bench.place("BUY", 100, "LMT", limit="230.05")
    bench.tick(2, 230.00, 150)
    assert (worse.filled, older.filled, newer.filled) == (0, 100, 50)


def test_lowering_the_quantity_keeps_the_place_in_the_queue_and_raising_it_does_not(bench: Any) -> None:
    first = bench.place("BUY", 100, "LMT", limit="230.00")
    second = bench.place("BUY", 100, "LMT", limit="230.00")
    bench.change(first, quantity=80)
    bench.tick(2, 230.00, 50)
    assert (first.filled, second.filled) == (50, 0)
    bench.change(first, quantity=200)
    bench.tick(3, 230.00, 50)
    assert (first.filled, second.filled) == (50, 50)


def test_nothing_executes_while_the_quote_is_crossed_or_the_contract_halted(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    bench.tick(1, 230.10, 100)
    order = bench.place("BUY", 10)
    assert order.filled == 0, "bid above ask: half of a quote"
    bench.tick(49, 1.0)
    bench.tick(2, 230.12, 100)
    assert order.filled == 0
    bench.tick(49, 0.0)
    assert order.average_price == Decimal("230.12")


def test_immediate_or_cancel_takes_what_is_there(bench: Any) -> None:
    bench.quote(229.98, 230.02, size=40)
    order = bench.place("BUY", 100, "LMT", limit="230.02", tif="IOC")
    assert (order.filled, order.status) == (40, "Cancelled")
    assert bench.told[-2:] == ["1 Cancelled 40/100", "1 error 202"]


def test_fill_or_kill_takes_all_or_nothing(bench: Any) -> None:
    bench.quote(229.98, 230.02, size=40)
    nothing = bench.place("BUY", 100, "LMT", limit="230.02", tif="FOK")
    everything = bench.place("BUY", 40, "LMT", limit="230.02", tif="FOK")
    assert (nothing.filled, nothing.status) == (0, "Cancelled")
    assert everything.status == "Filled"


def test_a_midprice_order_fills_at_the_middle_when_a_trade_prints_there(bench: Any) -> None:
    bench.quote(229.98, 230.04)
    order = bench.place("BUY", 100, "MIDPRICE", limit="230.02")
    bench.trade(230.03, 500)
    assert order.filled == 0
    bench.trade(230.01, 70)
    assert (order.filled, order.average_price) == (70, Decimal("230.01"))


def test_a_midprice_order_never_pays_more_than_its_cap(bench: Any) -> None:
    bench.quote(229.98, 230.04)
    order = bench.place("BUY", 100, "MIDPRICE", limit="229.99")
    bench.trade(230.00, 500)
    assert order.filled == 0
    bench.trade(229.98, 500)
    assert order.average_price == Decimal("229.99")


def test_a_command_given_while_being_told_is_carried_out_afterwards(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    answer = bench.order("SELL", 50)

    def sell_at_once(_: object) -> None:
        if bench.told[-1] == "2 BOT 100 @ 230.02":
            bench.venue.place(answer)

    bench.venue.subscribe(sell_at_once)
    bench.place("BUY", 100)
    assert [line.split()[0] for line in bench.told] == ["2"] * 4 + ["position"] + ["1"] * 4 + ["position"]
    assert bench.held() == 50


def test_a_tick_that_no_quote_has_raises(bench: Any) -> None:
    with pytest.raises(ValueError, match="type 77"):
        bench.tick(77, 1.0)


def test_a_one_sided_market_executes_on_the_side_that_there_is(bench: Any) -> None:
    bench.quote(229.98, -1.0, size=100)
    assert bench.place("SELL", 50).average_price == Decimal("229.98")
    assert bench.place("BUY", 50).filled == 0
