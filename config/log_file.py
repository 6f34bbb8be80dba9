"""The log's file: it survives slow and full disks, ends where it is full, and follows a rename."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from config.log_archive import Archive
from config.log_rotation import Rotation, archived_path

__all__ = ["LogFile"]

_HEAD = 4096
_OVERDUE = 1.25  # times its size: then a file ends without waiting for who knows the next one's first line


class LogFile:
    """A file of JSON lines, opened for appending with mode 0600; used by one thread.

    What is full stays in use until `rotate`, so that whoever calls it can say what the new file begins with; only a
    file that has grown by a quarter more ends by itself.
    """

    def __init__(self, path: Path, rotation: Rotation | None = None) -> None:
        """Open it. Raises OSError."""
        self.path = path
        self.rotation = rotation or Rotation()
        self.lost = 0
        self.full = False
        """Whether it is time for `rotate`; read from another thread."""
        self.hurried = 0
        """How many files have ended by themselves; read from another thread."""
        self.archive = Archive(path, self.rotation)
        self._told: set[str] = set()  # troubles that go on
        self._latest: datetime | None = None  # moment of the line that was written last
        self._size = 0
        self._torn = False
        self._ends: datetime | None = None
        self._fd = _open(path)
        self._take_up()
        if self.rotation != Rotation():
            self.archive.tidy_soon()

    def write(self, line: str, moment: datetime) -> bool:
        """Write one line. What does not fit on the disk is counted, not raised; returns whether it was written."""
        self._latest = moment
        if self._ends is None and self.rotation.at is not None:
            self._ends = self.rotation.ends(self._began(moment))
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        if self._is_overdue(len(data)):
            self.rotate()
            self.hurried += 1
        if self._torn:
            data = b"\n" + data
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self._lose(error)
            return False
        self._size += written
        self._torn = written < len(data)
        if self._torn:
            self._lose(OSError("the disk took only a part of a line"))
            return False
        self._told.discard("write")
        grown = bool(self.rotation.size) and self._size >= self.rotation.size
        self.full = self.full or grown or (self._ends is not None and moment >= self._ends)
        return True

    def rotate(self) -> None:
        """Keep the file under the name of this moment and begin a new one, unless nothing is in it.

        The new one is opened first, so that no line can go into a file that counts as over.
        """
        if not self._size or self._latest is None:
            return
        fresh_path, kept = self.path.with_name(f".{self.path.name}.new"), archived_path(self.path, self._latest)
        try:
            fresh_path.unlink(missing_ok=True)
            fresh = _open(fresh_path)
            try:
                self._exchange(fresh_path, kept)
            except OSError:
                os.close(fresh)
                raise
        except OSError as error:
            self._complain("rotate", f"the log goes on in its file: {error}")
            self.full = False
            return
        self._told.discard("rotate")
        self._use(fresh)
        self.archive.tidy_soon()

    def _exchange(self, fresh: Path, kept: Path) -> None:
        moved = True
        try:
            os.rename(self.path, kept)
        except FileNotFoundError:
            moved = False  # somebody has moved it already: where it is now it is whole
        try:
            os.rename(fresh, self.path)
        except OSError:
            if moved:
                os.rename(kept, self.path)
            raise

    def reopen(self) -> None:
        """Open the path anew; where that fails the old file stays in use."""
        try:
            fresh = _open(self.path)
        except OSError as error:
            self._complain("reopen", f"the log cannot be reopened: {error}")
            return
        self._told.discard("reopen")
        self._use(fresh)

    def _use(self, fresh: int) -> None:
        os.close(self._fd)
        self._fd = fresh
        self._take_up()

    def close(self, seconds: float = 1.0) -> None:
        """Close it; earlier files that are being compressed get so many seconds to be left in order."""
        self.archive.stop(seconds)
        os.close(self._fd)

    def _take_up(self) -> None:
        """See what is in the file: an earlier process may have died in the middle of a line."""
        self._size = os.fstat(self._fd).st_size
        self._torn = self._size > 0 and os.pread(self._fd, 1, self._size - 1) != b"\n"
        self._ends = None
        self.full = False

    def _began(self, now: datetime) -> datetime:
        head = os.pread(self._fd, _HEAD, 0) if self._size else b""
        mark, _, rest = head.partition(b'"ts": "')
        try:
            return datetime.fromisoformat(rest.partition(b'"')[0].decode()) if mark == b"{" else now
        except ValueError:
            return now

    def _is_overdue(self, more: int) -> bool:
        limit = self.rotation.size
        return bool(limit) and self._size + more > limit * _OVERDUE and self._size > 0

    def _lose(self, error: OSError) -> None:
        self.lost += 1
        self._complain("write", f"the log cannot be written: {error}")

    def _complain(self, trouble: str, text: str) -> None:
        if trouble not in self._told:
            self._told.add(trouble)
            sys.stderr.write(f"{text}\n")


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
