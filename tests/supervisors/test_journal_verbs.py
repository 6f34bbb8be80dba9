"""`pitboss journal verify|dump|stats|backup`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import trio

from messages.codec import encode
from messages.order import IdsReserved
from messages.risk import TradingHalted
from storage.disk import DiskStorage
from storage.rows import Row, digest
from supervisors.journal_verbs import backup, dump, stats, verify


def rows(sequence: int, previous: bytes, contents: list[tuple[str, str, str]]) -> list[Row]:
    made: list[Row] = []
    for stream, kind, payload in contents:
        sequence += 1
        fields = (sequence, f"2026-11-22T14:30:{sequence:02}Z", stream, kind, int(sequence == 3), payload)
        made.append(Row(*fields, previous, digest(previous, *fields)))
        previous = made[-1].hash
    return made


GOOD = [
    ("orders", *encode(IdsReserved(100))),
    ("portfolio", *encode(TradingHalted("loss, 5 % – “enough”"))),
    ("orders", *encode(IdsReserved(200))),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "pitboss.journal", GOOD)


def write(path: Path, contents: list[tuple[str, str, str]]) -> Path:
    async def main() -> None:
        storage = DiskStorage(path)
        opened = await storage.open("test", "2026-11-22T14:30:00Z")
        await storage.append(rows(opened.sequence, opened.hash, contents))
        await storage.close()

    trio.run(main)
    return path


def alter(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_verify_accepts_a_good_journal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(path) == 0
    assert f"{path}: 3 records, none missing, none altered" in capsys.readouterr().out


def test_verify_says_where_a_journal_is_damaged(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter(path, "UPDATE entry SET stream = 'x' WHERE sequence = 2")
    assert verify(path) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"{path}: record 2: it is not as it was written: its hash does not fit\n"


def test_verify_reads_every_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "j", [*GOOD, ("x", "OfTomorrow", "{}")])
    assert verify(path) == 4
    assert "record 4: it cannot be read: OfTomorrow" in capsys.readouterr().err


def test_verify_finds_a_header_that_was_altered(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter(path, "UPDATE header SET value = 'somebody' WHERE key = 'owner'")
    assert verify(path) == 4
    assert "record 1: it does not follow from the record before" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [verify, dump, stats])
def test_a_path_without_a_journal_is_a_clear_error(
    verb: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(verb)
    assert verb(tmp_path / "none") == 1
    assert "none: no such file" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    (tmp_path / "text").write_text("hello " * 1000)
    assert verb(tmp_path / "text") == 4
    assert "text: the file" in capsys.readouterr().err


def test_dump_prints_json_lines(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dump(path) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["sequence"] for line in lines] == [1, 2, 3]
    assert lines[0] == {
        "sequence": 1,
        "time": "2026-11-22T14:30:01Z",
        "stream": "orders",
        "kind": "IdsReserved",
        "payload": {"next_order_id": 100},
    }
    assert lines[1]["payload"]["reason"] == "loss, 5 % – “enough”"
    assert lines[2]["checkpoint"] is True


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"stream": "orders"}, [1, 3]),
        ({"kinds": ("TradingHalted",)}, [2]),
        ({"after": 1}, [2, 3]),
        ({"last": 2}, [2, 3]),
        ({"last": 0}, []),
        ({"last": 9}, [1, 2, 3]),
        ({"stream": "orders", "last": 1}, [3]),
        ({"kinds": ("IdsReserved",), "last": 1}, [3]),
        ({"stream": "none"}, []),
    ],
)
def test_dump_selects(
    path: Path, options: dict[str, object], expected: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dump(path, **options) == 0  # type: ignore[arg-type]
    assert [json.loads(line)["sequence"] for line in capsys.readouterr().out.splitlines()] == expected


def test_dump_stops_at_damage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter(path, "UPDATE entry SET payload = '{}' WHERE sequence = 2")
    assert dump(path) == 4
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert "record 2" in captured.err


def test_stats_counts_kinds_and_streams(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stats(path) == 0
    out = capsys.readouterr().out
    assert "3 in 2 streams" in out
    assert "2026-11-22T14:30:01Z to 2026-11-22T14:30:03Z" in out
    assert "made 2026-11-22T14:30:00Z by test" in out
    assert "           2  IdsReserved\n           1  TradingHalted" in out


def test_an_empty_journal_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        storage = DiskStorage(tmp_path / "j")
        await storage.open("test", "now")
        await storage.close()

    trio.run(main)
    for verb in (verify, dump, stats):
        assert verb(tmp_path / "j") == 0
    assert "0 records" in capsys.readouterr().out


def test_they_read_while_the_owner_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "j"

    async def main() -> None:
        storage = DiskStorage(path)
        opened = await storage.open("test", "now")
        first = rows(opened.sequence, opened.hash, GOOD)
        await storage.append(first)
        assert verify(path) == 0
        assert stats(path) == 0
        await storage.append(rows(3, first[-1].hash, GOOD))
        assert dump(path) == 0
        assert verify(path) == 0
        await storage.close()

    trio.run(main)
    out = capsys.readouterr().out
    assert "3 records, none missing" in out
    assert "6 records, none missing" in out


def test_a_copy_is_whole_also_while_the_journal_is_written(path: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()

    async def main() -> None:
        storage = DiskStorage(path)
        opened = await storage.open("test", "2026-11-22T14:30:00Z")
        await storage.append(rows(opened.sequence, opened.hash, GOOD))
        assert backup(path, folder) == 0
        await storage.close()

    trio.run(main)
    assert "6 records, none missing, none altered" in capsys.readouterr().out
    (copy,) = folder.iterdir()
    assert copy.name == "pitboss.journal.000000000006"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert backup(path, folder) == 0
    assert "is there already, and nothing has been written since" in capsys.readouterr().out
    assert write(copy, GOOD) == copy, "a process goes on from it"
    assert verify(copy) == 0


def test_a_copy_replaces_nothing_and_one_of_a_damaged_journal_is_not_kept(path: Path, tmp_path: Path, capsys) -> None:
    target = tmp_path / "copy"
    target.write_text("something else")
    assert backup(path, target) == 4
    assert "is there already" in capsys.readouterr().err
    assert target.read_text() == "something else"
    alter(path, "UPDATE entry SET payload = '{}' WHERE sequence = 2")
    assert backup(path, tmp_path / "other") == 4
    assert not (tmp_path / "other").exists()
    assert backup(path, tmp_path / "nowhere" / "copy") == 4
    assert backup(tmp_path / "none", tmp_path / "other") == 1
