"""One owner per journal: an advisory lock that the kernel gives back however the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from storage.errors import JournalLocked, JournalUnusable

__all__ = ["JournalLock"]


class JournalLock:
    """A flock on `PATH.lock`, which holds the owner's process id. The file stays: removing it would let two own it."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + ".lock")
        self._journal = journal
        self._file: int | None = None

    def take(self) -> None:
        """Raises JournalLocked where another process (or another lock in this one) has it, JournalUnusable where the
        file cannot be made."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnusable(f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(file, 32, 0).strip()
            os.close(file)
            raise JournalLocked(str(self._journal), int(owner) if owner.isdigit() else None) from None
        except OSError as error:
            os.close(file)
            raise JournalUnusable(f"{self.path} cannot be locked: {error.strerror}") from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give it back, if it was taken."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
