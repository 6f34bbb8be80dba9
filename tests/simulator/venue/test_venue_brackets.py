"""Brackets: transmit, parent, children; INC-28, INC-29, INC-31."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def bracket(bench: Any) -> Any:
    """Place a bracket of 100; the quote shows 1,000 unless `size` says otherwise. Returns parent, target, stop."""

    def place(size: int = 1000, quantity: int = 100, kind: str = "MKT", **parent_terms: Any) -> tuple[Any, Any, Any]:
        bench.quote(99.98, 100.02, size)
        parent = bench.place("BUY", quantity, kind, transmit=False, **parent_terms)
        exits = {"parent_id": parent.order_id, "tif": "GTC"}
        target = bench.place("SELL", quantity, "LMT", limit="108", transmit=False, **exits)
        assert bench.told == [], "nothing is told of what is not transmitted"
        stop = bench.place("SELL", quantity, "STP", stop="97", **exits)
        return parent, target, stop

    return place


def test_the_family_goes_when_the_last_is_transmitted(bench: Any, bracket: Any) -> None:
    bracket()
    assert bench.told == [
        "1 Submitted 0/100",
        "2 PreSubmitted child 0/100",
        "3 PreSubmitted child 0/100",
        "1 BOT 100 @ 100.02",
        "1 Filled 100/100",
        "1 commission 1.00 USD",
        "position AAPL 100",
        "2 Submitted 0/100",
        "3 PreSubmitted 0/100",
    ]


def test_a_child_that_fills_cancels_its_sibling(bench: Any, bracket: Any) -> None:
    _, target, stop = bracket()
    bench.clear()
    bench.quote(108.00, 108.04)
    assert target.status == "Filled"
    assert stop.status == "Cancelled"
    assert bench.told[-2:] == ["3 Cancelled 0/100", "3 error 202"]
    assert bench.held() == 0


def test_parent_permanent_id_is_told(bench: Any, bracket: Any) -> None:
    parent, target, stop = bracket()
    assert target.parent_perm_id == stop.parent_perm_id == parent.perm_id


def test_an_untransmitted_order_is_known_but_does_nothing(bench: Any) -> None:
    bench.quote(99.98, 100.02)
    order = bench.place("BUY", 100, transmit=False)
    assert (order.status, order.filled) == ("PendingSubmit", 0)
    assert order.perm_id in bench.venue.orders
    bench.change(order, transmit=True)
    assert order.status == "Filled"


def test_children_work_from_the_first_fill_and_only_for_what_is_filled(bench: Any, bracket: Any) -> None:
    parent, target, stop = bracket(size=40)
    assert parent.filled == 40
    assert target.status == "Submitted"
    bench.tick(4, 97.0, 100)
    assert (stop.filled, bench.held()) == (40, 0), "INC-28: the stop exits what there is"
    assert target.quantity == 60, "reduced in proportion"
    bench.tick(2, 100.02, 60)
    assert (parent.status, stop.status) == ("Filled", "Submitted")
    assert (stop.filled, bench.held()) == (40, 60), "no bid left"
    bench.tick(0, 99.98, 60)
    assert (stop.filled, bench.held()) == (100, 0)
    assert target.status == "Cancelled"


def test_a_parent_cancelled_unfilled_takes_its_children(bench: Any, bracket: Any) -> None:
    parent, target, stop = bracket(kind="LMT", limit="99.00")
    bench.cancel(parent)
    assert [one.status for one in (parent, target, stop)] == ["Cancelled"] * 3


def test_a_parent_cancelled_in_part_leaves_its_children_bounded(bench: Any, bracket: Any) -> None:
    parent, target, stop = bracket(size=40)
    bench.cancel(parent)
    assert (parent.status, target.status, stop.status) == ("Cancelled", "Submitted", "PreSubmitted")
    bench.quote(108.00, 108.04)
    assert (target.filled, bench.held()) == (40, 0)
    assert target.status == stop.status == "Cancelled", "nothing is left for them to exit"


def test_a_parent_that_is_refused_leaves_children_without_parent(bench: Any) -> None:
    parent = bench.place("BUY", 0, transmit=False)
    bench.place("SELL", 100, "LMT", limit="108", parent_id=parent.order_id)
    assert bench.told == ["1 error 434", "2 error 135"]
    bench.place("BUY", 100, order_id=parent.order_id)
    assert bench.told[-1] == "1 error 103", "INC-11: the id is used up"


def test_a_child_of_a_filled_parent_starts_at_once(bench: Any, bracket: Any) -> None:
    parent, target, stop = bracket()
    bench.cancel(target)
    assert stop.status == "PreSubmitted", "cancelling one leaves the other"
    late = bench.place("SELL", 100, "LMT", limit="107", parent_id=parent.order_id)
    assert late.status == "Submitted"


def test_a_child_of_a_cancelled_parent_is_refused(bench: Any, bracket: Any) -> None:
    parent, _, _ = bracket(kind="LMT", limit="99.00")
    bench.cancel(parent)
    bench.clear()
    bench.place("SELL", 100, "LMT", limit="107", parent_id=parent.order_id)
    assert bench.told == ["4 error 201"]


def test_a_child_on_the_parents_side_waits_for_the_whole_parent(bench: Any) -> None:
    bench.quote(99.98, 100.02, 40)
    parent = bench.place("BUY", 100, transmit=False)
    more = bench.place("BUY", 50, parent_id=parent.order_id)
    assert (parent.filled, more.status) == (40, "PreSubmitted")
    bench.tick(3, 100.02, 200)
    assert (parent.filled, more.filled) == (100, 50)


def test_a_short_bracket_mirrors_the_long_one(bench: Any) -> None:
    bench.quote(99.98, 100.02)
    parent = bench.place("SELL", 100, transmit=False)
    target = bench.place("BUY", 100, "LMT", limit="95", parent_id=parent.order_id, transmit=False)
    stop = bench.place("BUY", 100, "STP", stop="103", parent_id=parent.order_id)
    bench.quote(103.00, 103.04)
    assert (parent.average_price, stop.average_price) == (Decimal("99.98"), Decimal("103.04"))
    assert target.status == "Cancelled"


def test_targets_in_groups_of_their_own_can_turn_the_position_around(bench: Any) -> None:
    """INC-29: scale-out targets beside a full-size stop that belongs to another group."""
    bench.quote(99.98, 100.02)
    parent = bench.place("BUY", 100, transmit=False)
    exits = {"parent_id": parent.order_id}
    bench.place("SELL", 25, "LMT", limit="105", oca_group="targets", transmit=False, **exits)
    stop = bench.place("SELL", 100, "STP", stop="97", oca_group="stops", **exits)
    bench.quote(105.00, 105.02)
    bench.quote(96.98, 97.00)
    assert (stop.filled, bench.held()) == (100, -25)


def test_day_children_die_at_the_close_while_the_position_stays(bench: Any) -> None:
    """INC-31."""
    bench.quote(99.98, 100.02)
    parent = bench.place("BUY", 100, transmit=False)
    stop = bench.place("SELL", 100, "STP", stop="97", parent_id=parent.order_id)
    bench.pass_time(hours=13)
    assert (stop.status, bench.held()) == ("Cancelled", 100)


def test_a_parent_lowered_to_what_it_has_filled_is_whole(bench: Any) -> None:
    bench.quote(99.98, 100.02, 40)
    parent = bench.place("BUY", 100, transmit=False)
    more = bench.place("BUY", 50, parent_id=parent.order_id)
    bench.change(parent, quantity=40)
    assert (parent.status, more.status) == ("Filled", "Submitted")


def test_a_held_family_is_cancelled_with_its_parent(bench: Any) -> None:
    parent = bench.place("BUY", 100, transmit=False)
    child = bench.place("SELL", 100, "STP", stop="97", parent_id=parent.order_id, transmit=False)
    bench.cancel(parent)
    assert (parent.status, child.status) == ("Cancelled", "Cancelled")


def test_children_that_are_changed_follow_a_partial_entry(bench: Any, bracket: Any) -> None:
    """An order system keeps its exits at what is filled: 40 first, then all."""
    parent, target, stop = bracket(size=40)
    for exit_ in (target, stop):
        bench.change(exit_, quantity=40)
    bench.tick(3, 100.02, 60)
    assert parent.status == "Filled"
    for exit_ in (target, stop):
        bench.change(exit_, quantity=100)
    bench.quote(96.98, 97.00)
    assert (stop.filled, target.status, bench.held()) == (100, "Cancelled", 0)
