"""Working orders tie up margin: what they may open cannot be promised to another order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def rich(make_bench: Callable[..., Any]) -> Any:
    """100,000 in cash and AAPL at 100: good for 2,000 shares at a margin of one half."""
    bench = make_bench(cash=Decimal(100_000))
    bench.quote(99.99, 100.0, size=5000)
    bench.quote(99.99, 100.0, size=5000, symbol="MSFT")
    return bench


def rests(bench: Any, quantity: int, side: str = "BUY", **terms: Any) -> Any:
    return bench.place(side, quantity, "LMT", limit=99 if side == "BUY" else 101, **terms)


def told_of(bench: Any, order: Any) -> list[str]:
    return [one for one in bench.told if one.startswith(f"{order.order_id} ")]


def test_a_second_order_that_needs_the_same_funds_is_refused(rich: Any) -> None:
    rests(rich, 1500)
    assert told_of(rich, rests(rich, 600)) == ["2 error 201"]
    assert rests(rich, 400).status == "Submitted"


def test_orders_for_other_contracts_count_too(rich: Any) -> None:
    rests(rich, 1500, symbol="MSFT")
    assert told_of(rich, rests(rich, 600)) == ["2 error 201"]


def test_what_is_cancelled_is_free_again(rich: Any) -> None:
    first = rests(rich, 1500)
    rich.cancel(first)
    assert rests(rich, 1500).status == "Submitted"


def test_what_is_refused_and_what_is_filled_is_not_counted_twice(rich: Any) -> None:
    rich.place("BUY", 1000)
    rests(rich, 1500)
    assert rests(rich, 900).status == "Submitted"


def test_orders_that_reduce_are_let_in_and_reserve_nothing(rich: Any) -> None:
    rich.place("BUY", 1900)
    assert rests(rich, 1900, "SELL").status == "Submitted"
    assert rich.place("SELL", 1900, "STP", stop=90).status == "PreSubmitted"
    assert rests(rich, 50, oca_group="x").status == "Submitted", "the second sale may open, yet on the other side"


def test_of_both_sides_of_a_contract_only_the_greater_counts(rich: Any) -> None:
    rests(rich, 1500)
    assert rests(rich, 1500, "SELL").status == "Submitted"
    assert told_of(rich, rests(rich, 600, symbol="MSFT")) == ["3 error 201"]
    assert rests(rich, 400, symbol="MSFT").status == "Submitted"


def test_of_an_oca_group_only_one_counts(rich: Any) -> None:
    for symbol in ("AAPL", "MSFT"):
        assert rests(rich, 1500, symbol=symbol, oca_group="either").status == "Submitted"
    assert told_of(rich, rests(rich, 600)) == ["3 error 201"]
    assert rests(rich, 400).status == "Submitted"


def test_the_exits_of_a_bracket_do_not_count(rich: Any) -> None:
    parent = rests(rich, 1500, transmit=False)
    rich.place("SELL", 1500, "LMT", limit=110, parent_id=parent.order_id, transmit=False)
    rich.place("SELL", 1500, "STP", stop=90, parent_id=parent.order_id)
    assert parent.status == "Submitted"
    assert rests(rich, 400).status == "Submitted"


def test_the_accounts_are_apart(make_bench: Callable[..., Any]) -> None:
    bench = make_bench(cash=Decimal(100_000), accounts=("DU1", "DU2"))
    bench.quote(99.99, 100.0)
    rests(bench, 1900, account="DU1")
    assert rests(bench, 1900, account="DU2").status == "Submitted"


def test_a_change_is_weighed_without_its_own_earlier_self(rich: Any) -> None:
    order = rests(rich, 1500)
    rich.change(order, quantity=Decimal(1900))
    assert order.quantity == 1900
    rich.change(order, quantity=Decimal(2100))
    assert rich.told[-1] == "1 error 201"
    assert order.quantity == 1900


def test_premiums_of_options_are_reserved(rich: Any) -> None:
    option = next(one.contract for one in rich.contracts if one.contract.sec_type == "OPT")
    rich.place("BUY", 10, "LMT", limit=60, contract=option)  # 60,000
    assert rich.told == ["1 Submitted 0/10"]
    rich.place("BUY", 10, "LMT", limit=60, contract=option)
    assert rich.told[-1] == "2 error 201"


def test_a_what_if_counts_the_working_orders_before_and_after(rich: Any) -> None:
    before = rich.venue.what_if(rich.order("BUY", 1000, "LMT", limit=100))
    assert (before.init_margin_before, before.warning) == (0, "")
    rests(rich, 1500)
    after = rich.venue.what_if(rich.order("BUY", 1000, "LMT", limit=100))
    assert after.init_margin_before == Decimal("74250")
    assert after.init_margin_after - after.init_margin_before == before.init_margin_after
    assert "would not cover" in after.warning
