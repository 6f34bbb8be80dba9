"""Following a log: chunks, rotation, compression, cuts, damage."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.tail import LogTail, StreamTail
from monitoring.tail.lines import LONGEST, Lines

Follow = Callable[..., LogTail]


@pytest.fixture
def follow() -> Iterator[Follow]:
    """A `LogTail`, closed at the end."""
    with ExitStack() as stack:

        def begin(path: Path, **options: Any) -> LogTail:
            tail = LogTail(path, **options)
            stack.callback(tail.close)
            return tail

        yield begin


def line(number: int) -> bytes:
    return (
        json.dumps({"ts": f"2026-11-22T14:00:{number:02}.000000Z", "event": "rule.log", "n": number}).encode() + b"\n"
    )


def drained(tail: LogTail | StreamTail, limit: int = 60) -> list[Any]:
    """What it has until twice nothing is new, by number or, for damage, by event."""
    found: list[Any] = []
    empty = 0
    while empty < 4:
        lines = tail.read(limit)
        empty = 0 if lines or tail.behind else empty + 1
        found += [one.get("n", one["event"]) for one in lines]
    return found


@given(st.lists(st.integers(0, 400), max_size=12))
@settings(max_examples=40, deadline=None)
def test_chunks_of_any_size_give_the_same_lines(cuts: list[int]) -> None:
    data = line(1) + b"not json\n" + line(2) + b"\n" + "\u2028é\n".encode() + line(3) + b"[1]\n" + line(4)
    cuts = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    lines = Lines()
    found = [one for begin, end in pairwise(cuts) for one in lines.feed(data[begin:end])]
    assert found == Lines().feed(data)
    assert [one.get("n", one["event"]) for one in found] == [1, "log.damaged", 2, "log.damaged", 3, "log.damaged", 4]


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    lines = Lines()
    for _ in range(LONGEST // 4_000_000 + 3):
        assert lines.feed(b"x" * 4_000_000) == []
    assert lines.waiting <= LONGEST
    assert [one.get("n") for one in lines.feed(b"xx\n" + line(1))] == [1]


def test_a_line_is_told_when_it_is_complete(follow: Follow, tmp_path: Path) -> None:
    path = tmp_path / "pitboss.log.jsonl"
    tail = follow(path)
    assert drained(tail) == []  # it is not there yet
    with path.open("wb") as file:
        file.write(line(1) + line(2)[:10])
        file.flush()
        assert drained(tail) == [1]
        file.write(line(2)[10:])
        file.flush()
        assert drained(tail) == [2]
    assert tail.begin == path.stat().st_size


def test_a_rename_loses_nothing_of_what_is_still_written_to_the_old_file(follow: Follow, tmp_path: Path) -> None:
    path = tmp_path / "pitboss.log.jsonl"
    with path.open("wb", buffering=0) as old:
        old.write(line(1))
        tail = follow(path)
        assert drained(tail) == [1]
        path.rename(tmp_path / "pitboss.log.jsonl.1")
        old.write(line(2))
        assert drained(tail) == [2]
        old.write(line(3))
        path.write_bytes(line(4))
        assert drained(tail) == [3, 4]


@pytest.mark.parametrize("compressed", [False, True])
def test_several_rotations_between_two_looks_lose_nothing(follow: Follow, tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "pitboss.log.jsonl"
    path.write_bytes(line(1))
    tail = follow(path)
    assert drained(tail) == [1]
    with path.open("ab") as old:
        old.write(line(2))
    path.rename(tmp_path / "pitboss.log.jsonl.3")
    for number, name in ((3, "pitboss.log.jsonl.2"), (4, "pitboss.log.jsonl.1")):
        data = line(number) + line(number + 10)
        if compressed:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (tmp_path / name).write_bytes(data)
    path.write_bytes(line(30))
    assert drained(tail) == [2, 3, 13, 4, 14, 30]


def test_earlier_files_come_first_whatever_their_names_and_a_copy_being_compressed_counts_once(
    follow: Follow, tmp_path: Path
) -> None:
    path = tmp_path / "pitboss.log.jsonl"
    (tmp_path / "pitboss.log.2026-11-20.jsonl.gz").write_bytes(gzip.compress(line(1)))
    (tmp_path / "pitboss.log.jsonl.1").write_bytes(line(3))
    (tmp_path / "pitboss.log-2.jsonl").write_bytes(line(2))
    (tmp_path / "pitboss.log-2.jsonl.gz").write_bytes(gzip.compress(line(2))[:20])
    (tmp_path / "pitboss.log.2026-11-21T14-30-00.123456Z.jsonl.gz").write_bytes(gzip.compress(line(5)))
    nobodys = ("other.log.jsonl.1", "pitboss.log.two.jsonl", "pitboss.log.jsonl.bak", ".pitboss.log-3.jsonl.gz.partial")
    for name in nobodys:
        (tmp_path / name).write_bytes(line(9))
    path.write_bytes(line(6))
    assert drained(follow(path, earlier=True)) == [1, 2, 3, 5, 6]
    assert drained(follow(path)) == [6]
    assert drained(follow(path, offset=len(line(6)))) == []


def test_a_log_that_was_cut_begins_anew(follow: Follow, tmp_path: Path) -> None:
    path = tmp_path / "pitboss.log.jsonl"
    path.write_bytes(line(1) + line(2))
    tail = follow(path)
    assert drained(tail) == [1, 2]
    os.truncate(path, 0)
    path.write_bytes(line(3))
    assert drained(tail) == [3]


def test_a_damaged_archive_is_said_once_and_the_rest_is_read(follow: Follow, tmp_path: Path) -> None:
    path = tmp_path / "pitboss.log.jsonl"
    whole = gzip.compress(b"".join(line(number) for number in range(1, 50)))
    (tmp_path / "pitboss.log.jsonl.1.gz").write_bytes(whole[:-8])
    path.write_bytes(line(55))
    found = drained(follow(path, earlier=True), limit=10_000)
    assert found[-2:] == ["log.damaged", 55]
    assert drained(follow(tmp_path / "pitboss.log.jsonl.1.gz"), 10_000).count("log.damaged") <= 1


def test_a_stream_is_read_to_its_end_and_what_its_writer_left_unfinished_is_damage() -> None:
    reading, writing = os.pipe()
    tail = StreamTail(reading)
    os.write(writing, line(1) + line(2) + line(3)[:12])
    os.close(writing)
    found: list[Any] = []
    while not tail.ended:
        found += [one.get("n", one["event"]) for one in tail.read()]
    assert found == [1, 2, "log.damaged"]
    assert tail.read() == []
    os.close(reading)
