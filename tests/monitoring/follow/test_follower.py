"""Where following begins, what it remembers, and how a process is called that says nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.follow import Checkpoints, Follower
from monitoring.follow.begin import Place, midnight, place_of
from monitoring.tail import StreamTail

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUS: dict[str, Any] = {
    "state": "READY", "reason": "", "since": "2026-11-19T09:00:00.000000Z", "broker": None, "portfolio": None,
    "positions": [], "orders": [], "actors": [], "alarms": [], "unanswered": [],
}  # fmt: skip


class Clock:
    """A wall clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = DAY

    def now(self) -> datetime:
        return self.moment


def line(event: str, moment: datetime = DAY, **fields: Any) -> bytes:
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps({"ts": stamp, "level": "INFO", "event": event, "actor": "process", **fields}).encode() + b"\n"


def snapshot(moment: datetime) -> bytes:
    return line("system.snapshot", moment, name="demo", mode="paper", pulse_seconds=5.0, status=STATUS)


def alarm(number: int, moment: datetime) -> bytes:
    return line("alarm.raised", moment, id=str(number), kind="broker.lost", text="…")


@pytest.fixture
def follow() -> Iterator[Callable[..., Follower]]:
    """A follower that has read all there is, closed at the end."""
    with ExitStack() as stack:

        def begin(source: Path | StreamTail, clock: Clock | None = None, **options: Any) -> Follower:
            follower = Follower(source, (clock or Clock()).now, **options)
            stack.callback(follower.close)
            while not follower.ended:
                follower.step(4_000)
            return follower

        yield begin


def a_week(path: Path) -> None:
    """A log of eight days, with a snapshot and 200 alarms a day, the last day being 20 November."""
    with path.open("wb") as file:
        for number in range(8):
            morning = DAY - timedelta(days=7 - number)
            file.write(line("system.state", morning - timedelta(hours=11), address="x"))
            file.write(snapshot(morning))
            for second in range(200):
                file.write(alarm(number * 1000 + second, morning + timedelta(seconds=second + 1)))


