"""Lines that are appended to a file, or written into a pipe, as they come."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["LONGEST_LINE", "LineReader"]

LONGEST_LINE = 64 * 1024  # bytes; what is longer is cut there, and so refused as no JSON
_CHUNK = 64 * 1024


class LineReader:
    """Reads a file from its beginning and goes on where it ended, or a named pipe; never waits.

    A file that was replaced or truncated is read from its beginning again. One that does not exist has no lines yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._begun = b""  # of a line that has not ended
        self._skipping = False  # the rest of a line that was too long

    def read(self) -> list[bytes]:
        """Return the lines that have ended since the last call, at most some hundred. Raises OSError."""
        if self._descriptor < 0 and not self._open():
            return []
        if self._replaced():
            self.close()
            return []
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return []
        *ended, rest = (self._begun + data).split(b"\n")
        self._begun = rest
        if self._skipping and ended:
            ended, self._skipping = ended[1:], False
        if len(rest) > LONGEST_LINE:
            if not self._skipping:
                ended.append(rest[:LONGEST_LINE])
            self._begun, self._skipping = b"", True
        return ended

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._begun, self._skipping = -1, b"", False

    def _open(self) -> bool:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        return True

    def _replaced(self) -> bool:
        """Whether the path is another file now, or shorter than what was read."""
        own = os.fstat(self._descriptor)
        if not stat.S_ISREG(own.st_mode):
            return False
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            return False  # what was written to it until then is read to its end
        other = (named.st_dev, named.st_ino) != (own.st_dev, own.st_ino)
        position = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        return (other and position >= own.st_size) or own.st_size < position
