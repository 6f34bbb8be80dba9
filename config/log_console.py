"""The log in words, for a person at a terminal."""

from __future__ import annotations

import sys
from collections import deque

from rich.console import Console
from rich.text import Text

from config.log_events import EVENTS
from config.log_record import LogRecord, as_words

__all__ = ["ConsoleListener"]

_STYLES = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "ERROR": "bold red"}


class ConsoleListener:
    """Writes each event to stderr: time (UTC), level where it is more than INFO, words. Colours only on a terminal.

    Until the process has started, only that it starts: when it cannot, one message says so, and the log has the rest.
    """

    def __init__(self) -> None:
        """Use stderr as it is now."""
        self._terminal = Console(stderr=True, highlight=False) if sys.stderr.isatty() else None
        self._held: deque[LogRecord] | None = deque(maxlen=1_000)
        self._gone = False

    def __call__(self, record: LogRecord) -> None:
        """Write one event, or hold it back."""
        if record.event == "system.failed":
            return  # whoever started the process is told by its last message
        event = EVENTS.get(record.event)
        if event is not None and not event.shown:
            return
        if record.event == "system.started":
            held, self._held = self._held or (), None
            for earlier in held:
                self._write(earlier)
        if self._held is None or record.event in ("system.starting", "system.stopping", "system.stopped"):
            self._write(record)
        else:
            self._held.append(record)

    def _write(self, record: LogRecord) -> None:
        if self._gone:
            return
        try:
            self._print(record)
        except OSError:  # the terminal was closed; the process goes on, and so does the file
            self._gone = True

    def _print(self, record: LogRecord) -> None:
        mark = "" if record.level == "INFO" else f"{record.level} "
        line = f"{record.moment:%H:%M:%S}.{record.moment.microsecond // 1000:03d} {mark}{as_words(record)}"
        if self._terminal is None:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        else:
            self._terminal.print(Text(line, style=_STYLES.get(record.level, "")), soft_wrap=True)
