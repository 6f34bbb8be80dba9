"""What the journal needs of a disk."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from messages.journal import Replay
from storage.reserve import Mark
from storage.rows import Row

__all__ = ["Opened", "Storage"]


class Opened(NamedTuple):
    """Where a journal stands when it is opened: the last record's sequence and hash (0 and the header's in an empty
    one), and in plain words what was repaired ("" if nothing): a torn tail that was cut off, and what was moved into
    it from its reserve."""

    sequence: int
    hash: bytes
    repaired: str
    recovered: str = ""


class Storage(Protocol):
    """An append-only sequence of rows. One caller at a time may append; reads go on beside it.

    All of it raises JournalError. After an `append` that raised nobody knows whether its rows survive, and nothing may
    be appended until it was opened anew. What must be written nevertheless goes to the reserve: after `fall_back`,
    `append_reserve` takes rows that follow from the last that `append` returned for. Reads give what `append` did.
    """

    async def open(self, owner: str, created: str) -> Opened:
        """Take the lock, make the journal if there is none, check it, and move what its reserve holds into it. Raises
        JournalLocked, JournalVersionError, JournalDamaged, JournalUnusable."""

    async def append(self, rows: list[Row]) -> None:
        """Write them, all or none. They are durable when it returns."""

    async def fall_back(self, mark: Mark) -> None:
        """Begin to use the reserve; it is durable where the journal stood when it returns."""

    async def append_reserve(self, rows: list[Row]) -> None:
        """Write them there, all or none. They are durable when it returns."""

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """Return up to `limit` rows that `replay` asks for, checked, in order, with after < sequence <= upto.

        Raises JournalDamaged for a row that is not as it was written.
        """

    async def close(self) -> None:
        """Give everything back, the lock too, also when the caller is cancelled. Safe to call when it is not open."""
