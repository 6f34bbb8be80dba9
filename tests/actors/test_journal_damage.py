"""One flipped bit anywhere in what a journal leaves on the disk, and a tail torn at each byte of its last record.

The suite takes a sample; `JOURNAL_DAMAGE=1000 pytest -s tests/actors/test_journal_damage.py` takes a thousand bits and
each byte, and prints the counts.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import trio

from messages.codec import encode
from messages.gateway import OrderNotSent
from messages.journal import Replay
from storage.disk import DiskStorage
from storage.errors import JournalError
from storage.port import Opened
from storage.reserve import Mark
from storage.rows import Row, seal

OFFSETS = int(os.environ.get("JOURNAL_DAMAGE", "0"))
SAMPLE = 150
SEED = 45
NOW = "2026-11-22T14:30:00Z"
FRAME = 24 + 4096
EVERYTHING = Replay(whole=True)


class Left(NamedTuple):
    """What a process that was killed leaves: its files by their suffix, the records in them, and of those in the last
    transaction of the log, of the reserve, how many."""

    files: dict[str, bytes]
    rows: list[Row]
    last: int


def payloads(first: int, count: int) -> list[tuple[str, str, str, int, str]]:
    notices = (OrderNotSent(f"pb-{number}", number, f"reason {number}") for number in range(first, first + count))
    return [(NOW, "AAPL", kind, 0, text) for kind, text in map(encode, notices)]


def leave(folder: Path, *, failed: bool) -> Left:
    """Write a journal, kill its process, and return what it left; with `failed` it had gone on in the reserve."""
    path = folder / "work"

    async def write() -> Left:
        # a log that is made no longer than it is: only what was written can be damaged
        storage = DiskStorage(path, log_bytes=0, reserve_bytes=20_000)
        opened = await storage.open("test", NOW)
        sequence, previous = opened.sequence, opened.hash
        rows: list[Row] = []

        for count in (40, 5, 3, 1):
            group = seal(payloads(sequence, count), sequence, previous)
            await storage.append(group)
            rows, sequence, previous = rows + group, group[-1].sequence, group[-1].hash
            if len(rows) == 40:
                storage._writing.checkpoint()  # some lie in the file, the others in the log only
        if failed:
            await storage.fall_back(Mark(sequence, previous, b"", 0, NOW, "no room"))
            for count in (4, 1):
                group = seal(payloads(sequence, count), sequence, previous)
                await storage.append_reserve(group)
                rows, sequence, previous = rows + group, group[-1].sequence, group[-1].hash
        files = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal", ".reserve")}
        await storage.close()
        return Left(files, rows, 1)

    return trio.run(write)


def recovered(path: Path, files: dict[str, bytes], changed: str, content: bytes) -> tuple[Opened, list[Row]]:
    """Start on these files, one of them changed; return what the start said and every record that it gives."""
    Path(f"{path}-shm").unlink(missing_ok=True)
    for suffix, good in files.items():
        Path(f"{path}{suffix}").write_bytes(content if suffix == changed else good)

    async def start() -> tuple[Opened, list[Row]]:
        storage = DiskStorage(path, log_bytes=0, reserve_bytes=20_000)
        opened = await storage.open("test", NOW)
        try:
            rows = await storage.read(EVERYTHING, 0, 10**9, 10**9)
            return opened, [row for row in rows if row.kind != "JournalRecovered"]
        finally:
            await storage.close()

    return trio.run(start)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pitboss.journal"


@pytest.mark.parametrize("failed", [False, True], ids=["journal", "journal and reserve"])
def test_one_flipped_bit_is_detected_or_leaves_every_record_as_it_was(path: Path, failed: bool) -> None:
    left = leave(path.parent, failed=failed)
    spans = {suffix: len(content.rstrip(b"\0")) for suffix, content in left.files.items()}
    spans["-wal"] = 32 + -(-(spans["-wal"] - 32) // FRAME) * FRAME
    places = [(suffix, offset) for suffix, span in spans.items() for offset in range(span)]
    random = Random(SEED)
    outcomes: Counter[str] = Counter()
    for suffix, offset in random.sample(places, OFFSETS or SAMPLE):
        content = bytearray(left.files[suffix])
        content[offset] ^= 1 << random.randrange(8)
        try:
            opened, rows = recovered(path, left.files, suffix, bytes(content))
        except JournalError:
            outcomes["the start, or the reading, is refused"] += 1
            continue
        if rows == left.rows:
            outcomes["every record is as it was"] += 1
            continue
        # at the very end it looks like a write that was not finished: it is cut off, and that is said
        assert rows == left.rows[: -left.last], (suffix, offset)
        assert opened.repaired or "unfinished" in opened.recovered, (suffix, offset)
        outcomes["the last write is cut off and reported"] += 1
    print(f"\n{OFFSETS or SAMPLE} flipped bits ({'reserve too' if failed else 'file and log'}): {dict(outcomes)}")
    assert outcomes["the start, or the reading, is refused"] > (OFFSETS or SAMPLE) / 4


def test_torn_at_each_byte_of_its_last_record_it_recovers(path: Path) -> None:
    left = leave(path.parent, failed=False)
    wal = left.files["-wal"]
    # what follows the frames of this round is from an earlier one, before the log was begun anew
    frames = [at for at in range(32, len(wal) - FRAME + 1, FRAME) if wal[at + 8 : at + 16] == wal[16:24]]
    commits = [at for at in frames if any(wal[at + 4 : at + 8])]
    begin, end = commits[-2] + FRAME, commits[-1] + FRAME
    at = wal.rindex(left.rows[-1].payload.encode(), begin, end)
    record = range(at - 64, at + len(left.rows[-1].payload) + 128)
    cuts = sorted({*record[:: 1 if OFFSETS else 5], *range(begin, end, 17 if OFFSETS else 613)})
    outcomes: Counter[str] = Counter()
    for cut in cuts:
        opened, rows = recovered(path, left.files, "-wal", wal[:cut] + bytes(len(wal) - cut))
        # the last page ends in bytes that are zero either way
        assert rows == left.rows[:-1] or not any(wal[cut:end]), cut
        outcomes["reported" if opened.repaired else "before its first frame was whole"] += 1
    print(f"\ntorn at {len(cuts)} bytes of the last transaction: {dict(outcomes)}")
    assert outcomes["reported"] > 50


def test_the_reserve_torn_at_each_byte_of_its_last_record_recovers(path: Path) -> None:
    left = leave(path.parent, failed=True)
    reserve = left.files[".reserve"]
    begin, end = reserve.rindex(b"PbJr"), len(reserve.rstrip(b"\0"))
    for cut in range(begin, end, 1 if OFFSETS else 7):
        opened, rows = recovered(path, left.files, ".reserve", reserve[:cut].ljust(len(reserve), b"\0"))
        assert rows == left.rows[:-1], cut
        assert "4 records came from the reserve" in opened.recovered
        assert ("unfinished" in opened.recovered) == (cut > begin)
