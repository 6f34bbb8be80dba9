"""Following a log that comes through a pipe: `ssh … tail -F … | pitboss monitor -`."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import Any

from monitoring.tail.lines import Lines

__all__ = ["StreamTail"]

_CHUNK = 262_144
_WAITING = 64  # chunks; a writer that is faster than the reader waits


class StreamTail:
    """As `LogTail`, for a file descriptor that has an end and no beginning. A thread reads it."""

    def __init__(self, descriptor: int) -> None:
        """Take the descriptor over."""
        self.ended = False
        self._descriptor = descriptor
        self._lines = Lines()
        self._chunks: deque[bytes] = deque()
        self._come = threading.Event()
        self._room = threading.Semaphore(_WAITING)
        threading.Thread(target=self._run, name="log stream", daemon=True).start()

    @property
    def live(self) -> bool:
        """A stream is always where it is."""
        return True

    @property
    def behind(self) -> int:
        """Bytes that have come and were not read yet."""
        return sum(map(len, list(self._chunks)))

    def read(self, limit: int = 1_000_000) -> list[dict[str, Any]]:
        """Return the lines that are complete in what has come, about `limit` bytes of it. Never waits."""
        found: list[dict[str, Any]] = []
        taken = 0
        while taken < limit and self._chunks:
            chunk = self._chunks.popleft()
            self._room.release()
            if not chunk:
                self.ended = True
                return found + self._lines.reset()
            taken += len(chunk)
            found += self._lines.feed(chunk)
        return found

    def wait(self) -> None:
        """Wait until something has come, or the end. For who has nothing else to do."""
        self._come.wait()
        if not self.ended:
            self._come.clear()

    def close(self) -> None:
        """Nothing to do: the thread ends with the stream, or with the process."""

    def _run(self) -> None:
        while True:
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError:
                chunk = b""
            self._room.acquire()
            self._chunks.append(chunk)
            self._come.set()
            if not chunk:
                return
