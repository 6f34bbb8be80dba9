"""The journal's real files, and what is left of them when the power fails: for simulations in virtual time.

Each start works on files of its own, in a folder of its own; a death copies them into the next, without what the disk
had not taken. So what opens after a death is what SQLite, its write-ahead log, the lock and the reserve make of the
very bytes. A commit is one write into the write-ahead log and one sync of it: a death between the two leaves of the
written bytes nothing, a part that ends at any byte, any of its sectors, or all of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from random import Random

from storage.disk import DiskStorage
from storage.errors import JournalUnusable
from storage.reserve import Mark
from storage.rows import Row
from storage.worker import Inline

__all__ = ["Cut", "MortalFiles", "MortalStorage", "in_part", "kept", "lost", "sectors"]

_SECTOR = 512
_LOG_HEADER = 32
_FILE, _LOG, _RESERVE = "", "-wal", ".reserve"  # what is added to the name of the journal
_LOG_BYTES, _RESERVE_BYTES = 100 * 4_120, 50_000  # a simulated life is short, and there are many

Cut = Callable[[bytes, bytes, Random], bytes]
"""(as it was, as it is written and not synced, dice) → as it is found after the death; all of the same length."""


def lost(before: bytes, _: bytes, __: Random) -> bytes:
    """Nothing of it had reached the disk."""
    return before


def kept(_: bytes, after: bytes, __: Random) -> bytes:
    """All of it had, though nobody had said so."""
    return after


def in_part(before: bytes, after: bytes, dice: Random) -> bytes:
    """It had come as far as some byte."""
    end = dice.randrange(1, len(after))
    return after[:end] + before[end:]


def sectors(before: bytes, after: bytes, dice: Random) -> bytes:
    """Some sectors had been written, in no order, and at least one had not."""
    missing = dice.randrange((len(after) + _SECTOR - 1) // _SECTOR)
    pieces = []
    for number, start in enumerate(range(0, len(after), _SECTOR)):
        from_after = number != missing and dice.random() < 0.7
        pieces.append((after if from_after else before)[start : start + _SECTOR])
    return b"".join(pieces)


class MortalFiles:
    """The journal of one machine through its deaths. One process at a time.

    `at(step)` is called at "append" (nothing is written yet), "write" (written, not synced) and "sync" (durable, not
    acknowledged), and at the same of the reserve: "reserve append", … It may call `die`: nothing that the process still
    does reaches the disk then. Where it raises JournalUnusable at "write", the disk has refused to sync.
    """

    def __init__(self, folder: Path, at: Callable[[str], None], *, reserve_bytes: int = _RESERVE_BYTES) -> None:
        """`folder` is empty. It is best on a file system in memory: all that is synced here is synced really, too."""
        self._folder = folder
        self.reserve_bytes = reserve_bytes
        self.at = at
        self.lives = 0
        self.alive = True
        # which file → as it was before what is not synced, and with it
        self.unsynced: dict[str, tuple[bytes, bytes]] = {}

    @property
    def path(self) -> Path:
        """The journal of the present life, or of the next."""
        return self._folder / f"life-{self.lives}" / "pitboss.journal"

    def storage(self) -> MortalStorage:
        """Return what a journal actor opens."""
        self.alive = True
        return MortalStorage(self, self.path)

    def file(self, suffix: str) -> Path:
        """Return one of the files of the present life: the journal's (""), its write-ahead log's, its reserve's."""
        return self.path.with_name(self.path.name + suffix)

    def die(self, cut: Cut = kept, dice: Random | None = None) -> None:
        """End the process as of now. `cut` says what is left of what is written and not synced."""
        dice = dice or Random(0)
        self.alive = False
        contents = {suffix: self.file(suffix).read_bytes() for suffix in (_FILE, _LOG, _RESERVE)}
        self.lives += 1
        self.path.parent.mkdir(parents=True)
        for suffix, content in contents.items():
            before, after = self.unsynced.get(suffix, (b"", b""))
            if content in (before, after):
                content = _found(before, after, cut, dice)
            self.file(suffix).write_bytes(content)
        self.unsynced.clear()


class MortalStorage(DiskStorage):
    """`DiskStorage` on `MortalFiles`. What its process does after its death it does to nothing."""

    def __init__(self, files: MortalFiles, path: Path) -> None:
        super().__init__(path, Inline, log_bytes=_LOG_BYTES, reserve_bytes=files.reserve_bytes)
        self._files = files
        self._to_move = 0

    async def append(self, rows: list[Row]) -> None:
        """See `Storage.append`."""
        await self._written(_LOG, "", partial(super().append, rows))
        safe, self._to_move = self._to_move, 0
        super()._move_when_due(safe)

    async def fall_back(self, mark: Mark) -> None:
        """See `Storage.fall_back`."""
        await self._written(_RESERVE, "reserve ", partial(super().fall_back, mark))

    async def append_reserve(self, rows: list[Row]) -> None:
        """See `Storage.append_reserve`."""
        await self._written(_RESERVE, "reserve ", partial(super().append_reserve, rows))

    def _move_when_due(self, rows: int) -> None:
        # what is not safe in the log is not moved: SQLite syncs the log before it moves any of it, and the file before
        # the log begins anew (https://www.sqlite.org/pragma.html#pragma_synchronous)
        self._to_move += rows

    def move(self) -> None:
        """Move all of the write-ahead log into the file."""
        self._writing.checkpoint()

    async def _written(self, suffix: str, name: str, write: Callable[[], Awaitable[None]]) -> None:
        files = self._files
        self._passes(f"{name}append")
        before = files.file(suffix).read_bytes()
        await write()
        after = files.file(suffix).read_bytes()
        if suffix == _LOG:
            # where the log begins anew SQLite syncs its header before the first frame (sqlite.org, ticket ff5be73dee)
            before = after[:_LOG_HEADER] + before[_LOG_HEADER:]
        files.unsynced[suffix] = (before, after)
        self._passes(f"{name}write")
        files.unsynced.pop(suffix, None)
        self._passes(f"{name}sync")

    def _passes(self, step: str) -> None:
        if self._mine:
            self._files.at(step)
        if not self._mine:
            raise JournalUnusable("the process is dead")

    @property
    def _mine(self) -> bool:
        return self._files.alive and self._files.path == self.path


def _found(before: bytes, after: bytes, cut: Cut, dice: Random) -> bytes:
    """Return the log of which only what a commit has changed may be missing."""
    if before == after:
        return after
    before = before.ljust(len(after), b"\0")
    size = len(after)
    first = bisect_left(range(size), True, key=lambda at: before[: at + 1] != after[: at + 1])
    end = size - bisect_left(range(size), True, key=lambda at: before[-at - 1 :] != after[-at - 1 :])
    return before[:first] + cut(before[first:end], after[first:end], dice) + after[end:]
