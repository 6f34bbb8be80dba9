"""Between the order book and the parts of a snapshot of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
from attrs import frozen

from domain.orders.book import OrderBook
from domain.orders.record import OrderRecord, Terms
from messages.book import BOOK_VERSION, BookArchived, BookSnapshotBegun, ExecutionsKept, OrderState, OrderTerms

__all__ = ["KEPT_DONE", "Saved", "restored_book", "retirable", "save"]

KEPT_DONE = 500
"""Done orders that stay in memory, the latest of them."""

_AS_THEY_ARE = tuple(
    field.name
    for field in attrs.fields(OrderState)
    if field.name not in ("versions", "perms", "severe", "outlived", "bases", "numbers")
)


@frozen(slots=True)
class Saved:
    """A book as it stood: `begun` is to be journaled at once, the rest, in pieces, when there is time."""

    begun: BookSnapshotBegun
    orders: tuple[OrderState, ...]
    executions: tuple[str, ...]


def retirable(book: OrderBook, kept: int) -> list[str]:
    """Return the references of the done orders, oldest first, that may leave memory: all but the latest `kept`, and
    those of which something is still to be heard."""
    done = [record for record in book.orders() if record.status.done]
    return [record.order_ref for record in done[: max(0, len(done) - kept)] if record.finished]


def save(book: OrderBook, snapshot_id: str) -> Saved:
    """Take the book as it stands."""
    executions, ids = book.executions, book.ids
    numbers = book.numbers()
    begun = BookSnapshotBegun(
        id=snapshot_id,
        version=BOOK_VERSION,
        next_order_id=ids.next,
        reserved_order_id=ids.reserved,
        net=tuple(executions.net().items()),
        unclaimed=tuple((perm_id, tuple(bases)) for perm_id, bases in executions.unclaimed().items()),
        early=tuple(executions.early()),
    )
    orders = tuple(_state(record, numbers.get(record.order_ref, ())) for record in book.orders())
    return Saved(begun, orders, tuple(executions.lines()))


def restored_book(
    client_id: int,
    begun: BookSnapshotBegun,
    orders: Iterable[OrderState],
    kept: Iterable[ExecutionsKept],
    archived: Iterable[BookArchived],
) -> OrderBook:
    """Return the book that was saved. Raises ValueError and KeyError where the parts do not fit together."""
    book = OrderBook(client_id)
    book.ids.recover(begun.reserved_order_id)
    book.ids.offered(begun.next_order_id)
    retired: list[str] = []
    lines: list[str] = []
    for part in archived:
        retired += part.refs.split("\n") if part.refs else []
        lines += part.lines.split("\n") if part.lines else []
    rest = [line for part in kept for line in part.lines.split("\n")]
    book.executions.restore(rest, lines, begun.net, begun.unclaimed, begun.early)
    states = list(orders)
    numbers = {state.order_ref: state.numbers for state in states}
    book.restore([_record(state) for state in states], numbers, retired)
    return book


def _state(record: OrderRecord, numbers: Sequence[tuple[int, int, int]]) -> OrderState:
    return OrderState(
        **{name: getattr(record, name) for name in _AS_THEY_ARE},
        versions=tuple(OrderTerms(**attrs.asdict(terms)) for terms in record.versions),
        perms=tuple(record.perms.items()),
        severe=tuple(sorted(record.severe)),
        outlived=tuple(sorted(record.outlived)),
        bases=tuple(record.bases),
        numbers=tuple(numbers),
    )


def _record(state: OrderState) -> OrderRecord:
    return OrderRecord(
        **{name: getattr(state, name) for name in _AS_THEY_ARE},
        versions=[Terms(**attrs.asdict(terms)) for terms in state.versions],
        perms=dict(state.perms),
        severe=set(state.severe),
        outlived=set(state.outlived),
        bases=list(state.bases),
    )
