"""The four messages of one fill, in any order, each lost or doubled, end in the same state (INC-18, INC-21)."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.order import CommissionBooked, ExecutionBooked, OrderFilledEvent, OrderStatus

FILLED = (OrderStatus.FILLED, Decimal(100), Decimal(150))


def test_all_orders_of_the_messages_of_one_fill_end_filled(new_desk: Any) -> None:
    for order in itertools.permutations(range(6)):
        desk = new_desk()
        record = desk.placed()
        words = [
            desk.echo(record),
            desk.status(),
            desk.fill(),
            desk.commission(),
            desk.echo(record, "Filled"),
            desk.status("Filled", 100),
        ]
        desk.tell(*(words[index] for index in order))
        assert desk.stands() == FILLED, order
        assert len(desk.journaled(ExecutionBooked)) == len(desk.happened(OrderFilledEvent)) == 1, order
        assert len(desk.journaled(CommissionBooked)) == 1, order


def test_any_but_the_execution_may_be_missing_and_any_may_come_twice(new_desk: Any) -> None:
    for counts in itertools.product((0, 1, 2), (0, 1, 2), (1, 2), (0, 1, 2)):
        chosen = [index for index, count in enumerate(counts) for _ in range(count)]
        for order in set(itertools.permutations(chosen)) if len(chosen) < 6 else [tuple(chosen), tuple(chosen[::-1])]:
            desk = new_desk()
            record = desk.placed()
            words = [desk.echo(record, "Filled"), desk.status("Filled", 100), desk.fill(), desk.commission()]
            desk.tell(*(words[index] for index in order))
            assert desk.stands() == FILLED, order
            assert len(desk.happened(OrderFilledEvent)) == 1, order
            assert len(desk.journaled(CommissionBooked)) == min(counts[3], 1), order


def test_without_the_execution_nothing_is_booked_and_the_order_counts_as_live(new_desk: Any) -> None:
    for order in itertools.permutations(range(4)):
        desk = new_desk()
        record = desk.placed()
        words = [desk.echo(record), desk.status(), desk.echo(record, "Filled"), desk.status("Filled", 100)]
        desk.tell(*(words[index] for index in order))
        assert desk.stands() == (OrderStatus.ACCEPTED, Decimal(0), None)
        assert desk.order().short_of_claim  # the actor asks for what is missing


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_three_partial_fills_in_any_shuffle_with_losses_and_repeats(new_desk: Any, data: st.DataObject) -> None:
    desk = new_desk()
    record = desk.placed()
    fills = [desk.fill(40, "150", "a.01"), desk.fill(30, "151", "b.01"), desk.fill(30, "152", "c.01")]
    talk = [
        desk.echo(record),
        desk.status(),
        desk.status("Submitted", 40),
        desk.echo(record, "PreSubmitted"),
        desk.status("Submitted", 70),
        desk.status("Filled", 100),
        desk.echo(record, "Filled"),
        desk.commission("a.01"),
        desk.commission("b.01"),
    ]
    said = fills + data.draw(st.lists(st.sampled_from(fills + talk), max_size=15))
    desk.tell(*data.draw(st.permutations(said)))
    assert desk.stands() == (OrderStatus.FILLED, Decimal(100), Decimal("150.9"))
    assert len(desk.happened(OrderFilledEvent)) == 3


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_versions_and_busts_in_any_order_leave_the_latest(new_desk: Any, data: st.DataObject) -> None:
    desk = new_desk()
    desk.placed()
    versions = [desk.fill(100, "150", "a.01"), desk.fill(100, "150.05", "a.02"), desk.fill(0, "150.05", "a.03")]
    said = versions + data.draw(st.lists(st.sampled_from(versions), max_size=4))
    desk.tell(*data.draw(st.permutations(said)))
    assert desk.stands() == (OrderStatus.FILLED, Decimal(0), None)
    assert desk.book.executions.net() == {"AAPL": Decimal(0)}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_cancel_that_meets_a_partial_fill_ends_the_same_whichever_comes_first(
    new_desk: Any, data: st.DataObject
) -> None:
    # INC-14: every interleaving of the cancellation's answers with a partial fill
    desk = new_desk()
    record = desk.working()
    desk.tell(desk.cancel())
    said = [
        desk.status("PendingCancel"),
        desk.fill(40),
        desk.status("Submitted", 40),
        desk.status("Cancelled", 40),
        desk.error(202),
        desk.echo(record, "Cancelled"),
    ]
    said += data.draw(st.lists(st.sampled_from(said), max_size=5))
    desk.tell(*data.draw(st.permutations(said)))
    assert desk.stands() == (OrderStatus.CANCELLED, Decimal(40), Decimal(150))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_cancel_that_loses_against_the_fill_ends_filled(new_desk: Any, data: st.DataObject) -> None:
    desk = new_desk()
    desk.working()
    desk.tell(desk.cancel())
    said = [desk.status("PendingCancel"), desk.fill(), desk.status("Filled", 100), desk.error(10148)]
    said += data.draw(st.lists(st.sampled_from(said), max_size=5))
    desk.tell(*data.draw(st.permutations(said)))
    assert desk.stands() == FILLED


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_modification_that_meets_fills_ends_with_the_new_terms(new_desk: Any, data: st.DataObject) -> None:
    desk = new_desk()
    record = desk.working()
    desk.tell(desk.modify(100, 151), desk.sent())
    said = [desk.echo(record, version=1), desk.status("Submitted", 40), desk.fill(40), desk.echo(record, version=0)]
    said += data.draw(st.lists(st.sampled_from(said), max_size=4))
    desk.tell(*data.draw(st.permutations(said)))
    assert desk.stands() == (OrderStatus.PARTIALLY_FILLED, Decimal(40), Decimal(150))
    assert desk.view().limit_price == Decimal(151)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_journal_of_any_shuffle_rebuilds_the_same_book(new_desk: Any, data: st.DataObject) -> None:
    desk = new_desk()
    record = desk.working()
    desk.tell(desk.modify(100, 151), desk.sent(), desk.cancel())
    said = [
        desk.echo(record, version=1),
        desk.fill(40, exec_id="a.01"),
        desk.fill(35, exec_id="a.02"),
        desk.commission("a.02"),
        desk.status("PendingCancel", 40),
        desk.status("Cancelled", 40),
        desk.error(10147),
        desk.error(202),
        desk.echo(record, "Cancelled", version=1),
    ]
    desk.tell(*data.draw(st.permutations(said + data.draw(st.lists(st.sampled_from(said), max_size=6)))))
    again = new_desk()
    again.tell(*desk.journal)
    assert again.view() == desk.view()
    assert again.book.executions.net() == desk.book.executions.net()
