"""The log of a process over real sockets shows what the process says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import trio

from config.environment import machine
from config.logging import start_logging
from monitoring.board import Board
from monitoring.tail import LogTail

_TOLD_LATER = {"text", "mailbox"}  # what no line tells at once


def rows(status: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    """The rows of a part, without what only the next snapshot tells."""
    found = [{name: value for name, value in row.items() if name not in _TOLD_LATER} for row in status[part]]
    return sorted(found, key=lambda row: str(row.get("address") or row.get("order_ref") or row.get("symbol")))


def test_the_monitor_shows_what_status_says_while_it_trades_and_when_it_has_stopped(
    run_house: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "monitored.jsonl"
    path.touch()
    tail, board = LogTail(path), Board()

    def read() -> dict[str, Any]:
        while lines := tail.read():
            for line in lines:
                board.fold(line)
        return board.status()

    async def agreed(house: Any) -> None:
        theirs: dict[str, Any] = {}
        with trio.move_on_after(10.0):
            while True:
                theirs = json.loads(json.dumps(await house.status()))
                mine = read()
                if all(
                    rows(mine, part) == rows(theirs, part) for part in ("positions", "orders", "actors", "alarms")
                ) and (mine["state"], mine["reason"]) == (theirs["state"], theirs["reason"]):
                    return
                await trio.sleep(0.05)
        mine = read()
        for part in ("positions", "orders", "actors", "alarms"):
            assert rows(mine, part) == rows(theirs, part)
        raise AssertionError(f"{mine['state']} {mine['reason']}, and status {theirs['state']} {theirs['reason']}")

    async def body(house: Any) -> None:
        await house.enter("AAPL", 100.0)
        await agreed(house)
        await house.quoted("AAPL", 101.0)
        await agreed(house)
        await house.enter("MSFT", 50.0, trail="1%", target="60")
        await house.command("close", symbol="AAPL")
        await house.until_position("AAPL", quantity="0", state="CLOSED")
        await agreed(house)
        await house.command("halt", reason="enough")
        await agreed(house)
        assert board.counts.events["system.pulse"] > 0

    log = start_logging(machine(seed=1), path=path)
    try:
        run_house(body, ("AAPL", "MSFT"), log={"pulse_seconds": 0.1})
    finally:
        log.stop()
    snapshot = next(
        json.loads(line) for line in reversed(path.read_bytes().splitlines()) if b'"event": "system.snapshot"' in line
    )
    read()
    assert rows(board.status(), "orders") == rows(snapshot["status"], "orders")
    assert rows(board.status(), "positions") == rows(snapshot["status"], "positions")
    assert board.unreadable == 0
    tail.close()
