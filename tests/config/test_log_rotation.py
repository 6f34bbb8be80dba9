"""Files of the log end, are kept and compressed, and no line is lost or doubled by it, wherever the machine stops."""

from __future__ import annotations

import errno
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.environment import Environment
from config.log_archive import Archive
from config.log_file import LogFile
from config.log_record import LogRecord
from config.log_rotation import Rotation, archived
from config.logging import log, start_logging
from monitoring.tail import LogTail

BEGAN = datetime(2026, 11, 22, 23, 59, 50, tzinfo=UTC)
SMALL = Rotation(size=2_000, compress=True)


class Clock:
    """A second goes by with each look."""

    def __init__(self) -> None:
        self.moment = BEGAN

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pitboss.log.jsonl"


def line(number: int) -> str:
    moment = BEGAN + timedelta(milliseconds=number)
    return json.dumps({"ts": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "event": "log.test", "text": str(number)})


def numbers(path: Path) -> list[int]:
    """What a reader finds who begins at the oldest file."""
    tail, found, nothing = LogTail(path, earlier=True), [], 0
    while nothing < 3:  # in a row: from one file to the next nothing is read
        new = tail.read()
        nothing = 0 if new else nothing + 1
        found += [int(one["text"]) for one in new if one["event"] == "log.test"]
    tail.close()
    return found


def text_of(file: Path) -> str:
    packed = file.with_name(f"{file.name}.gz")
    return gzip.decompress(packed.read_bytes()).decode() if packed.exists() else file.read_text()


def test_no_line_is_lost_or_doubled_over_many_files(path: Path) -> None:
    running = start_logging(Environment(Clock().now, seed=1), path=path, rotation=SMALL)
    for number in range(500):
        log("log.test", text=str(number))
    running.stop()
    Archive(path, SMALL).tidy()  # what the end of the process has cut short
    assert numbers(path) == list(range(500))
    files = archived(path)
    assert len(files) > 20
    assert {file.name for file in path.parent.iterdir()} == {path.name, *(f"{file.name}.gz" for file in files)}
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert all(2_000 <= len(text_of(file)) < 2_500 for file in files)


def test_a_file_ends_at_its_time_of_day_also_when_the_process_was_restarted(path: Path) -> None:
    rotation, clock = Rotation(at=time(0)), Clock()
    for lines in (4, 10, 3):
        running = start_logging(Environment(clock.now, seed=1), path=path, rotation=rotation, background=False)
        for _ in range(lines):
            log("log.test", text="x")
        running.stop()
    (kept,) = archived(path)
    moments = [json.loads(one)["ts"] for one in kept.read_text().splitlines() + path.read_text().splitlines()]
    assert kept.name == "pitboss.log.2026-11-23T00-00-00.000000Z.jsonl"
    assert moments == sorted(moments)
    assert len(moments) == 17
    assert json.loads(path.read_text().splitlines()[0])["ts"].startswith("2026-11-23")


def test_only_the_newest_are_kept(path: Path) -> None:
    rotation = Rotation(size=300, keep=3, compress=True)
    file = LogFile(path, rotation)
    for number in range(50):
        file.write(line(number), BEGAN + timedelta(seconds=number))
        if file.full:
            file.rotate()
    file.close()
    Archive(path, rotation).tidy()
    assert len(archived(path)) == 3
    found = numbers(path)
    assert found == list(range(found[0], 50))


def test_whoever_leads_writes_the_first_line_of_each_file(path: Path) -> None:
    running = start_logging(
        Environment(Clock().now, seed=1), path=path, rotation=Rotation(size=1_000), background=False
    )
    with running.beginning_files_with(lambda: log("log.head", text="head")):
        for number in range(60):
            log("log.test", text=str(number))
            if not number % 3 and running.full:
                running.rotate()
        assert running.hurried == 0
        for number in range(60, 120):  # nobody leads any more: a file ends by itself
            log("log.test", text=str(number))
    assert running.hurried > 1
    running.stop()
    texts = [text_of(file) for file in archived(path)]
    assert all(json.loads(text.splitlines()[0])["event"] == "log.head" for text in texts[1:4])
    told = [json.loads(one) for text in [*texts, path.read_text()] for one in text.splitlines()]
    assert [int(one["text"]) for one in told if one["event"] == "log.test"] == list(range(120))


class Dead(BaseException):
    """The machine has stopped."""


