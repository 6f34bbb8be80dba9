"""What the journal costs an order: the whole way through the order actor, with it and without, next to one fsync.

`python -m benchmarks.journal_orders [ORDERS]`. An order is submitted, judged, its intent journaled and fsynced, and
given to the gateway, where the clock stops. "Without" is the same actors over a storage that acknowledges at once and
keeps nothing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import trio

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.orders import OrderActor
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from benchmarks.floors import synced_write
from benchmarks.table import percentile, print_table
from config.environment import machine
from config.settings import Settings
from messages.gateway import BrokerConnected, BrokerSnapshot, GatewayStatus, LinkStatus, OrderNotSent, PlaceOrders
from messages.journal import Replay
from messages.market import Instrument, InstrumentQualified
from messages.order import OrderRequest, OrderType, Role, Side, SubmitOrders
from storage.disk import DiskStorage
from storage.port import Opened, Storage
from storage.reserve import Mark
from storage.rows import Row

__all__ = ["main"]

SYMBOL = "AAPL"
TOGETHER = (1, 16, 256)


class NoStorage:
    """Acknowledges at once, and keeps nothing."""

    async def open(self, owner: str, created: str) -> Opened:
        """See `Storage.open`."""
        return Opened(0, bytes(32), "")

    async def append(self, rows: list[Row]) -> None:
        """See `Storage.append`."""

    async def fall_back(self, mark: Mark) -> None:
        """See `Storage.fall_back`."""

    async def append_reserve(self, rows: list[Row]) -> None:
        """See `Storage.append_reserve`."""

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        return []

    async def close(self) -> None:
        """See `Storage.close`."""


class Gateway(RunQueueActor):
    """Notes when orders come, and says that it did not send them: so they are done, and none is watched."""

    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.came: dict[str, float] = {}
        self.missing = 0
        self.all_came = trio.Event()

    def on_receive(self, message: Any) -> Any:
        """Handle one message."""
        match message:
            case PlaceOrders(orders):
                now = perf_counter()
                for order in orders:
                    self.came[order.request.order_ref] = now
                    answer = OrderNotSent(order.request.order_ref, order.order_id, "benchmark")
                    self.system.address("orders").tell(answer)
                    self.missing -= 1
                if self.missing == 0:
                    self.all_came.set()
            case GatewayStatus():
                return LinkStatus(False, 0, None, "", 0)
        return None


class Deaf(RunQueueActor):
    """Stands where somebody else is told of it."""

    def on_receive(self, message: Any) -> Any:
        """Take any message."""


class Way:
    """One order actor, over a storage of its own."""

    def __init__(self, name: str, storage: Storage) -> None:
        self.name = name
        self._storage = storage
        self._system = System(machine(seed=1))
        self._made = 0

    async def start(self, nursery: trio.Nursery) -> None:
        """Start it, connected and reconciled."""
        system = self._system
        await nursery.start(lambda task_status: system.run(task_status=task_status))
        await system.start("journal", lambda context: JournalActor(context, storage=self._storage, owner="benchmark"))
        for name in ("alarms", "portfolio", f"position/{SYMBOL}"):
            await system.start(name, Deaf)
        await system.start("gateway", Gateway)
        await system.start("orders", lambda context: OrderActor(context, settings=Settings(), bus=EventBus()))
        for message in (
            InstrumentQualified(instrument()),
            BrokerConnected(1, 176, "DU1", 1),
            BrokerSnapshot(1, (), (), (), (), ()),
        ):
            system.address("orders").tell(message)
        await system.idle()

    async def stop(self) -> None:
        """Stop what holds files."""
        await self._system.stop("orders", timeout=10)
        await self._system.stop("journal", timeout=10)

    async def orders(self, count: int) -> list[float]:
        """Submit so many at once; return for each the seconds until the gateway had it."""
        gateway = self._system.address("gateway").actor
        assert isinstance(gateway, Gateway)
        gateway.missing, gateway.all_came = count, trio.Event()
        groups = []
        for _ in range(count):
            self._made += 1
            groups.append(
                SubmitOrders((request(f"pb-{self._made}"),), f"position/{SYMBOL}", Decimal(100), cleared=True)
            )
        orders = self._system.address("orders")
        began = perf_counter()
        for group in groups:
            orders.tell(group)
        await gateway.all_came.wait()
        return [gateway.came.pop(group.orders[0].order_ref) - began for group in groups]


def instrument() -> Instrument:
    """Return what the broker knows of the symbol."""
    return Instrument(
        symbol=SYMBOL,
        con_id=1,
        sec_type="STK",
        exchange="SMART",
        primary_exchange="NASDAQ",
        currency="USD",
        multiplier=Decimal(1),
        price_bands=((Decimal(0), Decimal("0.01")),),
        size_increment=Decimal(1),
    )


def request(order_ref: str) -> OrderRequest:
    """Return an exit, which passes the gates whatever is held."""
    return OrderRequest(
        order_ref=order_ref,
        symbol=SYMBOL,
        role=Role.EXIT,
        side=Side.SELL,
        quantity=Decimal(100),
        order_type=OrderType.MARKET,
        position_id="benchmark",
        source="benchmark",
    )


async def measure(folder: Path, orders: int) -> None:
    """Take turns, and print the table."""
    ways = [
        Way("without a journal", NoStorage()),
        Way("journaled", DiskStorage(folder / "pitboss.journal")),
    ]
    rows: list[tuple[str, ...]] = []
    notes: list[str] = []
    async with trio.open_nursery() as nursery:
        for way in ways:
            await way.start(nursery)
            await way.orders(64)
        with synced_write(folder) as write:
            for together in TOGETHER:
                taken: dict[str, list[float]] = {way.name: [] for way in ways}
                rates: dict[str, list[float]] = {way.name: [] for way in ways}
                floor: list[float] = []
                for turn in range(max(20, orders // together)):
                    for way in ways if turn % 2 else reversed(ways):
                        seconds = await way.orders(together)
                        taken[way.name] += seconds
                        rates[way.name].append(together / max(seconds))
                        await trio.sleep(0.002)
                    floor.append(write())
                for way in ways:
                    rows.append((f"{together} together, {way.name}", *figures(rates[way.name], taken[way.name])))
                if together == 1:
                    rows.append(("one small write + fdatasync", *figures([1 / each for each in floor], floor)))
                    bare, ours = median(taken[ways[0].name]), median(taken[ways[1].name])
                    notes.append(f"one order: the journal adds {(ours - bare) / median(floor):.1f} × fdatasync")
        for way in ways:
            await way.stop()
        nursery.cancel_scope.cancel()
    print_table("From SubmitOrders to the gateway", ("", "orders a second", "p50", "p99"), rows, note="; ".join(notes))


def figures(rates: Sequence[float], seconds: Sequence[float]) -> tuple[str, str, str]:
    """Return the median rate, p50 and p99."""
    p50, p99 = (f"{percentile(seconds, share) * 1e6:,.0f} µs" for share in (0.5, 0.99))
    return f"{median(rates):,.0f}", p50, p99


def main(orders: int = 1_000) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="orders-", dir=Path.cwd()) as folder:
        trio.run(measure, Path(folder), orders)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
