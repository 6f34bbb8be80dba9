"""`pitboss journal verify|dump|stats|backup PATH`: what a journal holds, without disturbing the process that writes it.

Each returns the exit code: 0 fine, 1 no such file, 4 damaged, of another version, or not readable.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from messages.codec import CodecError, decode
from messages.journal import Replay
from storage.check import all_rows, check_records
from storage.errors import JournalDamaged, JournalError, JournalUnusable
from storage.recovery import rows_in_reserve
from storage.rows import GENESIS_SEQUENCE, Header, Row, check_row
from storage.sqlite import SqliteJournal
from storage.wal import inspect_wal, wal_path

__all__ = ["backup", "dump", "look", "stats", "verify"]

_CHUNK = 1_000


def verify(path: Path) -> int:
    """Check the file, the chain through every record, and that each can be read; print the first that is not good."""
    return look(path, _verify)


def dump(
    path: Path, *, stream: str | None = None, kinds: tuple[str, ...] = (), after: int = 0, last: int | None = None
) -> int:
    """Print records as JSON lines, oldest first: of one stream, of some kinds, after a sequence, the last so many.

    Stops at the first that is not as it was written.
    """
    return look(path, partial(_dump, replay=Replay(stream, kinds, whole=True), after=after, last=last))


def stats(path: Path) -> int:
    """Print how many records there are, from when to when, of which kinds and streams, and what they take."""
    return look(path, _stats)


def backup(path: Path, target: Path) -> int:
    """Copy the journal into a file, or into a folder under the number of its last record; check the copy."""
    return look(path, partial(_backup, target=target))


def look(path: Path, action: Callable[[SqliteJournal, Header], None]) -> int:
    """Open a journal to read it, without its lock, and do this with it; return the exit code."""
    if not path.is_file():
        print(f"{path}: no such file", file=sys.stderr)
        return 1
    journal = SqliteJournal(path, read_only=True)
    try:
        try:
            action(journal, journal.open())
        finally:
            journal.close()
        sys.stdout.flush()
    except JournalError as error:
        sys.stdout.flush()
        print(f"{path}: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # `| head` has seen enough; without this the interpreter would complain when it flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _backup(journal: SqliteJournal, header: Header, target: Path) -> None:
    newest = journal.last()
    last = GENESIS_SEQUENCE if newest is None else newest.sequence
    if target.is_dir():
        target = target / f"{journal.path.name}.{last:012d}"
        if target.exists():
            print(f"{target}: is there already, and nothing has been written since")
            return
    elif target.exists():
        raise JournalUnusable(f"{target}: is there already; name another file, or a folder")
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        journal.copy_to(fresh)
        copy = SqliteJournal(fresh, read_only=True)
        try:
            sequence, hashed = check_records(copy, copy.open())
        finally:
            copy.close()
        fresh.rename(target)
    except OSError as error:
        raise JournalUnusable(f"{target}: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)
    print(f"{target}: {sequence} records, none missing, none altered; last hash {hashed.hex()}")
    reserved = rows_in_reserve(journal.path, newest, header.hash)
    if reserved:
        print(f"{len(reserved)} more are in its reserve, since it failed, and not in the copy: restart the process")


def _verify(journal: SqliteJournal, header: Header) -> None:
    def readable(row: Row) -> None:
        try:
            decode(row.kind, row.payload)
        except CodecError as error:
            raise JournalDamaged(f"it cannot be read: {error}", row.sequence) from error

    wal = inspect_wal(journal.path)
    journal.check_file()
    sequence, hashed = check_records(journal, header, seen=readable)
    if wal.damaged:
        raise JournalDamaged(f"it and what followed is lost: {wal.damaged}", sequence + 1)
    print(f"{journal.path}: {sequence} records, none missing, none altered; last hash {hashed.hex()}")
    reserved = rows_in_reserve(journal.path, journal.last(), header.hash)
    for row in reserved:
        readable(row)
    if reserved:
        print(f"{len(reserved)} more are in its reserve, since it failed: the next start will move them here")
    if wal.torn:
        print(f"{wal.torn} pages of an unfinished write follow: it is going on now, or the next start will drop it")


def _dump(journal: SqliteJournal, header: Header, replay: Replay, after: int, last: int | None) -> None:
    newest = journal.last()
    upto = GENESIS_SEQUENCE if newest is None else newest.sequence
    reserved = [
        row
        for row in rows_in_reserve(journal.path, newest, header.hash)
        if replay.stream in (None, row.stream)
        and (not replay.kinds or row.kind in replay.kinds)
        and row.sequence > after
    ]
    if last is not None:
        reserved = reserved[-last:] if last else []
        after = max(after, journal.nth_newest(replay, last - len(reserved)))
    while rows := journal.read_unchecked(replay, after, upto, _CHUNK):
        for row in rows:
            check_row(row)
            print(json.dumps(_line(row), ensure_ascii=False))
        after = rows[-1].sequence
    for row in reserved:
        print(json.dumps(_line(row), ensure_ascii=False))


def _line(row: Row) -> dict[str, Any]:
    try:
        payload = json.loads(row.payload)
    except ValueError as error:
        raise JournalDamaged(f"it cannot be read: {error}", row.sequence) from error
    line = {"sequence": row.sequence, "time": row.time, "stream": row.stream, "kind": row.kind, "payload": payload}
    return {**line, "checkpoint": True} if row.checkpoint else line


def _stats(journal: SqliteJournal, header: Header) -> None:
    kinds: Counter[str] = Counter()
    streams: Counter[str] = Counter()
    payload = 0
    first = newest = journal.last()
    for rows in all_rows(journal, GENESIS_SEQUENCE, GENESIS_SEQUENCE if newest is None else newest.sequence):
        first = rows[0] if rows[0].sequence == GENESIS_SEQUENCE + 1 else first
        kinds.update(row.kind for row in rows)
        streams.update(row.stream for row in rows)
        payload += sum(len(row.payload) for row in rows)
    size = sum(file.stat().st_size for file in (journal.path, wal_path(journal.path)) if file.exists())
    print(f"journal   {journal.path}")
    print(f"schema    {header.schema}, made {header.created} by {header.owner}")
    print(f"records   {kinds.total():,} in {len(streams):,} streams")
    if first is not None and newest is not None:
        print(f"time      {first.time} to {newest.time}")
    print(f"size      {size:,} bytes, payload {payload:,}")
    for title, counts in (("kind", kinds), ("stream", streams)):
        print(f"\n{title}")
        for name, count in counts.most_common(20):
            print(f"{count:>12,}  {name}")
        if len(counts) > 20:
            print(f"{sum(count for _, count in counts.most_common()[20:]):>12,}  ({len(counts) - 20:,} more)")
