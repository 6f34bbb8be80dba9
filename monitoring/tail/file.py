"""Following one log through rotation."""

from __future__ import annotations

import os
import zlib
from gzip import GzipFile
from io import BufferedReader
from pathlib import Path
from typing import Any

from monitoring.tail.family import HEAD, family, first_moment, moment_in, opened
from monitoring.tail.lines import Lines

__all__ = ["LogTail"]


class LogTail:
    """Returns what is new in a log, each time it is asked: it never waits, and holds one chunk at a time.

    It follows a rename to the new file under the old name, without losing the last lines of the old one, also where
    several files came in between, and begins anew where a file was cut. A file that is not there yet is waited for.
    """

    def __init__(self, path: Path, *, offset: int = 0, earlier: bool = False, first: Path | None = None) -> None:
        """Begin at `offset`, the start of a line, of the log or of an earlier file `first`.

        With `earlier` begin with the oldest file that rotation has left.
        """
        self.path = path
        self.offset = offset  # in the file that is read: where the bytes that were not read begin
        self.reading: Path = path
        self._over = False
        self._file: GzipFile | BufferedReader | None = None
        self._lines = Lines()
        # the first moment of the file that was read last, or is to be read first: names change under rotation
        self._began: str | None = "" if earlier else None
        self._inclusive = False
        if first is not None and first != path:
            self._began, self._inclusive = first_moment(first), True

    @property
    def begin(self) -> int:
        """Where the next line begins, in the file that is read."""
        return self.offset - self._lines.waiting

    @property
    def live(self) -> bool:
        """Whether the file that is read is the log itself, not an earlier one."""
        return self.reading == self.path

    @property
    def behind(self) -> int:
        """Bytes of the log itself that were not read yet."""
        if self.path.suffix == ".gz":
            return 0 if self._over else 1
        try:
            return max(0, self.path.stat().st_size - (self.offset if self.reading == self.path else 0))
        except OSError:
            return 0

    def read(self, limit: int = 1_000_000) -> list[dict[str, Any]]:
        """Return the lines that are complete in the next `limit` bytes; nothing where nothing is new.

        A damaged line is `{"event": "log.damaged", "text": …}`, without `ts`. Raises OSError where the log cannot be
        read, except that it is not there.
        """
        if self._over or (self._file is None and not self._open()):
            return []
        assert self._file is not None
        try:
            chunk = self._file.read1(limit)
        except (EOFError, zlib.error) as error:  # a compressed file that is not finished, or damaged
            self._over = self.reading == self.path  # an archive that is read for itself
            return [*self._next(), {"level": "WARNING", "event": "log.damaged", "actor": "monitor", "text": str(error)}]
        if chunk:
            self.offset += len(chunk)
            return self._lines.feed(chunk)
        if self.reading != self.path:
            return self._next()
        self._over = self.path.suffix == ".gz"
        return [] if self._over else self._look(limit)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        path = self._choose()
        try:
            self._file = opened(path)
        except FileNotFoundError:
            return False
        self.reading, self._inclusive = path, False
        if path != self.path:
            self._began = first_moment(path)
        if self.offset:
            if path.suffix != ".gz" and self.offset > os.fstat(self._file.fileno()).st_size:
                self.offset = 0
            self._file.seek(self.offset)
        return True

    def _choose(self) -> Path:
        if self._began is not None:
            for one in family(self.path):
                moment = first_moment(one)
                if moment > self._began or (self._inclusive and moment == self._began):
                    return one
        return self.path

    def _next(self) -> list[dict[str, Any]]:
        """Leave a file that is read to its end: what it lacks of a last line will not come."""
        assert self._file is not None
        if self.reading == self.path:  # by now another file may have this name
            self._began = moment_in(os.pread(self._file.fileno(), HEAD, 0)) or self._began or ""
        self.close()
        self.offset = 0
        return self._lines.reset()

    def _look(self, limit: int) -> list[dict[str, Any]]:
        """At the end of the log: has it been renamed, or cut?"""
        assert self._file is not None
        ours = os.fstat(self._file.fileno())
        if ours.st_size < self.offset:
            found = self._next()
            self._began = None
            return found
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return []  # renamed, and the process has not opened a new one yet: it still writes to this one
        if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
            return []
        last = self._file.read1(limit)  # written between the end that was met and the look
        if last:
            self.offset += len(last)
            return self._lines.feed(last)
        return self._next()
