"""The folder of one process: made with mode 0700, and never shared with another process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["own_state_folder"]

_LOCK = "pitboss.lock"


@contextmanager
def own_state_folder(folder: Path) -> Iterator[None]:
    """Make the folder where it is missing, and own it until the end. The kernel gives it back however that comes.

    Raises ProcessFailed: FAILED where another process owns it, JOURNAL where the disk does not allow it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(file, 32, 0).decode("ascii", "replace").strip()
            who = f"process {owner}" if owner.isdigit() else "another process"
            raise ProcessFailed(
                ExitCode.FAILED, f"the state folder {folder} is in use by {who}; choose another --state-dir"
            ) from None
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise _unusable(folder, error) from error
        yield
    finally:
        os.close(file)


def _unusable(folder: Path, error: OSError) -> ProcessFailed:
    return ProcessFailed(ExitCode.JOURNAL, f"the state folder {folder} cannot be used: {error.strerror or error}")
