"""Logs that are read on from where the last monitor was, through rotation and from a pipe."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from monitoring.alerts.store import Cursor
from monitoring.tail import LogTail, StreamTail, family, first_moment

__all__ = ["FileSource", "Source", "StreamSource", "moment_of"]

_BLOCK = 4_000_000
_SNAPSHOT = b'"event": "system.snapshot"'


class Source(Protocol):
    """One log. `read` may block for a moment, and raises OSError where the log cannot be read."""

    @property
    def fresh(self) -> bool:
        """Whether nobody has read it before: then only what stands counts."""

    @property
    def ended(self) -> bool:
        """Whether nothing more can come."""

    @property
    def live(self) -> bool:
        """Whether what was read last has just been written."""

    def read(self) -> list[dict[str, Any]]:
        """The next lines; nothing where all were read."""

    def cursor(self) -> Cursor:
        """Where to go on after the lines that were returned."""

    def close(self) -> None:
        """Let go of the log."""


class FileSource:
    """A log on this machine, with the files that rotation has made of it."""

    ended = False

    def __init__(self, path: Path, cursor: Cursor | None) -> None:
        """Go on from the cursor; without one begin at the last snapshot, or where there is none, at the beginning."""
        self.path = path
        self.fresh = cursor is None
        # where to go on: of the file that the last lines came from, which may have another name by now
        self._cursor = cursor
        self._entered = True  # whether that is the file that is read now
        self._tail: LogTail | None = None

    @property
    def live(self) -> bool:
        """See Source."""
        tail = self._tail
        return tail is not None and tail.path == self.path and tail.live and not tail.behind

    def read(self) -> list[dict[str, Any]]:
        """See Source."""
        tail = self._tail = self._tail or self._opened()
        lines = self._next(tail)
        if not lines and tail.path != self.path and not tail.behind:
            tail.close()
            self._tail, self._entered = LogTail(self._after(self.cursor().began)), False
            lines = self._next(self._tail)
        return lines

    def cursor(self) -> Cursor:
        """See Source."""
        if self._cursor is None:
            self._cursor = Cursor(first_moment(self.path), _last_snapshot(self.path))
        return self._cursor

    def close(self) -> None:
        """See Source."""
        if self._tail is not None:
            self._tail.close()

    def _opened(self) -> LogTail:
        cursor = self.cursor()
        here = next((one for one in (self.path, *family(self.path)) if first_moment(one) == cursor.began), None)
        if here is not None:
            return LogTail(here, offset=cursor.offset)
        self._entered = False  # what was read has been deleted: go on with what came after it
        return LogTail(self._after(cursor.began))

    def _next(self, tail: LogTail) -> list[dict[str, Any]]:
        """The next lines, also where one of them is longer than a chunk."""
        while True:
            before = tail.offset
            lines = tail.read()
            if tail.offset < before:
                self._entered = False  # it has left the file, which was renamed, and enters the next
            elif lines:
                began = self.cursor().began if self._entered else str(lines[0].get("ts", ""))
                self._cursor, self._entered = Cursor(began, tail.begin), True
            if lines or tail.offset == before:
                return lines

    def _after(self, began: str) -> Path:
        return next((one for one in family(self.path) if first_moment(one) > began), self.path)


class StreamSource:
    """A log that comes through a pipe. `tail -F` begins with lines that were there before: they count once."""

    def __init__(self, descriptor: int, cursor: Cursor | None) -> None:
        self.fresh = cursor is None
        self._cursor = cursor or Cursor()
        self._tail = StreamTail(descriptor)

    @property
    def ended(self) -> bool:
        """See Source."""
        return self._tail.ended

    @property
    def live(self) -> bool:
        """See Source."""
        return not self._tail.behind

    def read(self) -> list[dict[str, Any]]:
        """See Source."""
        return [line for line in self._tail.read() if self._is_new(line)]

    def cursor(self) -> Cursor:
        """See Source."""
        return Cursor(last=self._cursor.last, same=list(self._cursor.same))

    def close(self) -> None:
        """See Source."""
        self._tail.close()

    def _is_new(self, line: dict[str, Any]) -> bool:
        moment, known = str(line.get("ts", "")), self._cursor
        if not moment or moment < known.last:
            return not moment
        digest = hashlib.blake2b(json.dumps(line, sort_keys=True).encode(), digest_size=8).hexdigest()
        if moment > known.last:
            known.last, known.same = moment, [digest]
            return True
        if digest in known.same:
            return False
        known.same.append(digest)
        return True


def moment_of(line: dict[str, Any], otherwise: datetime) -> datetime:
    """When a line was written; `otherwise` where it does not say."""
    try:
        moment = datetime.fromisoformat(str(line.get("ts", "")))
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _last_snapshot(path: Path) -> int:
    """Where the line of the last whole picture begins, 0 where there is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            tail = b""
            while end > 0:
                begin = max(0, end - _BLOCK)
                file.seek(begin)
                block = file.read(end - begin) + tail
                found = block.rfind(_SNAPSHOT)
                if found >= 0:
                    start = block.rfind(b"\n", 0, found)
                    if start >= 0 or begin == 0:
                        return begin + start + 1
                tail, end = block[: 4096 if found < 0 else found + len(_SNAPSHOT)], begin
    except OSError:
        return 0
    return 0
