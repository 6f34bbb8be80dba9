"""How long a start takes on a journal of a million events: the order book from a snapshot, and from the beginning.

`python -m benchmarks.recovery [EVENTS]`. The journal is written as a process would have: five records an order, over
500 symbols, with the snapshots that the order actor takes on its way. Each start is a process of its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import trio

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.orders import OrderActor
from actors.orders.desk import OrderDesk
from actors.orders.snapshots import Snapshots
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from benchmarks.journal import KINDS, life_of_an_order
from benchmarks.table import print_table
from config.environment import machine
from config.settings import Settings
from messages.gateway import GatewayStatus, LinkStatus
from messages.journal import Append, Appended, Entry
from storage.disk import DiskStorage

__all__ = ["main"]


class Writer(RunQueueActor):
    """Writes the lives of orders as the order actor does, snapshots included."""

    def __init__(self, context: ActorContext, *, events: int, done: trio.Event) -> None:
        """`done` is set when so many are written."""
        super().__init__(context)
        self._events, self._done = events, done
        self._desk = OrderDesk(context, 7, EventBus())
        self._snapshots = Snapshots(self._desk, lambda: True)
        self._number = 0

    def on_start(self) -> None:
        """Begin."""
        self._more()

    def on_receive(self, message: Any) -> Any:
        """Write more when the last is durable."""
        if type(message) is not Appended:
            return super().on_receive(message)
        if not self._snapshots.appended(message.token, message.sequence) or not self._snapshots.writing:
            self._more()
        return None

    def _more(self) -> None:
        if self._snapshots.writing:
            return
        if self._number * len(KINDS) >= self._events:
            self._done.set()
            return
        entries: list[Entry] = []
        for _ in range(100):
            self._number += 1
            for fact in life_of_an_order(self._number):
                self._desk.book.apply(fact, self.environment.now())
                entries.append(Entry(f"S{self._number % 500}", fact))
        self._desk.recorded += len(entries)
        self._snapshots.consider()
        self._desk.journal.tell(Append(tuple(entries), self.address.name, "facts"))


class Neighbour(RunQueueActor):
    """Stands where the order actor tells somebody something."""

    def on_receive(self, message: Any) -> Any:
        """Take any message."""
        return LinkStatus(False, 0, None, "", 0) if isinstance(message, GatewayStatus) else None


async def _system(nursery: trio.Nursery, path: Path) -> tuple[System, float]:
    system = System(machine(seed=1))
    await nursery.start(lambda task_status: system.run(task_status=task_status))
    began = perf_counter()
    storage = DiskStorage(path)
    await system.start("journal", lambda context: JournalActor(context, storage=storage, owner="benchmark"))
    return system, perf_counter() - began


async def write(path: Path, events: int) -> float:
    """Write the journal; return the seconds."""
    async with trio.open_nursery() as nursery:
        system, _ = await _system(nursery, path)
        done = trio.Event()
        began = perf_counter()
        await system.start("orders", lambda context: Writer(context, events=events, done=done))
        await done.wait()
        seconds = perf_counter() - began
        await system.stop("journal", timeout=60)
        nursery.cancel_scope.cancel()
    return seconds


async def start(path: Path) -> None:
    """Start journal and orders on it, and print how long each took and what memory there is then."""
    async with trio.open_nursery() as nursery:
        before = _megabytes()
        system, opened = await _system(nursery, path)
        for name in ("alarms", "portfolio", "gateway"):
            await system.start(name, Neighbour)
        began = perf_counter()
        await system.start("orders", lambda context: OrderActor(context, settings=Settings(), bus=EventBus()))
        replayed = perf_counter() - began
        print(opened, replayed, before, _megabytes(), flush=True)
        await system.stop("orders", timeout=60)
        await system.stop("journal", timeout=60)
        nursery.cancel_scope.cancel()


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(path: Path, *, snapshots: bool) -> tuple[float, ...]:
    """Start in a process of its own; without `snapshots` it finds none that it may use."""
    code = "import trio, sys\nfrom pathlib import Path\nfrom benchmarks import recovery\n"
    if not snapshots:
        code += "import actors.orders.snapshots\nactors.orders.snapshots.BOOK_VERSION = -1\n"
    code += "trio.run(recovery.start, Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, check=True)
    return tuple(float(figure) for figure in done.stdout.split())


def main(events: int = 1_000_000) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="recovery-", dir=Path.cwd()) as folder:
        path = Path(folder) / "pitboss.journal"
        seconds = trio.run(write, path, events)
        rows = []
        for snapshots in (True, False):
            opened, replayed, before, after = measured(path, snapshots=snapshots)
            name = "from the latest snapshot" if snapshots else "from the beginning"
            figures = (
                f"{opened:.2f} s",
                f"{replayed:.2f} s",
                f"{opened + replayed:.2f} s",
                f"{after - before:,.0f} MB",
            )
            rows.append((name, *figures))
        size = path.stat().st_size / 1e6
    print_table(
        f"A start on a journal of {events:,} events",
        ("", "journal opened", "order book", "together", "memory"),
        rows,
        note=f"{size:,.0f} MB, written at {events / seconds:,.0f} events a second, snapshots included",
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
