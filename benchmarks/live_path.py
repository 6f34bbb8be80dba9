"""Ticks a second in a burst, and tick → order on the wire, through the whole process and through a plain script.

`python -m benchmarks.live_path [ROUNDS [ORDERS [TICKS]]]`. The order is the local stop's: a last price below the stop,
and the market order that leaves the position. Pitboss journals and fsyncs the intent before the order goes; the plain
script has neither journal nor reconnect. The two run side by side against a broker each and are measured in turns,
first one then the other at the head; beside each order one small synced write and one SQLite commit are timed in the
same folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.floors import sqlite_commit, synced_write
from benchmarks.live.clients import pitboss, plain_script
from benchmarks.table import percentile, print_table

__all__ = ["main"]

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMD", "TSLA", "AMZN", "META", "NFLX")
ENTRY, BELOW_STOP = 100.0, 96.5
REST = 0.15  # seconds before an order, so that the rate budget (45 messages a second) is not what is measured

Do = Callable[..., dict[str, Any]]


@contextmanager
def broker(symbols: Sequence[str]) -> Iterator[tuple[int, Do]]:
    """Run the stopwatch broker; yields its port and a function that has it do something."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live.broker", *symbols],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    to_child, from_child = child.stdin, child.stdout

    def do(**command: Any) -> dict[str, Any]:
        to_child.write(json.dumps(command) + "\n")
        to_child.flush()
        return dict(json.loads(from_child.readline()))

    try:
        yield int(json.loads(from_child.readline())["port"]), do
    finally:
        to_child.close()
        child.wait()
        from_child.close()


class Way:
    """One client with its broker, and what was measured of it."""

    def __init__(self, name: str, do: Do, enter: Callable[[str], object]) -> None:
        """`enter(symbol)` sees to it that the client holds 100 shares of it."""
        self.name = name
        self._do = do
        self._enter = enter
        self.rates: list[float] = []
        self.latencies: list[float] = []

    def burst(self, ticks: int) -> None:
        """Time a burst that ends in an exit."""
        self._do(do="price", price=ENTRY)
        self._enter(SYMBOLS[0])
        self.rates.append(ticks / self._do(do="burst", ticks=ticks, trigger=SYMBOLS[0], price=BELOW_STOP)["seconds"])

    def order(self, symbol: str) -> None:
        """Time one tick that ends in an exit."""
        self._do(do="price", price=ENTRY)
        self._enter(symbol)
        time.sleep(REST)
        self.latencies.append(self._do(do="tick", symbol=symbol, price=BELOW_STOP)["seconds"])


def measure(ways: Sequence[Way], rounds: int, orders: int, ticks: int, floors: dict[str, Callable[[], float]]) -> Any:
    """Take turns; return what each floor took, in seconds."""
    taken: dict[str, list[float]] = {name: [] for name in floors}
    for number in range(-1, rounds):
        for way in ways if number % 2 else reversed(ways):
            way.burst(ticks)
            if number < 0:
                way.rates.clear()  # the first is for warming up
    for number in range(orders):
        for way in ways if number % 2 else reversed(ways):
            way.order(SYMBOLS[number % len(SYMBOLS)])
            for name, floor in floors.items():
                taken[name].append(floor())
    return taken


def print_rates(plain: Way, ours: Way, ticks: int) -> None:
    """Print the bursts."""
    rows = []
    for way in (plain, ours):
        ratio = median(rate / base for rate, base in zip(way.rates, plain.rates, strict=True))
        figures = (median(way.rates), min(way.rates), max(way.rates))
        rows.append((way.name, *(f"{figure:,.0f}" for figure in figures), f"{ratio:.2f}"))
    print_table(
        f"Bursts: {len(plain.rates)} of {ticks:,} ticks over {len(SYMBOLS)} symbols, none conflated",
        ("ticks a second through", "median", "min", "max", "× plain"),
        rows,
    )


def print_latencies(plain: Way, ours: Way, floors: dict[str, list[float]]) -> None:
    """Print the orders."""

    def row(name: str, times: Sequence[float]) -> tuple[str, ...]:
        shares = (percentile(times, share) for share in (0.5, 0.9, 0.99))
        return name, *(f"{share * 1e6:,.0f}" for share in shares), f"{min(times) * 1e6:,.0f}"

    synced = median(floors["fdatasync"])
    allowed = median(plain.latencies) + synced
    print_table(
        f"Tick → order on the wire: {len(plain.latencies)} orders",
        ("µs", "median", "p90", "p99", "min"),
        [
            row(plain.name, plain.latencies),
            row(ours.name, ours.latencies),
            row("one small write + fdatasync", floors["fdatasync"]),
            row("one commit of SQLite", floors["SQLite commit"]),
        ],
        note=f"plain + fdatasync {allowed * 1e6:,.0f} µs; pitboss ÷ that {median(ours.latencies) / allowed:.2f}",
    )


def main(rounds: int = 7, orders: int = 200, ticks: int = 300_000) -> None:
    """Measure both and print the tables."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="live-", dir=Path.cwd())))
        port, do = stack.enter_context(broker(SYMBOLS))
        stack.enter_context(plain_script(port, SYMBOLS))
        plain = Way("plain ib_insync script, no journal", do, lambda _: time.sleep(0.02))
        do(do="subscribed", count=len(SYMBOLS))
        port, do = stack.enter_context(broker(SYMBOLS))
        running = stack.enter_context(pitboss(port, SYMBOLS, folder))
        ours = Way("pitboss run", do, running.enter)
        do(do="subscribed", count=len(SYMBOLS))
        floors = {
            "fdatasync": stack.enter_context(synced_write(folder)),
            "SQLite commit": stack.enter_context(sqlite_commit(folder)),
        }
        taken = measure((plain, ours), rounds, orders, ticks, floors)
    print_rates(plain, ours, ticks)
    print_latencies(plain, ours, taken)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
