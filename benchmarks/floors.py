"""What the disk alone takes: the floors that durable work is measured against."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

__all__ = ["sqlite_commit", "synced_write"]

_BYTES = b"x" * 400  # about one intent


@contextmanager
def synced_write(folder: Path) -> Iterator[Callable[[], float]]:
    """Yield a function that appends 400 bytes to a file with fdatasync, and returns the seconds."""
    file = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def write() -> float:
        began = perf_counter()
        os.write(file, _BYTES)
        os.fdatasync(file)
        return perf_counter() - began

    try:
        yield write
    finally:
        os.close(file)


@contextmanager
def sqlite_commit(folder: Path) -> Iterator[Callable[[], float]]:
    """Yield a function that commits a row of 400 bytes in WAL mode with full synchronisation, and returns the
    seconds."""
    with closing(sqlite3.connect(folder / "floor.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE floor (sequence INTEGER PRIMARY KEY, payload BLOB)")

        def write() -> float:
            began = perf_counter()
            connection.execute("INSERT INTO floor (payload) VALUES (?)", (_BYTES,))
            return perf_counter() - began

        yield write
