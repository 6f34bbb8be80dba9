"""What a start finds where the power failed: a simulated disk's records, in a journal's real files, and torn there.

`SimulatedDisk` knows transactions that are safe and some that are not. Here they become SQLite's file and write-ahead
log and the reserve, what was not synced is cut somewhere, and `DiskStorage` opens what is left: so storms meet the very
code that reads a torn disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from attrs import frozen

from messages.journal import Replay
from storage.errors import JournalUnusable
from storage.port import Opened
from storage.power import Cut, MortalFiles
from storage.reserve import Mark, row_size
from storage.rows import Header, Row
from storage.sqlite import SqliteJournal

__all__ = ["Wreck", "opened_after"]

_ALL = Replay()
_RECENT, _TOGETHER = 40, 16  # records that are in the write-ahead log still, and in one transaction of it
_EMPTY_RESERVE = 20_000  # bytes
_MEMORY = Path("/dev/shm")  # where a sync costs nothing, on machines that have it


@frozen
class Wreck:
    """What there was when the power failed. `cut` says what is left of the bytes that were not synced.

    `unsynced` are transactions of which the first ones may be there, and one in part; `reserve_unsynced` is a group.
    """

    header: Header
    rows: Sequence[Row]
    unsynced: Sequence[Sequence[Row]]
    mark: Mark | None
    reserve: Sequence[Row]
    reserve_unsynced: Sequence[Row]
    cut: Cut
    seed: str


async def opened_after(wreck: Wreck, created: str) -> tuple[Opened, list[Row]]:
    """Open what is left; return how it was opened, and all that is there. Raises JournalError where it is refused."""
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    try:
        files = await _torn(wreck, folder)
        storage = files.storage()
        opened = await storage.open(wreck.header.owner, created)
        try:
            return opened, await storage.read(_ALL, 0, opened.sequence, opened.sequence + 1)
        finally:
            await storage.close()
    finally:
        shutil.rmtree(folder)


async def _torn(wreck: Wreck, folder: Path) -> MortalFiles:
    dice = Random(wreck.seed)
    tearing = False

    def refuse(step: str) -> None:
        if tearing and step.endswith("write"):
            raise JournalUnusable("the power fails")

    reserve = sum(2 * row_size(row) for row in (*wreck.reserve, *wreck.reserve_unsynced))
    files = MortalFiles(folder, refuse, reserve_bytes=reserve + _EMPTY_RESERVE)
    storage = files.storage()
    await storage.open(wreck.header.owner, wreck.header.created)
    old = max(0, len(wreck.rows) - _RECENT)
    if old:
        await storage.append(list(wreck.rows[:old]))
        storage.move()
    for start in range(old, len(wreck.rows), _TOGETHER):
        await storage.append(list(wreck.rows[start : start + _TOGETHER]))
    arrived = dice.randrange(len(wreck.unsynced)) if wreck.unsynced else 0
    for transaction in wreck.unsynced[:arrived]:
        await storage.append(list(transaction))
    moving = _half_moved(files, folder / "moved") if dice.random() < 0.3 else None
    if wreck.unsynced:
        tearing = True
        with suppress(JournalUnusable):
            await storage.append(list(wreck.unsynced[arrived]))
        tearing = False
    if wreck.mark is not None:
        await storage.fall_back(wreck.mark)
        if wreck.reserve:
            await storage.append_reserve(list(wreck.reserve))
        if wreck.reserve_unsynced:
            tearing = True
            with suppress(JournalUnusable):
                await storage.append_reserve(list(wreck.reserve_unsynced))
    if moving is not None:
        files.unsynced[""] = moving
    files.die(wreck.cut, dice)
    await storage.close()
    return files


def _half_moved(files: MortalFiles, aside: Path) -> tuple[bytes, bytes]:
    """Return the file before, and after, the write-ahead log was moved into it: the power fails in between."""
    aside.mkdir()
    journal = SqliteJournal(aside / files.path.name)
    for suffix in ("", "-wal"):
        shutil.copy(files.file(suffix), aside / f"{files.path.name}{suffix}")
    journal.open()
    try:
        journal.checkpoint()
        return files.path.read_bytes(), journal.path.read_bytes()
    finally:
        journal.close()
