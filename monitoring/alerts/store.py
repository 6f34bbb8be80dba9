"""The state of the monitor on the disk: replaced whole, synced before it counts, and owned by one monitor."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import cattrs
from attrs import define, field

from monitoring.alerts.alert import Alert
from monitoring.alerts.outbox import Outbox

__all__ = ["Cursor", "LogState", "StateError", "StateFile", "WatchState"]


class StateError(Exception):
    """The state cannot be owned, or read."""


@define(slots=True)
class Cursor:
    """How far a log was read: `began` is the first moment in the file, `offset` where the next line begins.

    Of a stream, which has no offset: `last` is the moment of the last line, `same` are the digests of lines of it.
    """

    began: str = ""
    offset: int = 0
    last: str = ""
    same: list[str] = field(factory=list)


@define(slots=True)
class LogState:
    """What is known of one log."""

    name: str
    cursor: Cursor
    heard: datetime | None = None
    begun: bool = False
    stopped: bool = False
    alerts: list[Alert] = field(factory=list)
    alarms: dict[str, dict[str, Any]] = field(factory=dict)


@define(slots=True)
class WatchState:
    """Everything: log → state, channel → what waits for it."""

    logs: dict[str, LogState] = field(factory=dict)
    outboxes: dict[str, Outbox] = field(factory=dict)


class StateFile:
    """Reads and replaces the file. Readers beside the monitor see it whole, at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._converter = cattrs.Converter()
        self._converter.register_unstructure_hook(datetime, datetime.isoformat)
        self._converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Own it, so that no alert is sent by two monitors. Raises StateError."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"{lock} cannot be used: {error.strerror}") from error
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(file, 32, 0).decode("ascii", "replace").strip()
                raise StateError(
                    f"alerts of {self.path} are sent by process {owner} already; end it, or set another [alerts] state"
                ) from None
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(file)

    def load(self) -> WatchState:
        """What was saved last; an empty state where there is none. Raises StateError where it cannot be read."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return WatchState()
        except (OSError, UnicodeDecodeError) as error:
            raise StateError(f"{self.path} cannot be read: {error}") from error
        try:
            return self._converter.structure(json.loads(text), WatchState)
        except Exception as error:
            raise StateError(f"{self.path} is damaged") from error

    def set_aside(self) -> Path:
        """Move a damaged file out of the way, and return where it is now. Raises OSError."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        self.path.replace(aside)
        return aside

    def encode(self, state: WatchState) -> bytes:
        """The state as it is now, for `write`."""
        return json.dumps(self._converter.unstructure(state)).encode()

    def write(self, data: bytes) -> None:
        """Replace the file; when this returns it is on the disk. Raises OSError."""
        fresh = self.path.with_name(f"{self.path.name}.new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(fresh, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
