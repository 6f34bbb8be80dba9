"""Snapshots of the order book in the journal, so that a start need not begin at its beginning.

Every so many records, at a moment when no intent is being written, the order actor lets old done orders leave memory,
takes the book as it stands, and journals it in small pieces, each after the last is durable: no intent waits for more
than one. A snapshot without its end counts for nothing, and one that cannot be read is passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import define

from actors.orders.desk import OrderDesk
from actors.runtime.address import Address
from config.logging import log
from domain.orders.book import OrderBook
from domain.orders.snapshot import KEPT_DONE, Saved, restored_book, retirable, save
from messages.book import (
    BOOK_VERSION,
    BookArchived,
    BookSnapshotBegun,
    BookSnapshotEnded,
    ExecutionsKept,
    OrdersKept,
)
from messages.journal import Append, Entry, Replay
from storage.errors import JournalError

__all__ = ["EVERY", "STREAM", "Snapshots", "recover"]

STREAM = "orders"
EVERY = 20_000
"""Records after which the book is saved: half a second of replay."""

# In one record: a millisecond or two of encoding.
_ORDERS, _LINES = 16, 500


@define(slots=True)
class _Writing:
    """A snapshot that is being journaled."""

    id: str
    saved: Saved
    parts: deque[Any]
    refs: list[str]
    lines: list[str]
    begun: int = 0  # sequence of its first record


class Snapshots:
    """Takes snapshots, and lets what is done leave memory."""

    def __init__(self, desk: OrderDesk, quiet: Callable[[], bool]) -> None:
        """`quiet()` says whether everything that was given to the journal is in the book."""
        self._desk = desk
        self._quiet = quiet
        self._writing: _Writing | None = None
        self._token = ""
        self._saved_at = 0
        self._refused = False
        self._refs: list[str] = []  # what has left memory and is in no complete snapshot yet
        self._lines: list[str] = []

    @property
    def writing(self) -> bool:
        """Whether one is being journaled."""
        return self._writing is not None

    def retire(self) -> None:
        """Let done orders leave memory, all but the latest."""
        refs = retirable(self._desk.book, KEPT_DONE)
        if refs:
            self._lines += self._desk.book.retire(refs)
            self._refs += refs

    def consider(self) -> None:
        """Begin one where it is time, and nothing stands against it."""
        due = self._desk.recorded - self._saved_at >= EVERY
        if due and self._writing is None and not self._refused and self._quiet():
            self._begin()

    def appended(self, token: str, sequence: int) -> bool:
        """A part is durable; write the next. False where the token belongs to somebody else."""
        writing = self._writing
        if token != self._token or writing is None:
            return False
        writing.begun = writing.begun or sequence
        if writing.parts:
            self._append(writing.parts.popleft())
        else:
            self._end(writing)
        return True

    def failed(self, token: str, error: str) -> bool:
        """A part is not durable: this incarnation takes no other snapshot, for the journal says no."""
        if token != self._token or self._writing is None:
            return False
        self._writing, self._refused = None, True
        log("journal.snapshot_failed", level="WARNING", actor="orders", error=error)
        return True

    def _begin(self) -> None:
        self.retire()
        desk = self._desk
        snapshot_id = desk.context.environment.new_id()
        saved = save(desk.book, snapshot_id)
        self._writing = _Writing(snapshot_id, saved, deque(self._parts(saved)), list(self._refs), list(self._lines))
        self._saved_at = desk.recorded
        self._append(saved.begun)

    def _parts(self, saved: Saved) -> Iterator[Any]:
        snapshot_id = saved.begun.id
        for at in range(0, len(saved.orders), _ORDERS):
            yield OrdersKept(snapshot_id, saved.orders[at : at + _ORDERS])
        for at in range(0, len(saved.executions), _LINES):
            yield ExecutionsKept(snapshot_id, "\n".join(saved.executions[at : at + _LINES]))
        for at in range(0, max(len(self._refs), len(self._lines)), _LINES):
            refs, lines = self._refs[at : at + _LINES], self._lines[at : at + _LINES]
            yield BookArchived(snapshot_id, "\n".join(refs), "\n".join(lines))

    def _end(self, writing: _Writing) -> None:
        saved = writing.saved
        executions = len(saved.executions) + len(writing.lines)
        end = BookSnapshotEnded(writing.id, BOOK_VERSION, writing.begun, len(saved.orders), executions)
        self._writing = None
        # what is archived with it need not be archived again; where this record is lost, the facts are there still
        del self._refs[: len(writing.refs)], self._lines[: len(writing.lines)]
        self._desk.journal.tell(Append((Entry(STREAM, end),)))
        log("journal.snapshot", actor="orders", orders=len(saved.orders), executions=executions, begun=writing.begun)

    def _append(self, part: Any) -> None:
        self._token = self._desk.token()
        self._desk.journal.tell(Append((Entry(STREAM, part),), self._desk.context.address.name, self._token))


async def recover(journal: Address, client_id: int) -> tuple[OrderBook, int]:
    """Return the book of the latest snapshot that can be read, and the sequence after which facts are to be applied to
    it: an empty book and 0 where there is none."""
    ends = await journal.ask(Replay(STREAM, (BookSnapshotEnded.__name__,), whole=True))
    for number in reversed(range(len(ends))):
        end: BookSnapshotEnded = ends[number].payload
        if end.version != BOOK_VERSION:
            _pass_over(end, f"it is of version {end.version}")
            continue
        try:
            earlier = {before.payload.id for before in ends[:number] if before.payload.version == BOOK_VERSION}
            book = await _restored(journal, client_id, end, ends[number].sequence, earlier)
        except (JournalError, KeyError, ValueError, TypeError) as error:
            _pass_over(end, str(error))
            continue
        return book, end.begun
    return OrderBook(client_id), 0


async def _restored(
    journal: Address, client_id: int, end: BookSnapshotEnded, ended: int, earlier: set[str]
) -> OrderBook:
    async def parts(kind: type, after: int) -> Sequence[Any]:
        records = await journal.ask(Replay(STREAM, (kind.__name__,), whole=True, after=after))
        return [record.payload for record in records if record.sequence < ended]

    (begun,) = (part for part in await parts(BookSnapshotBegun, end.begun - 1) if part.id == end.id)
    kept = [part for part in await parts(OrdersKept, end.begun) if part.id == end.id]
    orders = [order for part in kept for order in part.orders]
    lines = [part for part in await parts(ExecutionsKept, end.begun) if part.id == end.id]
    archived = [part for part in await parts(BookArchived, 0) if part.id == end.id or part.id in earlier]
    own = [part.lines for part in (*lines, *(part for part in archived if part.id == end.id)) if part.lines]
    if (len(orders), sum(text.count("\n") + 1 for text in own)) != (end.orders, end.executions):
        raise ValueError("a part of it is missing")
    return restored_book(client_id, begun, orders, lines, archived)


def _pass_over(end: BookSnapshotEnded, error: str) -> None:
    log("journal.snapshot_skipped", level="WARNING", actor="orders", begun=end.begun, error=error)
