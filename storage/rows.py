"""Records as they are stored, and the chain of hashes through them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from storage.errors import JournalDamaged

__all__ = ["GENESIS_SEQUENCE", "Header", "Row", "check_chain", "check_row", "digest", "seal"]

# The sequence of "nothing yet": the first record is 1.
GENESIS_SEQUENCE = 0


class Header(NamedTuple):
    """What a journal says of itself; it is the beginning of the chain."""

    schema: int
    created: str  # ISO 8601 UTC
    owner: str  # the process's name in the configuration

    @property
    def hash(self) -> bytes:
        """What the first record has as `previous`."""
        return sha256(f"pitboss journal|{self.schema}|{self.created}|{self.owner}".encode()).digest()


class Row(NamedTuple):
    """One record. `previous` is the hash of the record before, so that each can be checked without it."""

    sequence: int
    time: str  # ISO 8601 UTC
    stream: str
    kind: str
    checkpoint: int  # 1: replay of the stream may begin here
    payload: str
    previous: bytes
    hash: bytes


def digest(previous: bytes, sequence: int, time: str, stream: str, kind: str, checkpoint: int, payload: str) -> bytes:
    """Return the hash of a record: SHA-256 over the previous hash and every field."""
    text = f"{sequence}|{time}|{checkpoint}|{len(stream)}|{stream}|{len(kind)}|{kind}|{payload}"
    return sha256(previous + text.encode()).digest()


def seal(fields: Iterable[tuple[str, str, str, int, str]], sequence: int, previous: bytes) -> list[Row]:
    """Return rows of (time, stream, kind, checkpoint, payload) that follow the record `sequence` with that hash."""
    rows: list[Row] = []
    for time, stream, kind, checkpoint, payload in fields:
        sequence += 1
        hashed = digest(previous, sequence, time, stream, kind, checkpoint, payload)
        rows.append(Row(sequence, time, stream, kind, checkpoint, payload, previous, hashed))
        previous = hashed
    return rows


def check_row(row: Row) -> None:
    """Raise JournalDamaged unless the record is as it was written."""
    sequence, time, stream, kind, checkpoint, payload, previous, hashed = row
    try:
        same = digest(previous, sequence, time, stream, kind, checkpoint, payload) == hashed
    except (TypeError, ValueError):
        # a damaged file may hold any type, and text that is not text, in any column
        same = False
    if not same:
        raise JournalDamaged("it is not as it was written: its hash does not fit", sequence)


def check_chain(rows: Iterable[Row], sequence: int, previous: bytes) -> tuple[int, bytes]:
    """Check rows that follow the record `sequence` with the hash `previous`; return those of the last.

    Raises JournalDamaged with the sequence of the first that is missing, altered or out of place.
    """
    for row in rows:
        if row.sequence != sequence + 1:
            raise JournalDamaged("it is missing", sequence + 1)
        if row.previous != previous:
            raise JournalDamaged("it does not follow from the record before", row.sequence)
        check_row(row)
        sequence, previous = row.sequence, row.hash
    return sequence, previous
