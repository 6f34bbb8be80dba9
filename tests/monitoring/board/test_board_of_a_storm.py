"""What the log of a storm shows is what its status said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.board import Board
from monitoring.follow import Follower

Storm = tuple[list[bytes], list[tuple[int, Mapping[str, Any]]]]

# what changes with each tick or round trip, and is told with the next pulse, mark or snapshot
_BETWEEN = {
    "positions": ("last_price", "unrealized_pnl", "protected", "state", "stop", "stop_moved", "targets", "commission"),
    "orders": ("text", "group", "parent"),
    "actors": ("mailbox", "error", "state"),
    "alarms": ("text",),
}
_KEYS = {"positions": "symbol", "orders": "order_ref", "actors": "address", "alarms": "id"}


def told(status: Mapping[str, Any]) -> dict[str, Any]:
    """What each line of the log keeps up to date at once."""
    found: dict[str, Any] = {"state": status["state"]}
    for part, left_out in _BETWEEN.items():
        found[part] = {
            row[_KEYS[part]]: {name: value for name, value in row.items() if name not in left_out}
            for row in status[part] or ()
        }
    return found


def test_the_log_of_a_storm_tells_at_any_time_what_status_says(storm_log: Storm) -> None:
    lines, statuses = storm_log
    board, place, agreed = Board(), 0, 0
    for number, status in statuses:
        for line in lines[place:number]:
            board.fold(json.loads(line))
        place = number
        if status["orders"] is None or status["alarms"] is None or status["unanswered"]:
            continue  # an actor was down, and did not say
        mine, theirs = told(board.status()), told(status)
        mine["actors"] = {name: actor for name, actor in mine["actors"].items() if name in theirs["actors"]}
        wrong = [(part, key) for part in _KEYS for key in mine[part] if mine[part][key] != theirs[part].get(key)]
        assert not wrong, f"after line {number}: {[(mine[part][key], theirs[part].get(key)) for part, key in wrong]}"
        assert mine == theirs, f"after line {number}"
        agreed += 1
    assert agreed > 100
    assert board.unreadable == 0


def test_a_snapshot_changes_nothing_of_what_every_line_keeps_up_to_date(storm_log: Storm) -> None:
    board, seen, new = Board(), 0, False  # a new process may have lost what the one before it had only just written
    for line in map(json.loads, storm_log[0]):
        before = told(board.status())
        board.fold(line)
        new = new or line["event"] == "system.starting"
        if line["event"] == "system.snapshot":
            seen += 1
            assert board.status() == line["status"] | {"unanswered": []}
            new, same = False, not new and not line["status"]["unanswered"]
            if seen > 1 and same:
                after = told(board.status())
                assert {name: after[name] for name in ("orders", "alarms")} == {
                    name: before[name] for name in ("orders", "alarms")
                }
    assert seen > 10


def test_whoever_begins_at_a_snapshot_sees_the_same_in_the_end(storm_log: Storm, folded: Callable[..., Board]) -> None:
    lines = storm_log[0]
    whole = folded(lines).status()
    begins = [number for number, line in enumerate(lines) if b'"event": "system.snapshot"' in line]
    for begin in begins:
        assert folded(lines[begin:]).status() == whole


@given(st.floats(0, 1))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_monitor_that_was_killed_in_the_middle_shows_the_same_after_its_restart(
    storm_log: Storm, tmp_path_factory: Any, part: float
) -> None:
    folder: Path = tmp_path_factory.mktemp("killed")
    data = b"".join(storm_log[0])
    log = folder / "pitboss.log.jsonl"
    log.write_bytes(data[: int(len(data) * part)])

    def follower() -> Follower:
        return Follower(log, lambda: datetime(2026, 11, 23, 18, tzinfo=UTC), cache=folder / "cache", worth=1)

    first = follower()
    while not first.ended:
        first.step(20_000)
    first.close()
    log.write_bytes(data)
    second, fresh = follower(), Follower(log, lambda: datetime(2026, 11, 23, 18, tzinfo=UTC))
    for one in (second, fresh):
        while not one.ended:
            one.step()
        one.close()
    assert json.dumps(second.board.dump()) == json.dumps(fresh.board.dump())
    assert second.board.folded == len(storm_log[0])


def test_a_dump_gives_the_same_board_and_it_goes_on_alike(storm_log: Storm, folded: Callable[..., Board]) -> None:
    lines = storm_log[0]
    half = len(lines) // 2
    board = folded(lines[:half])
    again = Board.restored(json.loads(json.dumps(board.dump())))
    for line in map(json.loads, lines[half:]):
        board.fold(line)
        again.fold(line)
    assert again.status() == board.status()
    assert again.signals == board.signals
    assert again.fills == board.fills
    assert again.series("AAPL") == board.series("AAPL")
    assert again.counts.events == board.counts.events
