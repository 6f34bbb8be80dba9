"""The journal on a real disk: what survives, who may open it, and what is found when it was damaged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import trio

from messages.journal import Replay
from storage.disk import DiskStorage
from storage.errors import JournalDamaged, JournalError, JournalLocked, JournalUnusable, JournalVersionError
from storage.port import Opened
from storage.rows import Row, check_chain, digest
from storage.sqlite import SqliteJournal, journal_path

T = TypeVar("T")
ALL = Replay(whole=True)
MANY = 10**9


def chained(opened: Opened, count: int, *, size: int = 100, stream: str = "AAPL", checkpoint: int = 0) -> list[Row]:
    rows: list[Row] = []
    sequence, previous = opened.sequence, opened.hash
    for _ in range(count):
        sequence += 1
        fields = (sequence, "2026-11-22T14:30:00Z", stream, f"Kind{sequence % 3}", checkpoint, f"{sequence:0{size}}")
        rows.append(Row(*fields, previous, digest(previous, *fields)))
        previous = rows[-1].hash
    return rows


def after(rows: list[Row]) -> Opened:
    return Opened(rows[-1].sequence, rows[-1].hash, "")


def used(path: Path, job: Callable[[DiskStorage, Opened], Awaitable[T]]) -> T:
    async def main() -> T:
        storage = DiskStorage(path)
        opened = await storage.open("test", "2026-11-22T14:30:00Z")
        try:
            return await job(storage, opened)
        finally:
            await storage.close()

    return trio.run(main)


def written(path: Path, count: int, transactions: int = 1) -> list[Row]:
    async def write(storage: DiskStorage, opened: Opened) -> list[Row]:
        rows: list[Row] = []
        for _ in range(transactions):
            rows += chained(after(rows) if rows else opened, count)
            await storage.append(rows[-count:])
        return rows

    return used(path, write)


def contents(path: Path) -> list[Row]:
    async def read(storage: DiskStorage, opened: Opened) -> list[Row]:
        return await storage.read(ALL, 0, MANY, MANY)

    return used(path, read)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pitboss.journal"


def crashed_copy(path: Path, rows_per_transaction: list[int]) -> list[Row]:
    """Leave at `path` what a process leaves that wrote these and was killed."""
    work = path.with_name("work")

    async def write(storage: DiskStorage, opened: Opened) -> list[Row]:
        rows: list[Row] = []
        for count in rows_per_transaction:
            rows += chained(after(rows) if rows else opened, count)
            await storage.append(rows[-count:])
        for suffix in ("", "-wal"):
            shutil.copy(f"{work}{suffix}", f"{path}{suffix}")
        return rows

    path.parent.mkdir(parents=True)
    return used(work, write)


def test_what_was_appended_is_there_after_it_was_closed_and_opened(path: Path) -> None:
    rows = written(path, 5, transactions=3)
    assert contents(path) == rows
    assert not path.with_name(path.name + "-wal").exists()

    async def stand(storage: DiskStorage, opened: Opened) -> Opened:
        return opened

    assert used(path, stand) == after(rows)


def test_what_a_start_finds_in_the_log_is_in_the_file_before_anybody_relies_on_it(path: Path) -> None:
    """A sync of the log may have failed, and Linux drops such pages: a later sync of them says that all is well."""
    rows = crashed_copy(path, [3, 1, 1, 2])
    alone = path.with_name("alone")

    async def copy_the_file_alone(storage: DiskStorage, opened: Opened) -> None:
        shutil.copy(path, alone)

    used(path, copy_the_file_alone)
    assert contents(alone) == rows


def test_it_is_durable_in_the_way_that_was_asked_for(path: Path) -> None:
    journal = SqliteJournal(path)
    path.parent.mkdir()
    journal.open("test", "now")
    assert journal._pragma("journal_mode") == "wal"
    assert journal._pragma("synchronous") == 2  # FULL
    journal.close()


def test_reads_are_in_order_and_cut_as_asked(path: Path) -> None:
    async def job(storage: DiskStorage, opened: Opened) -> None:
        first = chained(opened, 10)
        other = chained(after(first), 3, stream="MSFT", checkpoint=1)
        last = chained(after(other), 10, checkpoint=0)
        mark = chained(after(last), 1, checkpoint=1)
        end = chained(after(mark), 2)
        for rows in (first, other, last, mark, end):
            await storage.append(rows)
        assert await storage.read(Replay("AAPL"), 0, MANY, 100) == mark + end
        assert await storage.read(Replay("AAPL", whole=True), 0, MANY, 100) == first + last + mark + end
        assert await storage.read(Replay("AAPL", whole=True), 8, 15, 100) == first[8:] + last[:2]
        assert await storage.read(Replay("AAPL", whole=True), 8, MANY, 3) == [*first[8:], last[0]]
        assert await storage.read(Replay("MSFT"), 0, MANY, 100) == other[2:]
        everything = first + other + last + mark + end
        kinds = ("Kind2", "Kind0", "Kind2")
        assert await storage.read(Replay(kinds=kinds), 0, MANY, 100) == [row for row in everything if row.kind in kinds]
        assert await storage.read(Replay("AAPL", ("Kind1",)), 0, MANY, 100) == [
            row for row in mark + end if row.kind == "Kind1"
        ]
        assert await storage.read(Replay("TSLA"), 0, MANY, 100) == []

    used(path, job)


def test_a_second_owner_is_refused_and_told_who_has_it(path: Path) -> None:
    async def job(storage: DiskStorage, opened: Opened) -> None:
        with pytest.raises(JournalLocked, match=f"{path} is in use by process {os.getpid()}") as caught:
            await DiskStorage(path).open("other", "")
        assert caught.value.exit_code == 1

    used(path, job)
    written(path, 1)


def test_readers_need_no_lock_and_see_what_is_durable(path: Path) -> None:
    async def job(storage: DiskStorage, opened: Opened) -> None:
        rows = chained(opened, 3)
        await storage.append(rows)
        reader = SqliteJournal(path, read_only=True)
        reader.open()
        assert reader.read(ALL, 0, MANY, MANY) == rows
        await storage.append(chained(after(rows), 1))
        assert len(reader.read(ALL, 0, MANY, MANY)) == 4
        with pytest.raises(JournalUnusable, match=r"readonly|query"):
            reader.append(chained(after(rows), 1))
        reader.close()

    used(path, job)


def test_records_can_be_neither_changed_nor_deleted(path: Path) -> None:
    written(path, 3)
    connection = sqlite3.connect(path)
    for statement in ("UPDATE entry SET payload = 'x'", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_another_version_and_another_file_are_refused(path: Path) -> None:
    written(path, 1)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(JournalVersionError, match="has schema version 99; this program reads version 1 only"):
        contents(path)
    foreign = path.with_name("foreign")
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE somebody (elses)")
    connection.close()
    with pytest.raises(JournalVersionError, match="is not a journal of Pitboss"):
        contents(foreign)
    text = path.with_name("text")
    text.write_text("dear diary\n" * 100)
    with pytest.raises(JournalDamaged, match="not a database"):
        contents(text)
    assert text.read_text() == "dear diary\n" * 100


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalUnusable, match="file"):
        contents(tmp_path / "file" / "pitboss.journal")
    (tmp_path / "folder").mkdir()
    with pytest.raises(JournalUnusable, match="unable to open"):
        contents(tmp_path / "folder")


@pytest.mark.parametrize(
    ("url", "expected"),
    [("sqlite:///pitboss.journal", "/state/pitboss.journal"), ("sqlite:////abs/j.db", "/abs/j.db")],
)
def test_a_relative_url_lies_in_the_state_folder(url: str, expected: str) -> None:
    assert journal_path(url, Path("/state")) == Path(expected)


@pytest.mark.parametrize("url", ["postgresql://x/y", "sqlite://", "sqlite:///:memory:", "no url", ""])
def test_a_url_that_is_no_sqlite_file_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"journal\.url"):
        journal_path(url, Path("/state"))


def test_a_record_that_was_altered_through_sqlite_is_found(path: Path) -> None:
    written(path, 20)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute("UPDATE entry SET payload = 'x' WHERE sequence = 12")
    connection.commit()
    connection.close()
    with pytest.raises(JournalDamaged, match="record 12: it is not as it was written") as caught:
        contents(path)
    assert (caught.value.sequence, caught.value.exit_code) == (12, 4)


def test_a_record_that_is_missing_is_found(path: Path) -> None:
    written(path, 20)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER entry_no_delete")
    connection.execute("DELETE FROM entry WHERE sequence = 12")
    connection.commit()
    connection.close()
    with pytest.raises(JournalDamaged, match="record 12: it is missing"):
        contents(path)


def test_beyond_its_limit_the_start_follows_the_end_of_the_chain_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = written(path, 50)
    monkeypatch.setattr("storage.disk.CHECKED_AT_START", 10)
    assert contents(path) == rows
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute("UPDATE entry SET payload = 'x' WHERE sequence = 12")
    connection.commit()

    async def read(storage: DiskStorage, opened: Opened) -> None:
        assert await storage.read(ALL, 12, MANY, MANY) == rows[12:]
        with pytest.raises(JournalDamaged, match="record 12"):
            await storage.read(ALL, 11, MANY, MANY)

    used(path, read)
    connection.execute("UPDATE entry SET payload = 'x' WHERE sequence = 45")
    connection.commit()
    connection.close()
    with pytest.raises(JournalDamaged, match="record 45"):
        contents(path)


WRITER = """
import sys, trio
from pathlib import Path
from actors.runtime.base import RunQueueActor
from actors.journal import JournalActor
from storage.disk import DiskStorage
from actors.runtime.system import System
from config.environment import machine
from messages.journal import Append, Appended, Entry
from messages.order import IdsReserved

