"""The thread between the actors and where log lines go."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TextIO

from attrs import frozen

from config.log_record import LogRecord

# A line waits this long before its thread goes to work, or it would take the interpreter from the very turn that logged
# it: an order that was about to leave would wait for its own line.
_PAUSE_SECONDS = 0.005
_GRAVE = frozenset({"WARNING", "ERROR"})

__all__ = ["BackgroundWriter", "InlineWriter"]


class InlineWriter:
    """Hands each record on at once: for virtual time, where nothing may wait for a thread."""

    dropped = 0

    def __init__(self, sink: Callable[[LogRecord], object]) -> None:
        """`sink` takes one record."""
        self._sink = sink

    def put(self, record: LogRecord) -> None:
        """Hand it on."""
        self._sink(record)

    def call(self, action: Callable[[], object]) -> None:
        """Do something between two records."""
        action()

    def stop(self, seconds: float) -> None:
        """Nothing waits."""


@frozen(slots=True)
class _Call:
    action: Callable[[], object]


class BackgroundWriter:
    """Hands records on in a thread of its own, so that a slow disk or terminal never holds an actor.

    At most `limit` records wait, and a tenth more of warnings and errors; what comes on top is dropped and counted.
    """

    def __init__(self, sink: Callable[[LogRecord], object], limit: int = 20_000, name: str = "log") -> None:
        """Start the thread. `sink` takes one record; what it raises goes to stderr once and ends nothing."""
        self.dropped = 0
        self._sink = sink
        self._limit = limit
        self._queue: SimpleQueue[LogRecord | _Call | None] = SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, record: LogRecord) -> None:
        """Queue it, or drop it where too many wait."""
        waiting = self._queue.qsize()
        if waiting < self._limit or (record.level in _GRAVE and waiting < self._limit + self._limit // 10):
            self._queue.put(record)
        else:
            self.dropped += 1

    def call(self, action: Callable[[], object]) -> None:
        """Do something in the thread, between two records."""
        self._queue.put(_Call(action))

    def stop(self, seconds: float) -> None:
        """Write what waits and end the thread; a disk that hangs gets so many seconds."""
        self._ending.set()
        self._queue.put(None)
        self._thread.join(seconds)

    def _next(self) -> LogRecord | _Call | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            item = self._queue.get()
        self._ending.wait(_PAUSE_SECONDS)
        return item

    def _run(self) -> None:
        complain: TextIO | None = sys.stderr
        while (item := self._next()) is not None:
            try:
                if isinstance(item, _Call):
                    item.action()
                else:
                    self._sink(item)
            except Exception as error:  # noqa: BLE001  # the thread serves the whole process; the loss is counted
                self.dropped += 1
                if complain is not None:
                    complain.write(f"the log lost a line: {type(error).__name__}: {error}\n")
                    complain = None
