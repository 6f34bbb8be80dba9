"""The reserve on a real disk: made beforehand, written when the journal cannot be, moved into it by the next start."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
import trio

from messages.journal import Replay
from storage.disk import DiskStorage
from storage.errors import JournalDamaged, JournalUnusable
from storage.port import Opened
from storage.reserve import Mark, ReserveFile
from storage.rows import GENESIS_SEQUENCE, Row, seal

T = TypeVar("T")
ALL = Replay(whole=True)
MANY = 10**9
NOW = "2026-11-22T14:30:00Z"
SMALL = 20_000
MARK = Mark(GENESIS_SEQUENCE, bytes(32), b"", 0, NOW, "no room")


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Writing past `size` bytes of any file fails, as on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def texts(first: int, count: int, size: int = 100) -> list[tuple[str, str, str, int, str]]:
    return [(NOW, "AAPL", "Kind", 0, f"{number:0{size}}") for number in range(first, first + count)]


def fields(rows: list[Row]) -> list[tuple[str, str, str, int, str]]:
    return [(row.time, row.stream, row.kind, row.checkpoint, row.payload) for row in rows]


def used(path: Path, job: Callable[[DiskStorage, Opened], Awaitable[T]]) -> T:
    async def main() -> T:
        storage = DiskStorage(path)
        opened = await storage.open("test", NOW)
        try:
            return await job(storage, opened)
        finally:
            await storage.close()

    return trio.run(main)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pitboss.journal"


def test_a_disk_without_room_leaves_the_reserve_and_nothing_is_lost_or_twice(path: Path) -> None:
    async def fill(storage: DiskStorage, opened: Opened) -> list[Row]:
        rows: list[Row] = []
        sequence, previous = opened.sequence, opened.hash
        with files_no_longer_than(300_000):
            while True:
                group = seal(texts(sequence, 5, 2_000), sequence, previous)
                try:
                    await storage.append(group)
                except JournalUnusable:
                    break
                rows += group
                sequence, previous = group[-1].sequence, group[-1].hash
            await storage.fall_back(Mark(sequence, previous, group[-1].hash, 2, NOW, "no room"))
            carried = seal(fields(group[1:3]), sequence, previous)
            late = seal(texts(900, 1), carried[-1].sequence, carried[-1].hash)
            await storage.append_reserve(carried)
            await storage.append_reserve(late)
            # what was acknowledged can still be read
            assert await storage.read(ALL, 0, sequence, MANY) == rows
        return rows + carried + late

    written = used(path, fill)

    async def look(storage: DiskStorage, opened: Opened) -> list[Row]:
        assert opened.recovered == "3 records came from the reserve"
        rows = await storage.read(ALL, 0, MANY, MANY)
        assert rows[-1].sequence == opened.sequence
        return rows

    found = used(path, look)
    assert found[:-1] == written
    assert found[-1].kind == "JournalRecovered"

    async def nothing_more(storage: DiskStorage, opened: Opened) -> str:
        return opened.recovered

    assert used(path, nothing_more) == ""


def test_a_failed_transaction_that_is_there_after_all_is_not_repeated(path: Path) -> None:
    async def doubtful(storage: DiskStorage, opened: Opened) -> list[Row]:
        first = seal(texts(1, 2), opened.sequence, opened.hash)
        await storage.append(first)
        group = seal(texts(3, 3), 2, first[-1].hash)
        await storage.append(group)  # as far as the process knew, this failed
        await storage.fall_back(Mark(2, first[-1].hash, group[-1].hash, 2, NOW, "no room"))
        carried = seal(fields(group[1:]), 2, first[-1].hash)
        await storage.append_reserve([*carried, *seal(texts(9, 1), carried[-1].sequence, carried[-1].hash)])
        return first + group

    written = used(path, doubtful)

    async def look(storage: DiskStorage, opened: Opened) -> list[Row]:
        return await storage.read(ALL, 0, MANY, MANY)

    found = used(path, look)
    assert found[:5] == written
    assert [row.payload for row in found[5:-1]] == [f"{9:0100}"]


def test_a_journal_that_lost_acknowledged_records_is_refused(path: Path) -> None:
    async def job(storage: DiskStorage, opened: Opened) -> None:
        rows = seal(texts(1, 2), opened.sequence, opened.hash)
        await storage.fall_back(Mark(2, rows[-1].hash, b"", 0, NOW, "no room"))
        await storage.append_reserve(seal(texts(9, 1), 2, rows[-1].hash))

    used(path, job)
    with pytest.raises(JournalDamaged, match="record 1: its reserve goes on after record 2, which is missing"):
        used(path, job)


def reserve(path: Path, groups: int) -> tuple[ReserveFile, list[list[Row]]]:
    file = ReserveFile(path, SMALL)
    file.renew()
    file.begin(MARK)
    sequence, previous = MARK.sequence, MARK.hash
    written = []
    for number in range(groups):
        rows = seal(texts(number, number % 3 + 1), sequence, previous)
        file.append(rows)
        sequence, previous = rows[-1].sequence, rows[-1].hash
        written.append(rows)
    file.close()
    return file, written


def test_it_is_as_long_as_it_was_made_whatever_is_written(path: Path) -> None:
    file, written = reserve(path, 5)
    assert file.path.stat().st_size == SMALL
    held = file.read()
    assert held == (MARK, [row for group in written for row in group], False)


def test_torn_at_each_byte_of_its_last_frame_it_gives_what_was_acknowledged(path: Path) -> None:
    file, written = reserve(path, 3)
    content = file.path.read_bytes()
    end = len(content.rstrip(b"\0"))
    last = content.rindex(b"PbJr")
    for cut in range(last, end):
        file.path.write_bytes(content[:cut].ljust(SMALL, b"\0"))
        held = file.read()
        assert held == (MARK, written[0] + written[1], cut > last)


def test_a_bit_flipped_in_it_is_found_or_reported(path: Path) -> None:
    file, written = reserve(path, 6)
    good = file.path.read_bytes()
    last = good.rindex(b"PbJr")
    for offset in range(0, len(good.rstrip(b"\0")), 13):
        file.path.write_bytes(good[:offset] + bytes([good[offset] ^ 1 << offset % 8]) + good[offset + 1 :])
        if offset < last:
            with pytest.raises(JournalDamaged, match="is damaged at byte"):
                file.read()
        else:
            held = file.read()
            assert held is not None
            assert held.torn
            assert held.rows == [row for group in written[:-1] for row in group]


def test_what_does_not_fit_is_refused_as_a_whole(path: Path) -> None:
    file = ReserveFile(path, size=2_000)
    file.renew()
    file.begin(MARK)
    rows = seal(texts(1, 1), MARK.sequence, MARK.hash)
    file.append(rows)
    with pytest.raises(JournalUnusable, match="is full"):
        file.append(seal(texts(2, 1, 2_000), 1, rows[-1].hash))
    file.append(seal(texts(3, 1), 1, rows[-1].hash))
    file.close()
    held = file.read()
    assert held is not None
    assert len(held.rows) == 2


def test_a_start_on_a_disk_without_room_for_it_is_refused(path: Path) -> None:
    async def nothing(storage: DiskStorage, opened: Opened) -> None:
        return None

    with files_no_longer_than(1_000_000), pytest.raises(JournalUnusable, match=r"pitboss\.journal\.reserve"):
        used(path, nothing)
    used(path, nothing)
