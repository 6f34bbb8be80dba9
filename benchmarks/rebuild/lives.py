"""A journal with a past: one position's life, recorded from a running process, and lived thousands of times again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import trio

from actors.journal import JournalActor
from actors.runtime.system import System
from benchmarks.rebuild.house import PRICE, run_house
from config.environment import Environment, machine
from messages.codec import decode
from messages.journal import Append, Entry, Replay
from messages.order import IdsReserved
from storage.disk import DiskStorage
from storage.rows import Row
from storage.sqlite import SqliteJournal

__all__ = ["record_life", "write_past"]

_PAST = timedelta(days=30)
_PENDING = 5_000  # records that may wait for the disk
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# fields that hold numbers of this life → what they hold
_NUMBERS = {
    "perm_id": "perm",
    "parent_perm_id": "perm",
    "order_id": "order",
    "parent_id": "order",
    "con_id": "contract",
}


async def record_life(folder: Path) -> list[Row]:
    """Open a position with stop and target, let its stop fill, and return what the journal holds of it."""
    symbol = "LIFE"
    async with run_house(folder, [symbol]) as house:
        await house.enter([symbol])
        while (await house.view(symbol)).quantity:
            house.price([symbol], PRICE * 0.96)
            await trio.sleep(0.01)
        while str((await house.view(symbol)).status) != "CLOSED":
            await trio.sleep(0.01)
        await trio.sleep(0.1)  # the last commission, the last status
    journal = SqliteJournal(folder / "pitboss.journal", read_only=True)
    journal.open()
    try:
        return journal.read(Replay(symbol, whole=True), 0, 1 << 62, 1 << 30)
    finally:
        journal.close()


class _Life:
    """One more life like the recorded one."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = [(row, json.loads(row.payload)) for row in rows]
        text = "\n".join(row.payload for row in rows)
        self.symbol = rows[0].stream
        self._refs = sorted(set(re.findall(r'"order_ref": ?"([^"]+)"', text)))
        self._positions = sorted(set(re.findall(r'"position_id": ?"([^"]+)"', text)))
        # without the suffix that counts corrections: so are they named where a position has closed
        self._executions = sorted(set(re.findall(r'"exec_id": ?"([^"]+)\.\d+"', text)))
        self._first = {
            "perm": min(int(found) for found in re.findall(r'"perm_id": ?([1-9]\d*)', text)),
            "order": min(int(found) for found in re.findall(r'"order_id": ?([1-9]\d*)', text)),
        }
        self.orders = len(self._refs)
        self._names = re.compile("|".join(map(re.escape, (*self._refs, *self._positions, *self._executions))))

    def entries(self, number: int, symbol: str, con_id: int, now: datetime) -> tuple[Entry, ...]:
        """Return the records of life `number`, with names and numbers of its own."""
        names = {old: f"pb-{number:08x}{each:04x}" for each, old in enumerate(self._refs)}
        names |= {old: f"{number:08x}{each:04x}" for each, old in enumerate(self._positions)}
        names |= {old: f"0000feed.{number:08x}.{each:02}" for each, old in enumerate(self._executions)}
        bases = {"perm": 10_000_000 + number * self.orders, "order": 1 + number * self.orders}

        def text(value: str) -> str:
            if value == self.symbol:
                return symbol
            if _MOMENT.fullmatch(value):
                return now.isoformat().replace("+00:00", "Z")
            if _DATE.fullmatch(value):
                return now.date().isoformat()
            return self._names.sub(lambda found: names[found[0]], value)

        def anew(value: Any, key: str = "") -> Any:
            if isinstance(value, dict):
                return {name: anew(each, name) for name, each in value.items()}
            if isinstance(value, list):
                return [anew(each) for each in value]
            if isinstance(value, str):
                return text(value)
            kind = _NUMBERS.get(key)
            if kind is None or not value:
                return value
            return con_id if kind == "contract" else bases[kind] + value - self._first[kind]

        return tuple(
            Entry(symbol, decode(row.kind, json.dumps(anew(fields))), bool(row.checkpoint))
            for row, fields in self._rows
        )


async def write_past(path: Path, rows: Sequence[Row], names: Sequence[str], events: int) -> tuple[int, int]:
    """Write a new journal of at least `events` records of lives that lie in the last 30 days, through the journal
    actor. Returns how many records and how many orders it holds."""
    life = _Life(rows)
    lives = -(-events // len(rows))
    now = machine().now() - _PAST
    step = (_PAST - timedelta(days=1)) / lives
    system = System(Environment(lambda: now, 1))
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(_run, system))
        journal = await system.start(
            "journal", lambda context: JournalActor(context, storage=DiskStorage(path), owner="pitboss")
        )
        pending: Callable[[], int] = lambda: journal.actor.describe()["pending"]  # type: ignore[union-attr]  # noqa: E731
        for number in range(lives):
            index = number % len(names)
            journal.tell(Append(life.entries(number, names[index], 900_000_000 + index, now)))
            now += step
            await trio.lowlevel.checkpoint()
            while pending() > _PENDING:
                await trio.sleep(0.01)
        journal.tell(Append((Entry("orders", IdsReserved(1 + lives * life.orders)),)))
        await system.stop("journal", timeout=60)
        nursery.cancel_scope.cancel()
    return lives * len(rows) + 1, lives * life.orders


async def _run(system: System, *, task_status: trio.TaskStatus[None]) -> None:
    await system.run(task_status=task_status)
