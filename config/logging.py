"""The log: `log("order.sent", symbol=…, …)` anywhere, one line of JSON for each, and the same in words on a console.

`start_logging` decides where the lines go. Before that, and in tests, nothing is written, but an event that
`config.log_events` does not define raises. What others write comes in as `log.<logger>`: stdlib logging (pykka,
ib_insync, httpx, hypercorn, trio-asyncio, warnings), and loguru, which a user's own rules log with.
An event of our own does not take that way: loguru needs 30 µs for a line, and an order waits for its lines.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from loguru import logger

from config.environment import Environment
from config.log_events import check_event
from config.log_record import LogRecord, as_json
from config.log_writer import BackgroundWriter, InlineWriter, LogFile

if TYPE_CHECKING:
    from loguru import Message

__all__ = ["Log", "insist", "log", "running_log", "start_logging", "wanted"]

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_NUMBERS: dict[Level, int] = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_QUIET = ("httpx", "httpcore", "hypercorn.access", "hypercorn.error", "ib_insync", "eventkit", "pykka", "asyncio")


class _Front:
    """What `log` looks at first: whether anybody listens, from which level on, and whether mistakes raise."""

    active: Log | None = None
    threshold = 0
    strict = True
    always_strict = False


def log(event: str, *, level: Level = "INFO", **fields: Any) -> None:
    """Write one event. Fields are text, numbers, Decimal (written as text), times, or lists of these.

    Raises UnknownEventError for an event that is not defined, except in a running process (see `start_logging`).
    """
    if _Front.strict:
        check_event(event, level, fields)
    if _Front.active is not None and _NUMBERS[level] >= _Front.threshold:
        _Front.active.put(event, level, fields)


def wanted(level: Level) -> bool:
    """Whether anybody listens to events of this level."""
    return _Front.active is not None and _NUMBERS[level] >= _Front.threshold


def insist(always: bool = True) -> None:
    """From now on a line that is not as it is defined raises in running processes too: for tests."""
    _Front.always_strict = always


def running_log() -> Log | None:
    """Return the log that is running."""
    return _Front.active


class Log:
    """The running log. `reopen` after a rename, `stop` at the end; both from any thread."""

    def __init__(
        self, environment: Environment, sink: Callable[[LogRecord], object], background: bool, file: LogFile | None
    ) -> None:
        """Take over loguru and stdlib logging. See `start_logging`."""
        self._environment = environment
        self._file = file
        self._writer = BackgroundWriter(sink) if background else InlineWriter(sink)
        self._reported = 0
        self._first_line: Callable[[], object] = _nothing
        self._handler = logger.add(self._receive, format="", level=0, catch=False)
        self._intercept = _Intercept()
        root = logging.getLogger()
        root.addHandler(self._intercept)
        logging.captureWarnings(True)

    @property
    def dropped(self) -> int:
        """How many lines were not written: too many waited, or the disk refused them."""
        return self._writer.dropped + (self._file.lost if self._file is not None else 0)

    def reopen(self) -> None:
        """Open the file anew, after what was logged before."""
        if self._file is not None:
            self._writer.call(self._file.reopen)
            self._first_line()

    @contextmanager
    def beginning_files_with(self, first_line: Callable[[], object]) -> Iterator[None]:
        """Meanwhile have `first_line` write the first event of each file that is begun."""
        self._first_line = first_line
        try:
            yield
        finally:
            self._first_line = _nothing

    def stop(self, seconds: float = 5.0) -> None:
        """Write what waits, close the file, let go of loguru and stdlib logging; a disk that hangs gets `seconds`."""
        if _Front.active is self:
            _Front.active, _Front.strict = None, True
        logger.remove(self._handler)
        logging.getLogger().removeHandler(self._intercept)
        logging.captureWarnings(False)
        self._writer.stop(seconds)
        if self._file is not None:
            self._file.close()

    def put(self, event: str, level: Level, fields: Mapping[str, Any]) -> None:
        """Write one event, whatever its level."""
        moment = self._environment.now()
        if self.dropped > self._reported:
            lines, self._reported = self.dropped - self._reported, self.dropped
            self._writer.put(LogRecord(moment, "WARNING", "log.dropped", {"lines": lines}))
        self._writer.put(LogRecord(moment, level, event, fields))

    def _receive(self, message: Message) -> None:
        record = message.record
        _tell(record["name"] or "loguru", record["level"].no, record["message"], record["exception"], record["extra"])


def _nothing() -> None:
    """Files begin with whatever comes."""


class _Intercept(logging.Handler):
    """Turns a record of stdlib logging into an event."""

    def emit(self, record: logging.LogRecord) -> None:
        _tell(record.name, record.levelno, record.getMessage(), record.exc_info)


def _tell(
    name: str,
    number: int,
    text: str,
    exception: Sequence[Any] | None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write what another library said; `exception` is (type, value, traceback)."""
    level: Level = next((level for level, least in reversed(_NUMBERS.items()) if number >= least), "DEBUG")
    fields: dict[str, Any] = {**(extra or {}), "text": text}
    if exception is not None and exception[1] is not None:
        fields["traceback"] = "".join(traceback.format_exception(exception[1]))
    log(f"log.{name}", level=level, **{f"{key}_" if key in ("event", "level") else key: fields[key] for key in fields})


def start_logging(
    environment: Environment,
    *,
    path: Path | None = None,
    level: Level = "INFO",
    listeners: tuple[Callable[[LogRecord], object], ...] = (),
    background: bool = True,
    strict: bool = False,
) -> Log:
    """Write every event of `level` and above to `path` as JSON lines and hand it to the listeners.

    With `background` all of it happens in a thread, and `strict` is off: a live process does not fall over the name
    of an event. Without it everything happens at once, in the caller: for virtual time. Raises OSError where the file
    cannot be opened. One log is active at a time; the one before it must have been stopped.
    """
    if _Front.active is not None:
        raise RuntimeError("the log is running already")
    logger.remove()
    file = LogFile(path) if path is not None else None

    def sink(record: LogRecord) -> None:
        if file is not None:
            file.write(as_json(record))
        for listener in listeners:
            listener(record)

    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING if level != "DEBUG" else logging.INFO)
    _Front.active = Log(environment, sink, background, file)
    _Front.threshold, _Front.strict = _NUMBERS[level], strict or _Front.always_strict
    return _Front.active
