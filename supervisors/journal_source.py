"""A journal file as the source of a trace: read without its lock, every record checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from messages.codec import CodecError, decode
from messages.journal import Record, Replay
from storage.errors import JournalDamaged
from storage.rows import GENESIS_SEQUENCE, Row
from storage.sqlite import SqliteJournal

__all__ = ["JournalSource"]

_CHUNK = 1_000


class JournalSource:
    """What was in the journal when this was made; what its owner writes meanwhile is not looked at.

    Raises JournalError from every method.
    """

    def __init__(self, journal: SqliteJournal) -> None:
        """Take an open journal."""
        self._journal = journal
        newest = journal.last()
        self._upto = GENESIS_SEQUENCE if newest is None else newest.sequence

    @property
    def newest(self) -> datetime:
        """When its last record was written; in the year 1 where it has none."""
        last = self._journal.last()
        return datetime.min.replace(tzinfo=UTC) if last is None else datetime.fromisoformat(last.time)

    def stream(self, name: str) -> list[Record]:
        """Return all records of a stream, oldest first."""
        return list(map(_record, self._rows(Replay(name, whole=True), GENESIS_SEQUENCE)))

    def kinds(self, *names: str, newest: int) -> list[Record]:
        """Return the newest records of these kinds, oldest first."""
        replay = Replay(kinds=names, whole=True)
        after = self._journal.nth_newest(replay, newest)
        return list(map(_record, islice(self._rows(replay, after), newest)))

    def every(self, *kinds: str) -> Iterator[Record]:
        """Yield all records of these kinds, oldest first."""
        return map(_record, self._rows(Replay(kinds=kinds, whole=True), GENESIS_SEQUENCE))

    def mentioning(self, text: str, stream: str | None = None) -> list[Record]:
        """Return the records whose payload contains this text, oldest first."""
        rows: Iterable[Row] = self._journal.mentioning(text, stream)
        return [_record(row) for row in rows if row.sequence <= self._upto]

    def _rows(self, replay: Replay, after: int) -> Iterator[Row]:
        while rows := self._journal.read(replay, after, self._upto, _CHUNK):
            yield from rows
            after = rows[-1].sequence


def _record(row: Row) -> Record:
    try:
        payload = decode(row.kind, row.payload)
    except CodecError as error:
        raise JournalDamaged(f"it cannot be read: {error}", row.sequence) from error
    return Record(row.sequence, datetime.fromisoformat(row.time), row.stream, row.kind, payload)
