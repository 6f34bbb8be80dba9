"""One book, one simulator: whoever keeps a book locks a file beside it."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["own_book"]


@contextmanager
def own_book(path: Path) -> Iterator[None]:
    """Own the book until the end of the block; the kernel gives it back however that comes.

    The lock lies in a file beside it, as the book itself is replaced at each change, and is removed at the end.
    Raises OSError, with EBUSY where another process owns it.
    """
    beside = path.with_name(f".{path.name}.lock")
    file = _locked(beside, path)
    try:
        yield
    finally:
        beside.unlink(missing_ok=True)
        os.close(file)


def _locked(beside: Path, path: Path) -> int:
    while True:
        try:
            file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OSError(error.errno, f"the book {path} cannot be kept: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(file, 32, 0).decode("ascii", "replace").strip()
            os.close(file)
            text = f"the book {path} is kept by process {owner or '?'}; two simulators cannot share one"
            raise OSError(errno.EBUSY, text) from None
        if _is_still(beside, file):
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
            return file
        os.close(file)  # its last owner has removed it between our two steps


def _is_still(beside: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(beside), os.fstat(file))
    except FileNotFoundError:
        return False