class Writer(RunQueueActor):
    def on_start(self):
        self.next = 0
        for _ in range(40):
            self.write()

    def write(self):
        self.next += 1
        entries = tuple(Entry("orders", IdsReserved(self.next)) for _ in range(self.next % 3 + 1))
        self.system.address("journal").tell(Append(entries, "writer", str(self.next)))

    def on_receive(self, message):
        assert type(message) is Appended, message
        print(message.token, message.sequence, flush=True)
        self.write()

async def main():
    async with trio.open_nursery() as nursery:
        system = System(machine())
        await nursery.start(lambda task_status: system.run(task_status=task_status))
        storage = DiskStorage(Path(sys.argv[1]))
        await system.start("journal", lambda context: JournalActor(context, storage=storage, owner="test"))
        await system.start("writer", Writer)

trio.run(main)
"""


def test_sigkill_loses_nothing_that_was_acknowledged_and_gives_the_lock_back(path: Path) -> None:
    known = 0
    for acknowledged in (1, 40, 600):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        answers = [process.stdout.readline().split() for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        answers += [line.split() for line in process.stdout.read().splitlines() if line.count(" ") == 1]
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        rows = contents(path)
        found = {row.sequence: row.payload for row in rows}
        for token, sequence in answers[:-1]:
            assert found[int(sequence)] == f'{{"next_order_id":{token}}}'
        # each append is there as a whole or not at all
        for payload, count in Counter(row.payload for row in rows[known:]).items():
            assert count == json.loads(payload)["next_order_id"] % 3 + 1
        assert len(rows) > known
        known = len(rows)
        check_chain(rows[1:], 1, rows[0].hash)


def used_part(wal: bytes) -> bytes:
    """Without what was reserved and never written."""
    frame = 24 + 4096
    return wal[: 32 + -(-(len(wal.rstrip(b"\0")) - 32) // frame) * frame]


@pytest.mark.parametrize("ending", ["the file ends", "zeros follow", "frames of an earlier round follow"])
def test_a_torn_tail_is_cut_off_and_said(path: Path, ending: str) -> None:
    rows = crashed_copy(path, [3, 2, 1])
    wal = path.with_name(path.name + "-wal")
    full, base = used_part(wal.read_bytes()), path.read_bytes()
    wal.write_bytes(full)
    earlier = bytearray(full)
    for at in range(32, len(full), 24 + 4096):
        earlier[at + 8] ^= 0xFF
    rest = {"the file ends": b"", "zeros follow": bytes(len(full) + 9 * 4120)}.get(ending, bytes(earlier) * 2)
    assert contents(path) == rows
    frame = 24 + 4096
    last = 0
    # back from the end: the last transaction is a few frames long
    for cut in range(len(full) - 1, len(full) - 6 * frame, -997):
        path.write_bytes(base)
        wal.write_bytes(full[:cut] + rest[cut:])

        async def recovered(storage: DiskStorage, opened: Opened) -> tuple[Opened, list[Row]]:
            found = await storage.read(ALL, 0, MANY, MANY)
            await storage.append(chained(opened, 1))
            return opened, found

        opened, found = used(path, recovered)
        if wal_was_whole := full == (full[:cut] + rest[cut:])[: len(full)]:
            assert found == rows
        else:
            assert found in (rows[:5], rows[:3])
        if found == rows[:5]:
            last += 1
        # whatever of a frame can be told to belong to the last round was dropped, and is said
        begins = len(full) - _last_transaction(full) * frame
        needed = frame if ending == "the file ends" else 16
        if found != rows[:3]:
            assert bool(opened.repaired) == (begins + needed <= cut and not wal_was_whole)
        assert len(contents(path)) == len(found) + 1
    assert last > 3


def _last_transaction(wal: bytes) -> int:
    frame = 24 + 4096
    commits = [int.from_bytes(wal[at + 4 : at + 8], "big") != 0 for at in range(32, len(wal), frame)]
    assert commits[-1]
    return next(back for back in range(1, len(commits)) if commits[-1 - back])


def flipped(content: bytes, offset: int) -> bytes:
    return content[:offset] + bytes([content[offset] ^ 1 << offset % 8]) + content[offset + 1 :]


def test_a_bit_flipped_in_the_file_is_found_or_changes_nothing(path: Path) -> None:
    rows = written(path, 60, transactions=2)
    good = path.read_bytes()
    detected = 0
    for offset in [*range(0, 100, 7), *range(100, len(good), len(good) // 120)]:
        path.write_bytes(flipped(good, offset))
        try:
            assert contents(path) == rows, f"offset {offset}"
        except JournalError:
            detected += 1
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert detected > 60


def test_a_bit_flipped_in_the_write_ahead_log_is_found_or_changes_nothing(path: Path) -> None:
    rows = crashed_copy(path, [3, 1, 1, 2])
    wal = path.with_name(path.name + "-wal")
    good, base = used_part(wal.read_bytes()), path.read_bytes()
    refused = said = 0
    for offset in [*range(0, 56, 3), *range(56, len(good), len(good) // 120)]:
        path.write_bytes(base)
        wal.write_bytes(flipped(good, offset))
        path.with_name(path.name + "-shm").unlink(missing_ok=True)

        async def look(storage: DiskStorage, opened: Opened) -> tuple[str, list[Row]]:
            return opened.repaired, await storage.read(ALL, 0, MANY, MANY)

        try:
            repaired, found = used(path, look)
        except JournalError:
            refused += 1
        else:
            if found != rows:
                # in the last transaction it cannot be told from one that was never finished
                assert repaired, f"offset {offset}"
                assert found == rows[:5]
                said += 1
    assert refused > 60
    assert said > 5


def test_the_write_ahead_log_is_moved_into_the_file_beside_the_writing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.disk.CHECKPOINT_BESIDE", 5)
    monkeypatch.setattr("storage.disk.CHECKPOINT_NOW", 60)

    async def job(storage: DiskStorage, opened: Opened) -> list[Row]:
        rows: list[Row] = []
        for count in (1, 3, 7) * 50:
            rows += chained(after(rows) if rows else opened, count, size=1000)
            await storage.append(rows[-count:])
        # half a megabyte has gone through it, and it is as long as it was made
        assert path.with_name(path.name + "-wal").stat().st_size == 1_000 * 4_120
        assert path.stat().st_size > 400_000
        return rows

    rows = used(path, job)
    assert contents(path) == rows
