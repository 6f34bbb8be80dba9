"""The log: `log("order.sent", symbol=…, …)` anywhere, one line of JSON for each, and the same in words on a console.

`start_logging` decides where the lines go. Before that, and in tests, nothing is written, but an event that is not as
`config.log_events` defines it raises. What others write comes in as `log.<logger>` (`config.log_intake`).
An event of our own does not take loguru's way: it needs 30 µs for a line, and an order waits for its lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from config.environment import Environment
from config.log_events import check_event
from config.log_file import LogFile
from config.log_intake import Intake
from config.log_record import LEVELS, Level, LogRecord, as_json
from config.log_rotation import Rotation
from config.log_writer import BackgroundWriter, InlineWriter

__all__ = ["Log", "insist", "log", "running_log", "start_logging", "wanted"]

Listener = Callable[[LogRecord], object]


class _Front:
    """What `log` looks at first: whether anybody listens, from which level on, and whether mistakes raise."""

    active: Log | None = None
    threshold = 0
    strict = True
    always_strict = False


def log(event: str, *, level: Level = "INFO", **fields: Any) -> None:
    """Write one event. Decimal is written as text, a datetime in ISO 8601.

    Raises UnknownEventError for what is not as it is defined, except in a running process (see `start_logging`).
    """
    if _Front.strict:
        check_event(event, level, fields)
    if _Front.active is not None and LEVELS[level] >= _Front.threshold:
        _Front.active.put(event, level, fields)


def insist(always: bool = True) -> None:
    """From now on a line that is not as it is defined raises in running processes too: for tests."""
    _Front.always_strict = always


def running_log() -> Log | None:
    """Return the log that is running."""
    return _Front.active


def wanted(level: Level) -> bool:
    """Whether anybody listens to events of this level."""
    return _Front.active is not None and LEVELS[level] >= _Front.threshold


class Log:
    """The running log. `reopen` after a rename, `stop` at the end; both from any thread."""

    def __init__(
        self,
        environment: Environment,
        level: Level,
        file: LogFile | None,
        listeners: tuple[Listener, ...],
        *,
        background: bool,
    ) -> None:
        """Take over loguru and stdlib logging. See `start_logging`."""
        self._now = environment.now
        self._file = file
        writer = BackgroundWriter if background else InlineWriter
        # a terminal that is held (Ctrl-S, a full pipe) holds up neither the file nor anybody else
        self._listeners = [writer(listener) for listener in listeners]
        self._writer = writer(self._write)
        self._latest: datetime | None = None
        self._said = 0  # of the lines that were not written
        self._first_line: Callable[[], object] | None = None
        self._noted: set[str | None] | None = None
        self._intake = Intake(self._take, level)

    @property
    def dropped(self) -> int:
        """How many lines were not written: too many waited, or the disk refused them."""
        return self._writer.dropped + (self._file.lost if self._file is not None else 0)

    @property
    def hurried(self) -> int:
        """How many files have begun without their first line, for nobody called `rotate` in time."""
        return 0 if self._file is None else self._file.hurried

    def put(self, event: str, level: Level, fields: Mapping[str, Any]) -> None:
        """Write one event, whatever its level."""
        if self._noted is not None:
            self._noted |= {fields.get("actor"), fields.get("symbol")}
        self._writer.put(LogRecord(self._now(), level, event, fields))

    def reopen(self) -> None:
        """Open the file anew, after what was logged before."""
        self._begin_with(LogFile.reopen)

    @property
    def full(self) -> bool:
        """Whether it is time for `rotate`."""
        return self._file is not None and self._file.full

    def rotate(self) -> None:
        """Begin a new file, after what was logged before."""
        self._begin_with(LogFile.rotate)

    @contextmanager
    def noting(self) -> Iterator[Set[str | None]]:
        """Give the actors and symbols of the lines that are written meanwhile; for one at a time."""
        noted = self._noted = set()
        try:
            yield noted
        finally:
            self._noted = None

    @contextmanager
    def beginning_files_with(self, first_line: Callable[[], object]) -> Iterator[None]:
        """Meanwhile have `first_line` write the first event of each file: whoever asks for this looks at `full` now and
        then, and calls `rotate`."""
        self._first_line = first_line
        try:
            yield
        finally:
            self._first_line = None

    def stop(self, seconds: float = 5.0) -> None:
        """Write what waits, close the file, let go of loguru and stdlib logging; a disk that hangs gets `seconds`."""
        if _Front.active is self:
            _Front.active, _Front.strict = None, True
        self._intake.close()
        self._writer.call(lambda: self._tell_dropped(self._latest))
        self._writer.stop(seconds)
        for listener in self._listeners:
            listener.stop(seconds)
        if self._file is not None:
            self._file.close()

    def _begin_with(self, begin: Callable[[LogFile], object]) -> None:
        file = self._file
        if file is not None:
            self._writer.call(lambda: begin(file))
            if self._first_line is not None:
                self._first_line()

    def _take(self, event: str, level: Level, fields: Mapping[str, Any]) -> None:
        if LEVELS[level] >= _Front.threshold:
            self.put(event, level, fields)

    def _write(self, record: LogRecord) -> None:
        """In the writer's thread."""
        self._latest = record.moment
        self._tell_dropped(record.moment)
        self._to_file(record)
        for listener in self._listeners:
            listener.put(record)

    def _to_file(self, record: LogRecord) -> bool:
        file = self._file
        if file is None:
            return True
        if file.full and self._first_line is None:
            file.rotate()
        return file.write(as_json(record), record.moment)

    def _tell_dropped(self, moment: datetime | None) -> None:
        """Say how many lines are missing, once the disk takes it; the line that says so does not count."""
        missing = self.dropped - self._said
        if missing and moment is not None:
            record = LogRecord(moment, "WARNING", "log.dropped", {"lines": missing})
            if self._to_file(record):
                self._said += missing
                for listener in self._listeners:
                    listener.put(record)
            elif self._file is not None:
                self._file.lost -= 1


def start_logging(
    environment: Environment,
    *,
    path: Path | None = None,
    rotation: Rotation | None = None,
    level: Level = "INFO",
    listeners: tuple[Listener, ...] = (),
    background: bool = True,
    strict: bool = False,
) -> Log:
    """Write every event of `level` and above to `path` as JSON lines and hand it to the listeners.

    With `background` all of it happens in threads, one for the file and one for each listener, and `strict` is off: a
    live process does not fall over the name of an event. Without it everything happens at once, in the caller: for
    virtual time. Raises OSError where the file cannot be opened. One log is active at a time; the one before it must
    have been stopped.
    """
    if _Front.active is not None:
        raise RuntimeError("the log is running already")
    file = LogFile(path, rotation) if path is not None else None
    _Front.active = Log(environment, level, file, listeners, background=background)
    _Front.threshold, _Front.strict = LEVELS[level], strict or _Front.always_strict
    return _Front.active
