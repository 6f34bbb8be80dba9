"""What following a log costs: `python -m benchmarks.monitor [MEGABYTES] [LINES_A_SECOND]`.

A process writes the log of a busy day at that rate, and the terminal view follows it, drawn for 200 × 50 characters
that nobody sees. Then the log is opened: without a checkpoint, and with the one that following has left.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from benchmarks.table import percentile, print_table
from config.environment import machine
from monitoring.board import Board
from monitoring.follow import Follower
from monitoring.terminal.app import Monitor

__all__ = ["main"]

_SYMBOLS = [f"S{number}" for number in range(200)]
_BEGAN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
_STATUS = {
    "state": "READY", "reason": "", "since": "2026-11-20T14:30:00.000000Z",
    "broker": {"connected": True, "epoch": 1, "last_round_trip": None, "account": "DU1", "queued": 0},
    "portfolio": None, "positions": [], "orders": [], "alarms": [], "unanswered": [],
    "actors": [{"address": f"position/{s}", "state": "running", "restarts": 0, "mailbox": 0} for s in _SYMBOLS],
}  # fmt: skip


def lines_of_a_day() -> Iterator[str]:
    """The lines without their times, for ever: the life of an order and its stop, and marks in between."""
    yield json.dumps(
        {"level": "INFO", "event": "system.snapshot", "actor": "process", "name": "busy", "pulse_seconds": 5.0,
         "status": _STATUS}
    )[1:]  # fmt: skip
    number = 0
    while True:
        symbol = _SYMBOLS[number % len(_SYMBOLS)]
        order = (
            f'"symbol": "{symbol}", "order_ref": "pb-{number:012}", "role": "entry", "side": "BUY", "quantity": "100", '
            f'"type": "LMT", "limit": "150.10", "stop": null, "trailing_pct": null, "trailing_amount": null, '
        )
        ids = f'"order_id": {number}, "perm_id": {1_500_000_000 + number}, "position_id": "p{number:011}"}}'
        head = '"level": "INFO", "event": "order.'
        yield f'{head}intent", "actor": "orders", {order}"status": "INTENDED", "filled": "0", {ids}'
        yield f'{head}sent", "actor": "orders", "epoch": 1, {order}"status": "SENT", "filled": "0", {ids}'
        yield f'{head}accepted", "actor": "orders", {order}"status": "ACCEPTED", "filled": "0", {ids}'
        yield (
            f'{head}filled", "actor": "orders", "execution": "0000e0d5.{number}.01", "price": "150.10", '
            f'"order_quantity": "100", {order}"status": "FILLED", "filled": "100", {ids}'
        )
        yield (
            f'"level": "INFO", "event": "position.opened", "actor": "position/{symbol}", "symbol": "{symbol}", '
            f'"position_id": "p{number:011}", "quantity": "100", "average_price": "150.10", "realized_pnl": "0", '
            f'"stop": "145.60", "target": "162.11", "state": "OPEN", "protected": true}}'
        )
        for step in range(3):
            yield (
                f'"level": "INFO", "event": "position.marked", "actor": "position/{symbol}", "symbol": "{symbol}", '
                f'"price": 150.{step}5, "quantity": "100", "average_price": "150.10", "unrealized_pnl": "5.00", '
                f'"stop": "145.60", "target": "162.11"}}'
            )
        number += 1


def write(path: Path, megabytes: int, rate: int) -> None:
    """Write the log, every 5 ms what is due, `rate` lines a second or as fast as it goes (0)."""
    lines, written, count = lines_of_a_day(), 0, 0
    began = perf_counter()
    with path.open("ab", buffering=0) as file:
        while written < megabytes * 1_000_000:
            due = count + 2_000 if not rate else int((perf_counter() - began) * rate) + 1
            moment = (_BEGAN + timedelta(seconds=count / (rate or 20_000))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            chunk = "".join(f'{{"ts": "{moment}", {next(lines)}\n' for _ in range(due - count)).encode()
            file.write(chunk)
            written, count = written + len(chunk), max(due, count)
            if rate:
                time.sleep(0.005)


def folding(path: Path) -> tuple[float, float]:
    """Lines a second that `json.loads` takes, and that a board takes with it."""
    with path.open("rb") as file:
        lines = file.readlines(60_000_000)
    began = perf_counter()
    for line in lines:
        json.loads(line)
    parsed = perf_counter() - began
    board = Board()
    began = perf_counter()
    for line in lines:
        board.fold(json.loads(line))
    return len(lines) / parsed, len(lines) / (perf_counter() - began)


async def follow(path: Path, writer: subprocess.Popen[bytes], cache: Path) -> tuple[list[int], int, float, float]:
    """The terminal view on a log that grows.

    Return how far it was behind (bytes), lines read, memory in MB and its processor time in seconds.
    """
    follower = Follower(path, machine().now, cache=cache)
    app = Monitor([follower], machine().now)
    behind = []
    began = time.process_time()
    async with app.run_test(size=(200, 50)):
        while app.is_running and (writer.poll() is None or follower.tail.behind):
            await asyncio.sleep(0.05)
            behind.append(follower.tail.behind)
        await asyncio.sleep(1.0)
    seconds = time.process_time() - began
    follower.close()
    return behind, follower.board.folded, _megabytes(), seconds


def opening(path: Path, cache: Path | None) -> tuple[float, float, Board]:
    """Seconds until the first picture stands, and until all of the day was read."""
    began = perf_counter()
    follower = Follower(path, machine().now, cache=cache)
    follower.step()
    first = perf_counter() - began
    while not follower.ended:
        follower.step()
    whole = perf_counter() - began
    follower.tail.close()
    return first, whole, follower.board


def _megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1_000


def main(megabytes: int = 100, rate: int = 20_000) -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        log, cache = Path(folder) / "pitboss.log.jsonl", Path(folder) / "cache"
        log.touch()
        began = perf_counter()
        writer = subprocess.Popen([sys.executable, "-m", "benchmarks.monitor", "write", log, str(megabytes), str(rate)])
        try:
            behind, lines, memory, busy = asyncio.run(follow(log, writer, cache))
        finally:
            writer.kill()
            writer.wait()
        seconds = perf_counter() - began
        parsed, folded = folding(log)
        fresh_first, fresh, board = opening(log, None)
        kept_first, kept, again = opening(log, cache)
        if not board.status() == again.status() or board.folded != again.folded:
            raise RuntimeError("a checkpoint shows something else than the log")
        print_table(
            f"Following a log of {log.stat().st_size / 1e6:,.0f} MB, {lines:,} lines in {seconds:.0f} s",
            ("", "figure"),
            [
                ("lines a second, json.loads alone", f"{parsed:,.0f}"),
                ("lines a second, folded", f"{folded:,.0f}"),
                ("behind while it was written: median, 99 %, most, KB", " / ".join(
                    f"{value / 1e3:,.0f}" for value in (percentile(behind, 0.5), percentile(behind, 0.99), max(behind))
                )),
                ("processor time a line, drawing included, µs", f"{busy / lines * 1e6:.1f}"),
                (f"processor at {rate:,} lines a second", f"{busy / lines * rate:.0%}"),
                ("memory at most, MB", f"{memory:,.0f}"),
                ("opened without a checkpoint: first picture, whole day, s", f"{fresh_first:.2f} / {fresh:.1f}"),
                ("opened with one: first picture, whole day, s", f"{kept_first:.2f} / {kept:.2f}"),
            ],
        )  # fmt: skip
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        sys.exit(0)
    sys.exit(main(*map(int, sys.argv[1:])))
