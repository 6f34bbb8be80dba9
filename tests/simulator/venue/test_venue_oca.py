"""One-cancels-all groups."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def pair(bench: Any) -> Any:
    """A long position with a target and a stop in one group. Returns both."""

    def place(oca_type: int, target: int = 100, stop: int = 100) -> tuple[Any, Any]:
        bench.quote(99.98, 100.02)
        bench.place("BUY", 100)
        group = {"oca_group": "exit-1", "oca_type": oca_type, "tif": "GTC"}
        one = bench.place("SELL", target, "LMT", limit="108", **group)
        two = bench.place("SELL", stop, "STP", stop="97", **group)
        bench.clear()
        return one, two

    return place


@pytest.mark.parametrize("oca_type", [0, 1, 2, 3])
def test_a_whole_fill_cancels_the_others(bench: Any, pair: Any, oca_type: int) -> None:
    target, stop = pair(oca_type)
    bench.quote(108.00, 108.04)
    assert (target.status, stop.status) == ("Filled", "Cancelled")
    assert "3 error 202" in bench.told


@pytest.mark.parametrize("oca_type", [0, 2, 3])
def test_a_partial_fill_reduces_the_others_in_proportion(bench: Any, pair: Any, oca_type: int) -> None:
    target, stop = pair(oca_type)
    bench.tick(2, 108.04, 100)
    bench.tick(1, 108.00, 30)
    assert (target.filled, target.status) == (30, "Submitted")
    assert (stop.quantity, stop.status) == (70, "PreSubmitted")
    assert "3 PreSubmitted 0/70" in bench.told


def test_type_1_cancels_on_any_fill(bench: Any, pair: Any) -> None:
    target, stop = pair(1)
    bench.tick(2, 108.04, 100)
    bench.tick(1, 108.00, 30)
    assert (target.filled, stop.status) == (30, "Cancelled")


def test_unequal_sizes_shrink_by_the_same_fraction(bench: Any, pair: Any) -> None:
    _, stop = pair(2, target=50, stop=100)
    bench.tick(2, 108.04, 100)
    bench.tick(1, 108.00, 20)
    assert stop.quantity == 60


def test_groups_of_different_names_do_not_touch(bench: Any) -> None:
    bench.quote(99.98, 100.02)
    bench.place("BUY", 10, oca_group="a")
    other = bench.place("BUY", 10, "LMT", limit="99", oca_group="b")
    assert other.status == "Submitted"


def test_a_group_may_span_contracts(bench: Any) -> None:
    bench.quote(99.98, 100.02)
    other = bench.place("BUY", 10, "LMT", symbol="MSFT", limit="99", oca_group="either", oca_type=1)
    bench.place("BUY", 10, oca_group="either", oca_type=1)
    assert other.status == "Cancelled"


def test_a_late_fill_of_both_is_booked(bench: Any, pair: Any) -> None:
    """INC-29: both legs execute at the broker in the same instant."""
    target, stop = pair(3)
    bench.quote(108.00, 108.04)
    bench.venue.broker_fill(stop.perm_id, stop.quantity, target.average_price)
    assert stop.status == "Filled"
    assert bench.held() == -100


def test_the_members_must_share_an_account(make_bench: Any) -> None:
    bench = make_bench(accounts=("DU1", "DU2"))
    bench.place("BUY", 10, "LMT", limit="99", oca_group="g", account="DU1")
    bench.place("BUY", 10, "LMT", limit="99", oca_group="g", account="DU2")
    assert bench.told[-1] == "2 error 10224"


@pytest.mark.parametrize(("oca_type", "shown"), [(0, 100), (1, 100), (1, 30), (2, 100)])
def test_nothing_joins_a_group_of_which_a_member_has_filled(bench: Any, pair: Any, oca_type: int, shown: int) -> None:
    pair(oca_type)
    bench.tick(2, 108.04, 100)
    bench.tick(1, 108.00, shown)
    late = bench.place("SELL", 100, oca_group="exit-1", oca_type=oca_type)
    assert (late.filled, late.perm_id) == (0, 0)
    assert bench.told[-1] == "4 error 201"


def test_a_part_that_reduces_the_others_leaves_the_group_open(bench: Any, pair: Any) -> None:
    pair(2)
    bench.tick(2, 108.04, 100)
    bench.tick(1, 108.00, 30)
    late = bench.place("SELL", 70, "LMT", limit="110", oca_group="exit-1", oca_type=2)
    assert late.status == "Submitted"
