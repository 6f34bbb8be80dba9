"""What durability and replay cost: `python -m benchmarks.journal [EVENTS]`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import trio

from actors.journal import JournalActor
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from benchmarks import collector
from benchmarks.floors import synced_write
from benchmarks.table import percentile, print_table
from config.environment import machine
from messages.codec import decode, encode
from messages.gateway import BrokerOrder, BrokerOrderStatus
from messages.journal import Append, Appended, Entry, Record, Replay
from messages.order import (
    Commission,
    CommissionBooked,
    Execution,
    ExecutionBooked,
    OrderIntended,
    OrderRequest,
    OrderType,
    Role,
    Side,
    TimeInForce,
)
from storage.disk import DiskStorage

__all__ = ["main"]

SYMBOLS = 500
KINDS = (OrderIntended, BrokerOrder, BrokerOrderStatus, ExecutionBooked, CommissionBooked)


def life_of_an_order(number: int) -> list[Any]:
    """Return what the journal is told about one order."""
    symbol, ref, perm_id = f"S{number % SYMBOLS}", f"pb-{number:012}", 1_500_000_000 + number
    request = OrderRequest(
        order_ref=ref,
        symbol=symbol,
        role=Role.STOP,
        side=Side.SELL,
        quantity=Decimal(100),
        order_type=OrderType.STOP,
        stop_price=Decimal("145.60"),
        tif=TimeInForce.GTC,
        parent_ref=f"pb-{number - 1:012}",
        oca_group=f"oca-{number:012}",
        position_id=f"{number:012}",
        source="prediction_entry",
    )
    echo = BrokerOrder(
        epoch=1,
        order_id=number,
        client_id=7,
        perm_id=perm_id,
        parent_id=0,
        order_ref=ref,
        account="DU1234567",
        symbol=symbol,
        con_id=265_598,
        side=Side.SELL,
        quantity=Decimal(100),
        order_type="STP",
        limit_price=None,
        stop_price=Decimal("145.60"),
        trail_stop_price=None,
        trailing_pct=None,
        tif="GTC",
        oca_group=f"oca-{number:012}",
        status="PreSubmitted",
    )
    status = BrokerOrderStatus(
        epoch=1,
        order_id=number,
        client_id=7,
        perm_id=perm_id,
        status="Filled",
        filled=Decimal(100),
        remaining=Decimal(0),
    )
    execution = Execution(
        exec_id=f"0000e0d5.{number:08x}.01.01",
        order_ref=ref,
        order_id=number,
        perm_id=perm_id,
        client_id=7,
        account="DU1234567",
        symbol=symbol,
        con_id=265_598,
        side=Side.SELL,
        quantity=Decimal(100),
        price=Decimal("145.58"),
        time=datetime(2026, 11, 22, 14, 30, tzinfo=UTC),
    )
    commission = Commission(execution.exec_id, Decimal("1.00"), "USD", Decimal("-452.00"))
    return [
        OrderIntended(request, number, 7, "DU1234567", Decimal("150.10")),
        echo,
        status,
        ExecutionBooked(execution, Role.STOP, request.position_id),
        CommissionBooked(symbol, commission),
    ]


class Waiter(RunQueueActor):
    """Hears Appended, and wakes whoever waits for the last of them."""

    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.missing = 0
        self.arrived = trio.Event()

    def on_receive(self, message: Any) -> Any:
        """Count."""
        if type(message) is not Appended:
            return super().on_receive(message)
        self.missing -= 1
        if not self.missing:
            self.arrived.set()
        return None

    async def append(self, appends: list[tuple[Entry, ...]]) -> float:
        """Tell the journal all of these at once; return the seconds until the last was durable."""
        self.missing, self.arrived = len(appends), trio.Event()
        journal = self.system.address("journal")
        began = perf_counter()
        for entries in appends:
            journal.tell(Append(entries, self.address.name, "token"))
        await self.arrived.wait()
        return perf_counter() - began


def microseconds(seconds: list[float]) -> tuple[str, str]:
    """Return p50 and p99."""
    return f"{percentile(seconds, 0.5) * 1e6:,.0f} µs", f"{percentile(seconds, 0.99) * 1e6:,.0f} µs"


def codec() -> None:
    """Print what writing and reading one message costs."""
    rows: list[tuple[str, ...]] = []
    for message in life_of_an_order(7):
        kind, text = encode(message)
        costs = []
        for job in (partial(encode, message), partial(decode, kind, text)):
            rounds = []
            for _ in range(5):
                began = perf_counter()
                for _ in range(1_000):
                    job()
                rounds.append((perf_counter() - began) / 1_000)
            costs.append(f"{min(rounds) * 1e6:.1f} µs")
        rows.append((kind, *costs, str(len(text))))
    print_table("one message as text", ("kind", "encode", "decode", "bytes"), rows)


async def durability(folder: Path, waiter: Waiter) -> None:
    """Print the latency of intents, alone and together, next to one synced write, taken in turns."""
    rows: list[tuple[str, ...]] = []
    number = 0
    with synced_write(folder) as write:
        for together, rounds in ((1, 1_000), (3, 500), (16, 300), (256, 60)):
            taken, floor = [], []
            for _ in range(rounds):
                appends: list[tuple[Entry, ...]] = []
                for _ in range(together):
                    number += 1
                    intent = life_of_an_order(number)[0]
                    appends.append((Entry(intent.order.symbol, intent),))
                taken.append(await waiter.append(appends))
                floor.append(write())
            if not rows:
                rows.append(("write + fdatasync alone", *microseconds(floor), "1.0"))
            ratio = median(taken) / median(floor)
            rows.append((f"{together} intents waiting together", *microseconds(taken), f"{ratio:.1f}"))
    print_table("told until durable", ("", "p50", "p99", "× fdatasync"), rows)


async def fill(waiter: Waiter, events: int) -> float:
    """Write `events` records; return how many a second."""
    began = perf_counter()
    for start in range(0, events // len(KINDS), 100):
        appends: list[tuple[Entry, ...]] = []
        for number in range(start, start + 100):
            life = life_of_an_order(number)
            appends.append(tuple(Entry(life[0].order.symbol, payload) for payload in life))
        await waiter.append(appends)
    return events / (perf_counter() - began)


@contextmanager
def stalls() -> Iterator[Callable[[], float]]:
    """Yield a function that returns the longest time, so far, between two turns of trio."""
    longest, last = 0.0, perf_counter()

    class Watch(trio.abc.Instrument):
        def before_io_wait(self, timeout: float) -> None:
            nonlocal longest
            longest = max(longest, perf_counter() - last)

        def after_io_wait(self, timeout: float) -> None:
            nonlocal last
            last = perf_counter()

    watch = Watch()
    trio.lowlevel.add_instrument(watch)
    try:
        yield lambda: longest
    finally:
        trio.lowlevel.remove_instrument(watch)


async def replay(system: System) -> list[tuple[str, ...]]:
    """Return what rebuilding costs, as rows of a table."""
    journal = system.address("journal")
    rows: list[tuple[str, ...]] = []
    for streams in ([f"S{number}" for number in range(200)], ["none"] * 200):
        taken = []
        records: list[Record] = []
        for stream in streams:
            began = perf_counter()
            records = await journal.ask(Replay(stream, whole=True))
            taken.append(perf_counter() - began)
        rows.append((f"replay of one stream, {len(records)} records", *microseconds(taken)))
    with stalls() as longest:
        began = perf_counter()
        records = await journal.ask(Replay(kinds=tuple(kind.__name__ for kind in KINDS)))
        seconds = perf_counter() - began
    rows.append((f"replay of {len(records):,} records, five kinds", f"{seconds:.2f} s", ""))
    rows.append(("  records a second", f"{len(records) / seconds:,.0f}", ""))
    rows.append(("  trio held up for at most", f"{longest() * 1e3:.1f} ms", ""))
    return rows


async def run(folder: Path, events: int) -> None:
    """Run all of it on a journal in `folder`."""
    path = folder / "pitboss.journal"
    async with trio.open_nursery() as nursery:
        system = System(machine())
        await nursery.start(lambda task_status: system.run(task_status=task_status))

        async def open_journal() -> float:
            began = perf_counter()
            await system.start(
                "journal", lambda context: JournalActor(context, storage=DiskStorage(path), owner="benchmark")
            )
            return perf_counter() - began

        await open_journal()
        await system.start("waiter", Waiter)
        waiter = system.address("waiter").actor
        assert isinstance(waiter, Waiter)
        await durability(folder, waiter)
        rate = await fill(waiter, events)
        await system.stop("journal", timeout=30)
        rows = [
            (f"{events:,} events written, 100 appends of five together: a second", f"{rate:,.0f}", ""),
            ("the file", f"{path.stat().st_size / 1e6:,.1f} MB", ""),
            ("opened anew, file and chain checked", f"{await open_journal():.2f} s", ""),
            *await replay(system),
        ]
        print_table("much of it", ("", "p50", "p99"), rows)
        await system.stop("journal", timeout=30)
        nursery.cancel_scope.cancel()


def main(events: int = 100_000) -> None:
    """Print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pitboss-journal-")))
        codec()
        collector.settle()
        trio.run(run, folder, events)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
