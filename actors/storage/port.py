"""What the journal needs of a disk."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from actors.storage.rows import Row
from messages.journal import Replay

__all__ = ["Opened", "Storage"]


class Opened(NamedTuple):
    """Where a journal stands when it is opened: the last record's sequence and hash (0 and the header's in an empty
    one), and in plain words what was repaired ("" if nothing): a torn tail that was cut off."""

    sequence: int
    hash: bytes
    repaired: str


class Storage(Protocol):
    """An append-only sequence of rows. One caller at a time may append; reads go on beside it.

    All of it raises JournalError. After an `append` that raised nobody knows whether its rows survive, and nothing may
    be appended until it was opened anew.
    """

    async def open(self, owner: str, created: str) -> Opened:
        """Take the lock, make the journal if there is none, check it. Raises JournalLocked, JournalVersionError,
        JournalDamaged, JournalUnusable."""

    async def append(self, rows: list[Row]) -> None:
        """Write them, all or none. They are durable when it returns."""

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """Return up to `limit` rows that `replay` asks for, checked, in order, with after < sequence <= upto.

        Raises JournalDamaged for a row that is not as it was written.
        """

    async def close(self) -> None:
        """Give everything back, the lock too, also when the caller is cancelled. Safe to call when it is not open."""
