"""Crash to running again, and cold start to READY: `python -m benchmarks.restart [EVENTS [CRASHES]]`.

Crashes are those of actors in a whole process with the paper TWS over a socket and the journal on the disk, one for
each position, so that no back-off is measured: with a new journal, and with one of EVENTS records. Each position holds
100 protected shares, and holds them afterwards.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import trio

from benchmarks.floors import synced_write
from benchmarks.rebuild.cold import PHASES, cold_start, paper_tws, python_seconds
from benchmarks.rebuild.house import House, run_house, symbols
from benchmarks.rebuild.lives import record_life, write_past
from benchmarks.table import percentile, print_table
from messages.codec import decode
from messages.gateway import TradingAllowed
from messages.lifecycle import ActorRestarted
from storage.rows import Row, check_row

__all__ = ["main"]

T = TypeVar("T")

MANY = 100  # symbols in one process: what a TWS gives market data for
FEW = 8  # symbols where it is not positions that crash
ROUNDS = 3


def crashes(folder: Path, journal: Path | None, count: int) -> tuple[list[float], list[float]]:
    """Return how long each position took to be back, and the floor measured beside each."""
    taken: list[float] = []
    floors: list[float] = []
    names = symbols(count)

    async def crash_each(house: House, floor: Callable[[], float], names: Sequence[str]) -> None:
        await house.enter(names)
        for name in names:
            before = await house.view(name)
            taken.append(await house.poison(f"position/{name}", partial(_restarted, f"position/{name}")))
            floors.append(floor())
            after = await house.view(name)
            if (after.quantity, after.average_price) != (before.quantity, before.average_price):
                raise RuntimeError(f"{name} held {before.quantity}, and {after.quantity} after its crash")
            await trio.sleep(0.005)

    for start in range(0, count, MANY):
        in_a_house(folder, journal, names[start : start + MANY], crash_each)
    return taken, floors


def gateway_crash(folder: Path, journal: Path | None) -> float:
    """Return the seconds from the gateway's crash until new risk is allowed again."""

    async def crash(house: House, _floor: Callable[[], float], _names: Sequence[str]) -> float:
        return await house.poison("gateway", lambda event: isinstance(event, TradingAllowed) and event.allowed)

    return in_a_house(folder, journal, symbols(FEW), crash)


def in_a_house(
    folder: Path,
    journal: Path | None,
    names: Sequence[str],
    body: Callable[[House, Callable[[], float], Sequence[str]], Awaitable[T]],
) -> T:
    """Run something in a whole process with a copy of that journal."""
    state = folder / "house"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    if journal is not None:
        shutil.copy(journal, state / "pitboss.journal")

    async def main() -> T:
        with synced_write(folder) as floor:
            async with run_house(state, names) as house:
                return await body(house, floor, names)

    return trio.run(main)


def _restarted(address: str, event: object) -> bool:
    return isinstance(event, ActorRestarted) and event.actor == address


def print_crashes(folder: Path, journals: dict[str, Path | None], count: int) -> None:
    """Print positions and gateway."""
    rows = []
    for name, journal in journals.items():
        taken, floors = crashes(folder, journal, count)
        shares = [percentile(taken, share) * 1e3 for share in (0.5, 0.99, 1.0)]
        rows.append(
            (
                f"a position, {name}",
                str(count),
                *(f"{share:,.1f}" for share in shares),
                f"{median(taken) / median(floors):.1f}",
            )
        )
    for name, journal in journals.items():
        taken = [gateway_crash(folder, journal) for _ in range(ROUNDS)]
        rows.append(
            (
                f"the gateway, {name}: reconciled",
                str(ROUNDS),
                f"{median(taken) * 1e3:,.0f}",
                "",
                f"{max(taken) * 1e3:,.0f}",
                "",
            )
        )
    print_table(
        "Crash to running again, ms",
        ("", "crashes", "p50", "p99", "max", "× fdatasync"),
        rows,
        note="× fdatasync: p50 against one small synced write beside each crash",
    )


def print_cold_starts(folder: Path, journals: dict[str, Path | None]) -> None:
    """Print what a start consists of."""
    names = symbols(FEW)
    runs: dict[str, list[list[float]]] = {name: [] for name in journals}
    with paper_tws(folder, names) as port:
        for _ in range(ROUNDS):
            for name, journal in journals.items():
                runs[name].append(cold_start(folder, journal, port, names))
    rows = []
    for number, (phase, _, _) in enumerate(PHASES):
        taken = [median(run[number] for run in runs[name]) for name in journals]
        rows.append((phase, *(f"{seconds:,.3f}" for seconds in taken)))
    rows.append(("all of it", *(f"{median(sum(run) for run in runs[name]):,.3f}" for name in journals)))
    print_table(f"Cold start to READY, seconds, median of {ROUNDS}", ("until", *journals), rows)


def print_floors(journal: Path) -> None:
    """Print what a start cannot do without."""
    plain = median(python_seconds("pass") for _ in range(ROUNDS))
    imports = median(python_seconds("import supervisors.verbs_run") for _ in range(ROUNDS))
    with closing(sqlite3.connect(journal)) as connection:
        began = perf_counter()
        rows = [Row(*found) for found in connection.execute("SELECT * FROM entry ORDER BY sequence")]
        reading = perf_counter() - began
    began = perf_counter()
    for row in rows:
        check_row(row)
    checking = perf_counter() - began
    began = perf_counter()
    for row in rows:
        decode(row.kind, row.payload)
    decoding = perf_counter() - began
    print_table(
        "What a start is made of, seconds",
        ("", "seconds"),
        [
            (name, f"{seconds:.3f}")
            for name, seconds in (
                ("python alone", plain),
                ("python and the program's imports", imports),
                (f"{len(rows):,} rows read by sqlite3 alone", reading),
                ("their hashes checked", checking),
                ("decoded to messages", decoding),
            )
        ],
    )


def main(events: int = 100_000, count: int = 200) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(prefix="restart-", dir=Path.cwd()) as name:
        folder = Path(name)
        life = trio.run(record_life, folder / "life")
        past = folder / "past.journal"
        records, orders = trio.run(write_past, past, life, symbols(count), events)
        journals = {"new journal": None, f"{records:,} records, {orders:,} orders": past}
        print_crashes(folder, journals, count)
        print_cold_starts(folder, journals)
        print_floors(past)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
