"""Checking a whole journal, or its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from messages.journal import Replay
from storage.rows import GENESIS_SEQUENCE, Header, Row, check_chain
from storage.sqlite import SqliteJournal

__all__ = ["all_rows", "check_records"]

_EVERYTHING = Replay(whole=True)
_CHUNK = 1_000


def all_rows(journal: SqliteJournal, after: int, upto: int) -> Iterator[list[Row]]:
    """Yield every record with after < sequence <= upto, unchecked, some at a time."""
    while rows := journal.read_unchecked(_EVERYTHING, after, upto, _CHUNK):
        yield rows
        after = rows[-1].sequence


def check_records(
    journal: SqliteJournal, header: Header, newest: int | None = None, seen: Callable[[Row], None] | None = None
) -> tuple[int, bytes]:
    """Follow the chain through the whole journal, or through the `newest` records only; return the last one's sequence
    and hash (0 and the header's where there is none). `seen` is called with each record once it is found good.

    Raises JournalDamaged with the sequence of the first record that is not as it was written.
    """
    last = journal.last()
    sequence, previous = GENESIS_SEQUENCE, header.hash
    if last is None:
        return sequence, previous
    if newest is not None and last.sequence > newest:
        # where the chain is joined there is nothing to compare with: the record itself says what it follows
        sequence = last.sequence - newest
        (joined,) = journal.read(_EVERYTHING, sequence, sequence + 1, 1)
        previous = joined.previous
    for rows in all_rows(journal, sequence, last.sequence):
        sequence, previous = check_chain(rows, sequence, previous)
        if seen is not None:
            for row in rows:
                seen(row)
    return sequence, previous
