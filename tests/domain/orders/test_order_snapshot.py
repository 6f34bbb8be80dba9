"""A book from a snapshot and the facts since is the book from all facts, but for done orders that have left memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.order_states import IllegalTransition
from domain.orders.archive import BookedFill, base_of, fill_of, line_of
from domain.orders.book import Fact, OrderBook
from domain.orders.effects import Happened
from domain.orders.record import OrderRecord
from domain.orders.snapshot import restored_book, retirable, save
from messages.book import BookArchived, ExecutionsKept, OrdersKept
from messages.codec import decode, encode
from messages.gateway import OrderNotSent
from messages.order import Commission, Execution, IdsReserved, OrderCorrectedEvent, OrderResolved, OrderStatus

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
REFS = [f"pb-{number}" for number in range(1, 6)]
# of what was heard before a snapshot only the consequences are kept: said again, it is news once more
FORGOTTEN = ("heard", "text")


def through_the_journal(message: Any) -> Any:
    return decode(*encode(message))


def copy_of(book: OrderBook, archived: list[BookArchived], kept: int) -> OrderBook:
    """Save a book as the order actor does, and build another from what the journal gives back."""
    refs = retirable(book, kept)
    if refs:
        archived.append(through_the_journal(BookArchived("s", "\n".join(refs), "\n".join(book.retire(refs)))))
    saved = save(book, "s")
    orders = [through_the_journal(OrdersKept("s", (order,))).orders[0] for order in saved.orders]
    lines = [through_the_journal(ExecutionsKept("s", "\n".join(saved.executions)))] if saved.executions else []
    return restored_book(book.client_id, through_the_journal(saved.begun), orders, lines, archived)


def state(record: OrderRecord) -> dict[str, Any]:
    fields = attrs.asdict(record, recurse=False)
    return {name: value for name, value in fields.items() if name not in FORGOTTEN}


def feed(book: OrderBook, facts: list[Fact], at: Any) -> None:
    for fact in facts:
        try:
            book.apply(fact, at)
        except IllegalTransition:
            continue  # a modification of an order that is done: the actor would not have intended it


def facts(desk: Any, draw: Callable[..., list[Fact]]) -> list[Fact]:
    """Lives of five orders, in pieces of any order; executions of two more that nobody knows."""
    made: list[Fact] = [desk.intent(ref, number) for number, ref in enumerate(REFS, start=5)]
    for fact in made:
        desk.book.apply(fact)
    words: list[Any] = [IdsReserved(200), IdsReserved(300)]
    for number, ref in enumerate(REFS, start=5):
        record, perm = desk.book.get(ref), 900 + number
        numbers = {"order_ref": ref, "order_id": number, "perm_id": perm}
        words += [
            desk.sent(ref, number),
            OrderNotSent(ref, number, "too late"),
            OrderResolved(ref, OrderStatus.ACCEPTED, "seen"),
            OrderResolved(ref, OrderStatus.EXPIRED, "absent"),
            desk.modify(quantity=80, ref=ref),
            desk.cancel(ref),
            desk.echo(record, perm_id=perm),
            desk.echo(record, "Cancelled", perm_id=perm),
            desk.echo(record, quantity=Decimal(80), limit_price=Decimal(151), perm_id=perm),
            desk.status("Submitted", order_id=number, perm_id=perm),
            desk.status("Filled", 100, order_id=number, perm_id=0),
            desk.status("Inactive", order_id=number, perm_id=perm),
            desk.error(201, order_id=number),
            desk.fill(60, exec_id=f"e{number}.1.01", **numbers),
            desk.fill(40, exec_id=f"e{number}.2.01", **numbers),
            desk.fill(30, exec_id=f"e{number}.2.02", **numbers),
            desk.fill(0, exec_id=f"e{number}.2.03", **(numbers | {"order_ref": ""})),
            desk.commission(f"e{number}.1.01"),
            desk.commission(f"e{number}.2.02"),
        ]
    words += [
        desk.fill(10, exec_id="f1.01", order_ref="", perm_id=7, order_id=0, client_id=0),
        desk.fill(10, exec_id="f2.01", order_ref="", perm_id=908, order_id=0, client_id=0),
        desk.fill(20, exec_id="f1.02", order_ref="", perm_id=7, order_id=0, client_id=0),
    ]
    return made + draw(st.lists(st.sampled_from(words), max_size=60))


@settings(max_examples=250, deadline=None, database=None)
@given(st.data())
def test_the_book_of_a_snapshot_and_the_rest_is_the_book_of_everything(new_desk: Any, data: st.DataObject) -> None:
    all_facts = facts(new_desk(), data.draw)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(all_facts)), min_size=1, max_size=3)))
    kept = data.draw(st.integers(0, 3))
    whole, saved = new_desk().book, new_desk().book
    archived: list[BookArchived] = []
    before, at = 0, NOON
    for cut in [*cuts, len(all_facts)]:
        feed(whole, all_facts[before:cut], at)
        feed(saved, all_facts[before:cut], at)
        saved, before = copy_of(saved, archived, kept), cut
    assert (saved.ids.next, saved.ids.reserved) == (whole.ids.next, whole.ids.reserved)
    assert saved.executions.net() == whole.executions.net()
    for ref in REFS:
        assert saved.knows(ref) is whole.knows(ref)
    retired = {ref for part in archived for ref in part.refs.split("\n")}
    for record in saved.orders():
        assert record.order_ref not in retired
        original = whole.get(record.order_ref)
        assert original is not None
        assert state(record) == state(original)
    assert {record.order_ref for record in saved.live()} == {
        record.order_ref for record in whole.live() if record.order_ref not in retired
    }
    for book in (whole, saved):
        wrong = {one.order_ref for one in book.live() if one.severe or one.status is OrderStatus.UNKNOWN}
        assert {one.order_ref for one in book.troubled()} == wrong
    for base in whole.executions.in_memory():
        execution = whole.executions.in_force(base)
        assert saved.executions.in_force(base) == execution
        assert saved.executions.most(base) == whole.executions.most(base)
        assert saved.executions.book(execution) is None, "known for ever"
    assert saved.executions._commissions == whole.executions._commissions


def test_a_correction_of_a_fill_that_left_memory_replaces_it(new_desk: Any) -> None:
    desk = new_desk()
    desk.working()
    desk.tell(desk.fill(), desk.commission())
    archived: list[BookArchived] = []
    book = copy_of(desk.book, archived, 0)
    assert book.get("pb-1") is None
    assert book.knows("pb-1")
    assert book.apply(desk.fill(), None) == []
    assert book.apply(desk.commission(), None) == []
    assert book.executions.in_memory() == [], "what is told again stays out of memory"
    effects = book.apply(desk.fill(90, exec_id="e1.02"), None)
    events = [effect.message for effect in effects if isinstance(effect, Happened)]
    (corrected,) = [event for event in events if isinstance(event, OrderCorrectedEvent)]
    assert corrected.replaces.quantity == 100
    assert book.executions.net() == {"AAPL": Decimal(90)}


TEXT = st.text(st.sampled_from("a\t\n\\nté\x1f|"), max_size=8)


@given(TEXT, TEXT, st.sampled_from([None, Decimal("1.05")]), st.booleans())
def test_a_line_gives_back_the_fill_whatever_its_texts_hold(
    new_desk: Any, exec_id: str, ref: str, amount: Decimal | None, forced: bool
) -> None:
    execution: Execution = attrs.evolve(
        new_desk().fill().execution, exec_id=exec_id, order_ref=ref, liquidation=forced, account=ref
    )
    fill = BookedFill(execution, Decimal("7.5"), (Commission(exec_id, amount, ref, None),) if forced else ())
    line = line_of(fill)
    assert fill_of(line) == fill
    assert base_of(line) == execution.base
    assert "\n" not in line


@pytest.mark.parametrize("line", ["", "a\tb", "\t".join("abcdefghijklmno"), "\\"])
def test_what_is_no_line_raises(line: str) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        fill_of(line)
