"""The journal on a disk: a SQLite file behind worker threads."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import trio

from actors.storage.check import check_records
from actors.storage.errors import JournalDamaged, JournalUnusable
from actors.storage.lock import JournalLock
from actors.storage.port import Opened
from actors.storage.rows import Row
from actors.storage.sqlite import SqliteJournal
from actors.storage.wal import inspect_wal
from actors.storage.worker import Worker
from messages.journal import Replay

__all__ = ["DiskStorage"]

# At start the whole chain is followed up to here, which takes about a second, and beyond that only this much of its
# end: older records are checked each time they are read, and all of them by `pitboss journal verify`.
CHECKED_AT_START = 250_000


class DiskStorage:
    """One thread writes, another reads beside it, so that a long replay does not delay an intent."""

    def __init__(self, path: Path) -> None:
        """`path` is the journal file; its folder is made where it is missing."""
        self.path = path
        self._lock = JournalLock(path)
        self._writing = SqliteJournal(path)
        self._reading = SqliteJournal(path, read_only=True)
        self._writer: Worker | None = None
        self._reader: Worker | None = None

    async def open(self, owner: str, created: str) -> Opened:
        """See `Storage.open`."""
        self._writer, self._reader = Worker("journal writer"), Worker("journal reader")
        try:
            opened = await self._writer.run(partial(self._open, owner, created))
            await self._reader.run(self._reading.open)
        except BaseException:
            await self.close()
            raise
        return opened

    async def append(self, rows: list[Row]) -> None:
        """See `Storage.append`."""
        if self._writer is None:
            raise JournalUnusable(f"{self.path} is not open")
        await self._writer.run(partial(self._writing.append, rows))

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        if self._reader is None:
            raise JournalUnusable(f"{self.path} is not open")
        return await self._reader.run(partial(self._reading.read, replay, after, upto, limit))

    async def close(self) -> None:
        """See `Storage.close`."""
        # the reader first: the last connection to be closed is then the one that may move the WAL into the file
        reader, self._reader = self._reader, None
        writer, self._writer = self._writer, None
        with trio.CancelScope(shield=True):
            try:
                if reader is not None:
                    await reader.run(self._reading.close)
                if writer is not None:
                    await writer.run(self._writing.close)
            finally:
                for worker in (reader, writer):
                    if worker is not None:
                        worker.end()
                self._lock.release()

    def _open(self, owner: str, created: str) -> Opened:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalUnusable(f"{self.path.parent}: {error.strerror}") from error
        self._lock.take()
        wal = inspect_wal(self.path)
        if wal.damaged:
            # not opened for writing: that would drop for good what follows the damage
            raise JournalDamaged(f"it and what followed is lost: {wal.damaged}", self._last_before_damage() + 1)
        header = self._writing.open(owner, created)
        last = self._writing.last()
        if last is None or last.sequence <= CHECKED_AT_START:
            self._writing.check_file()
        sequence, hashed = check_records(self._writing, header, CHECKED_AT_START)
        repaired = f"the last write was not finished, and {wal.torn} pages of it were dropped" if wal.torn else ""
        return Opened(sequence, hashed, repaired)

    def _last_before_damage(self) -> int:
        journal = SqliteJournal(self.path, read_only=True)
        try:
            return check_records(journal, journal.open())[0]
        finally:
            journal.close()