def _dying(function: Callable[..., Any], countdown: list[int]) -> Callable[..., Any]:
    def or_die(*arguments: Any, **keywords: Any) -> Any:
        countdown[0] -= 1
        if countdown[0] < 0:
            raise Dead
        return function(*arguments, **keywords)

    return or_die


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let the machine stop at its n-th call that changes a file or a folder."""
    names = ("rename", "replace", "unlink", "write", "fsync", "open", "ftruncate")
    real = {name: getattr(os, name) for name in names}

    def after(calls: int) -> None:
        countdown = [calls]
        for name, function in real.items():
            monkeypatch.setattr(os, name, _dying(function, countdown))

    yield after
    monkeypatch.undo()


def _live(path: Path, first: int, written: list[int]) -> None:
    """A life of twelve lines in files of four, each compressed at once."""
    rotation = Rotation(size=4 * (len(line(0)) + 1), compress=True)
    file = LogFile(path)
    file.rotation, file.archive = rotation, Archive(path, Rotation())
    archive = Archive(path, rotation)
    archive.tidy()
    for number in range(first, first + 12):
        written.append(number)
        file.write(line(number), BEGAN + timedelta(seconds=number))
        if file.full:
            file.rotate()
            archive.tidy()


def test_wherever_the_machine_stops_each_line_is_there_once(
    tmp_path: Path, dying: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    points = 0
    for calls in range(10_000):
        folder = tmp_path / str(calls)
        folder.mkdir()
        path, written = folder / "pitboss.log.jsonl", []
        dying(calls)
        died = False
        try:
            _live(path, 0, written)
        except Dead:
            died = True
        monkeypatch.undo()
        begun = len(written)
        found = numbers(path)  # as a reader finds it while nobody runs
        assert found in (written, written[:-1]), calls
        _live(path, begun, [])
        after = numbers(path)
        assert after in ([*written, *range(begun, begun + 12)], [*written[:-1], *range(begun, begun + 12)]), calls
        assert not list(folder.glob(".*.partial")), calls
        points += died
        if not died:
            break
    assert points > 40


def _size(path: Path) -> int:
    """0 while a rotation has it renamed."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_killed_in_the_middle_a_process_has_lost_and_doubled_nothing(path: Path) -> None:
    program = (
        "import sys, itertools, time\nfrom pathlib import Path\n"
        "from config.environment import machine\nfrom config.log_rotation import Rotation\n"
        "from config.logging import log, start_logging\n"
        "start_logging(machine(), path=Path(sys.argv[1]), rotation=Rotation(size=9_000, compress=True))\n"
        "for number in itertools.count(int(sys.argv[2])):\n"
        "    log('log.test', text=str(number))\n"
        "    if number % 100 == 0: print(number, flush=True); time.sleep(0.003)\n"
    )
    begin = 0
    for reports in (3, 17, 40):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(path), str(begin)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process:
            while reports > 0 or not _size(path):
                process.stdout.readline()
                reports -= 1
            process.send_signal(signal.SIGKILL)
        begin += 1_000_000
    found = numbers(path)
    lives = [[number for number in found if number // 1_000_000 == life] for life in range(3)]
    assert found == [number for life in lives for number in life]
    assert all(life == list(range(n * 1_000_000, n * 1_000_000 + len(life))) for n, life in enumerate(lives))
    assert len(archived(path)) > 3


def test_half_a_line_of_an_earlier_process_does_not_spoil_the_next(path: Path) -> None:
    path.write_text(f'{line(1)}\n{{"ts": "20')
    file = LogFile(path)
    file.write(line(2), BEGAN)
    file.close()
    assert path.read_text() == f'{line(1)}\n{{"ts": "20\n{line(2)}\n'


def test_a_folder_that_refuses_keeps_the_log_in_its_file_and_is_told_of_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = LogFile(path, Rotation(size=200))

    def refuse(*_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "rename", refuse)
    for number in range(20):
        file.write(line(number), BEGAN)
        if file.full:
            file.rotate()
    assert numbers(path) == list(range(20))
    assert capsys.readouterr().err.count("the log goes on in its file") == 1
    monkeypatch.undo()
    file.write(line(20), BEGAN)
    file.rotate()
    file.write(line(21), BEGAN)
    file.close()
    assert len(archived(path)) == 2  # it was overdue, and ended when it could
    assert numbers(path) == list(range(22))


def test_what_a_full_disk_has_cost_is_said_when_there_is_room_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running = start_logging(Environment(Clock().now, seed=1), path=path, background=False)
    log("log.test", text="before")
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if handle > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    for _ in range(7):
        log("log.test", text="lost")
    assert running.dropped == 7
    monkeypatch.undo()
    log("log.test", text="after")
    running.stop()
    told = [json.loads(one) for one in path.read_text().splitlines()]
    assert [(one["event"], one.get("text", one.get("lines"))) for one in told] == [
        ("log.test", "before"),
        ("log.dropped", 7),
        ("log.test", "after"),
    ]
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_a_terminal_that_hangs_holds_up_neither_the_file_nor_who_logs(path: Path) -> None:
    gate = threading.Event()

    def terminal(_: LogRecord) -> None:
        gate.wait()

    running = start_logging(Environment(Clock().now, seed=1), path=path, listeners=(terminal,))
    for number in range(100):
        log("log.test", text=str(number))
    written = threading.Event()
    running._writer.call(written.set)
    assert written.wait(10.0)
    assert len(path.read_text().splitlines()) == 100
    gate.set()
    running.stop()


def test_a_disk_that_hangs_holds_nobody_and_warnings_have_room_of_their_own(tmp_path: Path) -> None:
    pipe = tmp_path / "slow.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    running = start_logging(Environment(Clock().now, seed=1), path=pipe)
    for _ in range(25_000):  # the pipe takes 64 KiB, then its writer waits
        log("log.test", text="x" * 100)
    assert running.dropped > 3_000
    before = running.dropped
    log("log.test", level="ERROR", text="grave")
    assert running.dropped == before
    os.set_blocking(reader, True)
    found = b""
    while b"grave" not in found:
        some = os.read(reader, 1 << 20)
        assert some
        found += some
    running.stop()
    os.close(reader)
