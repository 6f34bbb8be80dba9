"""Ticks a second in a burst, and tick → order on the wire, through the whole process and through a plain script.

The order is the local stop's: a last price below the stop, and the market order that leaves the position. Pitboss
journals and fsyncs the intent before the order goes; the plain script has neither journal nor reconnect.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.live.clients import pitboss, plain_script
from benchmarks.table import percentile, print_table

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMD", "TSLA", "AMZN", "META", "NFLX")
ENTRY, BELOW_STOP = 100.0, 96.5

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


def measure(do: Do, ticks: int, bursts: int, orders: int, enter: Callable[[str], object]) -> tuple[float, list[float]]:
    """Return the best burst in ticks a second, and each latency in seconds."""
    do(do="subscribed", count=len(SYMBOLS))
    rates, latencies = [], []
    for _ in range(bursts):
        do(do="price", price=ENTRY)
        enter(SYMBOLS[0])
        rates.append(ticks / do(do="burst", ticks=ticks, trigger=SYMBOLS[0], price=BELOW_STOP)["seconds"])
    for number in range(orders):
        symbol = SYMBOLS[number % len(SYMBOLS)]
        do(do="price", price=ENTRY)
        enter(symbol)
        time.sleep(0.2)  # so that the rate budget (45 messages a second) is not what is measured
        latencies.append(do(do="tick", symbol=symbol, price=BELOW_STOP)["seconds"])
    return max(rates), latencies


def one_fsync(folder: Path, count: int = 300) -> float:
    """Return the median seconds of appending 300 bytes to a file and having them on the disk."""
    times = []
    with (folder / "fsync").open("ab", buffering=0) as file:
        for _ in range(count):
            start = time.perf_counter()
            file.write(b"x" * 300)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return median(times)


def main(ticks: int = 300_000, bursts: int = 3, orders: int = 100) -> None:
    """Measure both and print the table."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        with broker(SYMBOLS) as (port, do), plain_script(port, SYMBOLS):
            plain_rate, plain = measure(do, ticks, bursts, orders, lambda _: time.sleep(0.02))
        with broker(SYMBOLS) as (port, do), pitboss(port, SYMBOLS, folder) as running:
            rate, ours = measure(do, ticks, bursts, orders, running.enter)
        fsync = one_fsync(folder)

    def row(name: str, rate: float, times: list[float]) -> tuple[str, ...]:
        middle, high = median(times), percentile(times, 0.99)
        return name, f"{rate:,.0f}", f"{rate / plain_rate:.2f}", f"{middle * 1e6:,.0f}", f"{high * 1e6:,.0f}"

    print_table(
        f"Live path: {len(SYMBOLS)} symbols, bursts of {ticks:,} ticks, {orders} orders",
        ("through", "ticks/s", "× plain", "tick → order µs, median", "p99"),
        (row("plain ib_insync script (no journal)", plain_rate, plain), row("pitboss run", rate, ours)),
        note=f"one fsync {fsync * 1e6:,.0f} µs; plain + fsync {(median(plain) + fsync) * 1e6:,.0f} µs; "
        f"pitboss ÷ (plain + fsync) {median(ours) / (median(plain) + fsync):.2f}",
    )


if __name__ == "__main__":
    main()
