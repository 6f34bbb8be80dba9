"""A disk in memory for virtual time: it does its work inline, and loses exactly what a real one could lose."""

from __future__ import annotations

from collections.abc import Callable

import trio

from messages.codec import SCHEMA_VERSION
from messages.journal import Replay
from storage.errors import JournalLocked, JournalUnusable
from storage.port import Opened
from storage.recovery import recovered_rows, recovery_text
from storage.reserve import Mark, ReserveHeld
from storage.rows import Header, Row, check_chain, check_row

__all__ = ["SimulatedDisk", "SimulatedStorage"]


class SimulatedDisk:
    """What survives a process. A transaction is first written, then synced; a power cut may take what is not synced.

    `before(step)` is called before each "write" and "sync", and may raise OSError (a full disk, a failed fsync) or
    anything else (the end of the simulated process). After a failed sync the rows may or may not be there, as on a
    real disk: they stay unsynced until a power cut decides. The steps of the reserve are "reserve write" and "reserve
    sync", and what it has not synced is lost with the power.
    """

    def __init__(self, *, sync_seconds: float = 0.0) -> None:
        """`sync_seconds` of trio's clock go by in each sync."""
        self.sync_seconds = sync_seconds
        self.before: Callable[[str], None] = lambda step: None
        self.header: Header | None = None
        self.rows: list[Row] = []
        self.synced = 0  # how many of `rows` are safe
        self.syncs = 0
        self.owner: SimulatedStorage | None = None
        self.mark: Mark | None = None  # the reserve: where the journal stood, and what was written since
        self.reserve: list[Row] = []
        self.reserve_synced = 0
        self._transactions: list[int] = []  # the ends, in `rows`, of those that are not synced

    def write(self, rows: list[Row]) -> None:
        """Take a transaction into the cache."""
        self.before("write")
        self.rows.extend(rows)
        self._transactions.append(len(self.rows))

    def sync(self) -> None:
        """Make all that was written safe."""
        self.before("sync")
        self.syncs += 1
        self.synced = len(self.rows)
        self._transactions.clear()

    def write_reserve(self, mark: Mark | None, rows: list[Row]) -> None:
        """Write into the reserve, and make it safe."""
        self.before("reserve write")
        self.mark = mark or self.mark
        self.reserve.extend(rows)
        self.before("reserve sync")
        self.reserve_synced = len(self.reserve)

    def recover(self, now: str) -> str:
        """Move what the reserve holds into the journal; return what was done in plain words."""
        assert self.header is not None
        held = ReserveHeld(self.mark, self.reserve, torn=False) if self.mark is not None and self.reserve else None
        text = ""
        if held is not None:
            rows = recovered_rows(self.rows[-1] if self.rows else None, self.header.hash, held, now)
            self.write(rows)
            self.sync()
            text = recovery_text(rows, held)
        self.mark, self.reserve, self.reserve_synced = None, [], 0
        return text

    def power_cut(self, kept: int = 0) -> None:
        """End the process that owns it, and lose what is not synced, other than the `kept` first transactions of it."""
        survivors = [self.synced, *self._transactions][: kept + 1]
        del self.rows[survivors[-1] :]
        self.synced = len(self.rows)
        self._transactions.clear()
        del self.reserve[self.reserve_synced :]
        self.owner = None


class SimulatedStorage:
    """One process's use of a `SimulatedDisk`."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self._disk = disk

    async def open(self, owner: str, created: str) -> Opened:
        """See `Storage.open`."""
        await trio.lowlevel.checkpoint()
        disk = self._disk
        if disk.owner is not None:
            raise JournalLocked("the simulated disk", None)
        disk.header = disk.header or Header(SCHEMA_VERSION, created, owner)
        check_chain(disk.rows, 0, disk.header.hash)
        try:
            if disk.synced < len(disk.rows):
                disk.sync()  # as `SqliteJournal.settle`: nobody relies on what a failed sync has left
            recovered = disk.recover(created)
        except OSError as error:
            raise JournalUnusable(f"the simulated disk: {error}") from error
        sequence, hashed = check_chain(disk.rows, 0, disk.header.hash)
        disk.owner = self
        return Opened(sequence, hashed, "", recovered)

    async def append(self, rows: list[Row]) -> None:
        """See `Storage.append`."""
        self._own()
        try:
            self._disk.write(rows)
            await trio.sleep(self._disk.sync_seconds)
            # while it slept the power may have been cut
            self._own()
            self._disk.sync()
        except OSError as error:
            raise JournalUnusable(f"the simulated disk: {error}") from error

    async def fall_back(self, mark: Mark) -> None:
        """See `Storage.fall_back`."""
        await self._to_reserve(mark, [])

    async def append_reserve(self, rows: list[Row]) -> None:
        """See `Storage.append_reserve`."""
        await self._to_reserve(None, rows)

    async def _to_reserve(self, mark: Mark | None, rows: list[Row]) -> None:
        self._own()
        await trio.sleep(self._disk.sync_seconds)
        self._own()
        try:
            self._disk.write_reserve(mark, rows)
        except OSError as error:
            raise JournalUnusable(f"the simulated reserve: {error}") from error

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        await trio.lowlevel.checkpoint()
        self._own()
        rows = [row for row in self._disk.rows if replay.stream in (None, row.stream)]
        if replay.stream is not None and not replay.whole:
            after = max([after, *(row.sequence - 1 for row in rows if row.checkpoint)])
        found = [row for row in rows if after < row.sequence <= upto and (not replay.kinds or row.kind in replay.kinds)]
        for row in found[:limit]:
            check_row(row)
        return found[:limit]

    async def close(self) -> None:
        """See `Storage.close`."""
        await trio.lowlevel.cancel_shielded_checkpoint()
        if self._disk.owner is self:
            self._disk.owner = None

    def _own(self) -> None:
        if self._disk.owner is not self:
            raise JournalUnusable("the simulated disk is not open")