def test_it_begins_with_the_last_snapshot_before_the_newest_lines_day(
    follow: Callable[..., Follower], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    a_week(path)
    board = follow(path).board
    assert board.complete
    assert board.first == "2026-11-19T12:00:00.000000Z"
    assert len(board.alarms.status()) == 200
    assert board.counts.events["alarm.raised"] == 400


@pytest.mark.parametrize("day", range(14, 20))
def test_a_place_in_the_log_is_found_by_its_time(tmp_path: Path, day: int) -> None:
    path = tmp_path / "log.jsonl"
    a_week(path)
    data = path.read_bytes()
    place = place_of(path, f"2026-11-{day}T12:00:00.000000Z")
    assert json.loads(data[place.offset :].split(b"\n")[0])["ts"] == f"2026-11-{day}T12:00:00.000000Z"
    assert b"snapshot" in data[place.offset :].split(b"\n")[0]


def test_a_time_before_the_log_is_its_beginning_and_one_after_it_its_last_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    a_week(path)
    assert place_of(path, "2020-01-01T00:00:00.000000Z") == Place(path, 0)
    place = place_of(path, "2030-01-01T00:00:00.000000Z")
    assert path.read_bytes()[place.offset :].startswith(b'{"ts": "2026-11-20T12:00:00')
    assert place_of(tmp_path / "none", "2026") == Place(tmp_path / "none", 0)


def test_a_day_that_began_in_an_earlier_file_is_read_from_there(
    follow: Callable[..., Follower], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    (tmp_path / "log.jsonl.1").write_bytes(snapshot(DAY) + alarm(1, DAY))
    path.write_bytes(snapshot(DAY + timedelta(hours=1)) + alarm(2, DAY + timedelta(hours=1)))
    assert follow(path).board.counts.events["alarm.raised"] == 2


def test_a_checkpoint_saves_reading_and_a_log_that_is_another_one_is_read_anew(
    follow: Callable[..., Follower], tmp_path: Path
) -> None:
    path, cache = tmp_path / "log.jsonl", tmp_path / "cache"
    path.write_bytes(snapshot(DAY) + b"".join(alarm(n, DAY) for n in range(300)))
    follow(path, cache=cache, worth=10).close()
    (kept,) = cache.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    loaded = Checkpoints(cache, path).load()
    assert loaded is not None
    assert loaded[1] == Place(path, path.stat().st_size)
    with path.open("ab") as file:
        file.write(alarm(999, DAY))
    assert len(follow(path, cache=cache).board.alarms.status()) == 301
    path.write_bytes(snapshot(DAY) + b"".join(alarm(n, DAY) for n in range(7)) + b"\n" * 100_000)
    assert Checkpoints(cache, path).load() is None
    assert len(follow(path, cache=cache).board.alarms.status()) == 7


def test_a_checkpoint_goes_on_in_the_file_that_rotation_renamed(
    follow: Callable[..., Follower], tmp_path: Path
) -> None:
    path, cache = tmp_path / "log.jsonl", tmp_path / "cache"
    path.write_bytes(snapshot(DAY) + b"".join(alarm(n, DAY) for n in range(50)))
    follow(path, cache=cache, worth=10).close()
    with path.open("ab") as file:
        file.write(alarm(100, DAY))
    path.rename(tmp_path / "log.jsonl.1")
    path.write_bytes(alarm(101, DAY + timedelta(seconds=1)))
    board = follow(path, cache=cache).board
    assert [one["id"] for one in board.alarms.status()][-3:] == ["49", "100", "101"]
    assert board.folded == 53


@pytest.mark.parametrize("damage", [b"", b"{", b'{"version": 1}', b"[]", b'{"version": 1, "offset": "x", "prints": 3}'])
def test_a_damaged_checkpoint_costs_only_time(follow: Callable[..., Follower], tmp_path: Path, damage: bytes) -> None:
    path, cache = tmp_path / "log.jsonl", tmp_path / "cache"
    path.write_bytes(snapshot(DAY) + alarm(1, DAY))
    follow(path, cache=cache, worth=1).close()
    (kept,) = cache.iterdir()
    kept.write_bytes(damage)
    assert len(follow(path, cache=cache, worth=1).board.alarms.status()) == 1


def test_where_no_checkpoint_can_be_written_there_is_none(follow: Callable[..., Follower], tmp_path: Path) -> None:
    path, cache = tmp_path / "log.jsonl", tmp_path / "cache"
    cache.write_text("a file, no folder")
    path.write_bytes(snapshot(DAY) + alarm(1, DAY))
    follower = follow(path, cache=cache, worth=1)
    follower.close()
    assert len(follower.board.alarms.status()) == 1


def test_a_process_that_says_nothing_is_called_silent_after_three_pulses_and_one_that_stopped_is_not(
    follow: Callable[..., Follower], tmp_path: Path
) -> None:
    path, clock = tmp_path / "log.jsonl", Clock()
    path.write_bytes(snapshot(DAY))
    follower = follow(path, clock)
    assert follower.condition().kind == "live"
    clock.moment += timedelta(seconds=16)
    condition = follower.condition()
    assert (condition.kind, condition.seconds) == ("silent", 16.0)
    with path.open("ab") as file:
        file.write(line("system.pulse", clock.moment - timedelta(hours=5), state="READY"))  # a clock that goes wrong
    follower.step()
    assert follower.condition().kind == "live"
    with path.open("ab") as file:
        file.write(line("system.stopped", clock.moment))
    follower.step()
    clock.moment += timedelta(hours=9)
    assert follower.condition().kind == "stopped"


def test_a_process_that_died_last_night_is_silent_at_once(follow: Callable[..., Follower], tmp_path: Path) -> None:
    path, clock = tmp_path / "log.jsonl", Clock()
    path.write_bytes(snapshot(DAY) + alarm(1, DAY)[:-20])
    clock.moment += timedelta(hours=10)
    condition = follow(path, clock).condition()
    assert (condition.kind, condition.seconds) == ("silent", 36_000.0)


def test_a_log_without_pulses_is_quiet_and_an_empty_one_empty(follow: Callable[..., Follower], tmp_path: Path) -> None:
    path, clock = tmp_path / "log.jsonl", Clock()
    path.write_bytes(line("system.ready"))
    follower = follow(path, clock)
    clock.moment += timedelta(minutes=2)
    assert follower.condition().kind == "quiet"
    path.write_bytes(b"")
    assert follow(path).condition().kind == "empty"
    assert follow(tmp_path / "none").condition().kind == "empty"


def test_a_stream_ends(follow: Callable[..., Follower]) -> None:
    reading, writing = os.pipe()
    os.write(writing, snapshot(DAY) + alarm(1, DAY))
    os.close(writing)
    tail = StreamTail(reading)
    follower = Follower(tail, Clock().now)
    while not tail.ended:
        follower.step()
    assert follower.condition().kind == "ended"
    assert len(follower.board.alarms.status()) == 1
    os.close(reading)


def test_a_long_day_is_shown_from_its_end_while_it_is_being_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("monitoring.follow.follower._FAR", 10_000)
    path = tmp_path / "log.jsonl"
    begin = DAY - timedelta(hours=6)
    path.write_bytes(
        snapshot(begin)
        + b"".join(alarm(n, begin + timedelta(seconds=n)) for n in range(5_000))
        + snapshot(DAY)
        + alarm(9_999, DAY)
    )
    follower = Follower(path, Clock().now)
    follower.step(1)
    first = follower.board
    assert [one["id"] for one in first.alarms.status()] == ["9999"]
    assert not follower.ended
    assert 0 < (follower.progress or 0) < 1
    while not follower.ended:
        follower.step(1)
    assert follower.board is not first
    assert follower.board.counts.events["alarm.raised"] == 5_001
    assert follower.board.status() == first.status()
    assert follower.progress is None
    follower.close()


def test_midnight_is_the_machines_own() -> None:
    assert datetime.fromisoformat(midnight("2026-11-20T12:00:00.000000Z")).astimezone().hour == 0
    assert midnight("nonsense") == "nonsense"
