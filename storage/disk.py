"""The journal on a disk: a SQLite file behind worker threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

from messages.journal import Replay
from storage.check import check_records
from storage.errors import JournalDamaged, JournalUnusable
from storage.lock import JournalLock
from storage.port import Opened
from storage.recovery import recovered_rows, recovery_text
from storage.reserve import RESERVE_BYTES, Mark, ReserveFile
from storage.rows import Header, Row
from storage.sqlite import SqliteJournal
from storage.wal import inspect_wal, reserve_wal
from storage.worker import Place, Worker

__all__ = ["DiskStorage"]

# At start the whole chain is followed up to here, which takes half a second, and beyond that only this much of its
# end: older records are checked each time they are read, and all of them by `pitboss journal verify`.
CHECKED_AT_START = 100_000


# Records since the write-ahead log was last moved into the file: from the first number on that is done beside the
# writing, from the second on (a flood) instead of it, because otherwise the log would only grow.
CHECKPOINT_BESIDE, CHECKPOINT_NOW = 250, 5_000
# Bytes of write-ahead log made beforehand: 1,000 pages with their headers. Each record takes about four until it is
# begun anew.
RESERVED = 1_000 * 4_120


class DiskStorage:
    """One thread writes; others read and move the write-ahead log into the file beside it, so that neither a long
    replay nor the moving delays an intent."""

    def __init__(
        self,
        path: Path,
        place: Callable[[str], Place] = Worker,
        *,
        log_bytes: int = RESERVED,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        """`path` is the journal file; its folder is made where it is missing. `place` makes a thread of some name;
        `log_bytes` and `reserve_bytes` are made beforehand."""
        self.path = path
        self._place = place
        self._lock = JournalLock(path)
        self._writing = SqliteJournal(path)
        self._reading = SqliteJournal(path, read_only=True)
        self._moving = SqliteJournal(path)
        self._reserve = ReserveFile(path, reserve_bytes)
        self._log_bytes = log_bytes
        self._writer: Place | None = None
        self._reader: Place | None = None
        self._mover: Place | None = None
        self._unmoved = 0
        self._move_failed: JournalUnusable | None = None

    async def open(self, owner: str, created: str) -> Opened:
        """See `Storage.open`."""
        self._writer, self._reader = self._place("journal writer"), self._place("journal reader")
        self._mover = self._place("journal mover")
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
        if self._move_failed is not None:
            raise self._move_failed
        await self._writer.run(partial(self._append, rows))

    async def fall_back(self, mark: Mark) -> None:
        """See `Storage.fall_back`."""
        if self._writer is None:
            raise JournalUnusable(f"{self.path} is not open")
        await self._writer.run(partial(self._reserve.begin, mark))

    async def append_reserve(self, rows: list[Row]) -> None:
        """See `Storage.append_reserve`."""
        if self._writer is None:
            raise JournalUnusable(f"{self.path} is not open")
        await self._writer.run(partial(self._reserve.append, rows))

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        if self._reader is None:
            raise JournalUnusable(f"{self.path} is not open")
        return await self._reader.run(partial(self._reading.read, replay, after, upto, limit))

    async def close(self) -> None:
        """See `Storage.close`."""
        # the writer last: the last connection to be closed moves the write-ahead log into the file and removes it
        ends = ((self._mover, self._moving), (self._reader, self._reading), (self._writer, self._writing))
        self._mover = self._reader = self._writer = None
        with trio.CancelScope(shield=True):
            try:
                for worker, journal in ends:
                    if worker is not None:
                        await worker.run(journal.close)
            finally:
                for worker, _ in ends:
                    if worker is not None:
                        worker.end()
                self._reserve.close()
                self._lock.release()

    def _append(self, rows: list[Row]) -> None:
        self._writing.append(rows)
        self._move_when_due(len(rows))

    def _move_when_due(self, rows: int) -> None:
        """Move the log into the file now and then; so many more records are safe in the log."""
        before, self._unmoved = self._unmoved, self._unmoved + rows
        if self._unmoved >= CHECKPOINT_NOW:
            self._unmoved = 0
            self._writing.checkpoint()
        elif before // CHECKPOINT_BESIDE != self._unmoved // CHECKPOINT_BESIDE and self._mover is not None:
            self._mover.post(self._move)

    def _move(self) -> None:
        try:
            if not self._moving.is_open:
                self._moving.open()
            if self._moving.checkpoint():
                self._unmoved = 0
        except Exception as error:  # noqa: BLE001 - whatever it is, the next append raises it
            # nothing is lost by it, but a disk that refuses this is not one to acknowledge anything on
            self._move_failed = JournalUnusable(f"{self.path}: the write-ahead log cannot be moved: {error}")

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
        self._writing.settle()
        recovered, moved = self._recover(header, created)
        if recovered:
            sequence, hashed = recovered[-1].sequence, recovered[-1].hash
        self._reserve.renew()
        try:
            reserve_wal(self.path, self._log_bytes)
        except OSError as error:
            raise JournalUnusable(f"{self.path}: its write-ahead log cannot be made: {error.strerror}") from error
        repaired = f"the last write was not finished, and {wal.torn} pages of it were dropped" if wal.torn else ""
        return Opened(sequence, hashed, repaired, moved)

    def _recover(self, header: Header, now: str) -> tuple[list[Row], str]:
        held = self._reserve.read()
        if held is None:
            return [], ""
        rows = recovered_rows(self._writing.last(), header.hash, held, now)
        if rows:
            self._writing.append(rows)
        return rows, recovery_text(rows, held)

    def _last_before_damage(self) -> int:
        journal = SqliteJournal(self.path, read_only=True)
        try:
            return check_records(journal, journal.open())[0]
        finally:
            journal.close()
