"""The paper TWS: ticks served, orders carried out, and a day in virtual time.

`python -m benchmarks.simulator [ROUNDS [TICKS [ORDERS [HOURS]]]]`. Ticks go from the feed through venue and server to
raw reading sockets in another process; beside them the same bytes are written to plain trio sockets, batch by batch.
Orders are real client's bytes, sent in one piece over a socket, pacing off. The day is the real client (ib_insync's
Client and Decoder) and the paper TWS in one thread under a virtual clock: ten symbols, fifty ticks a second in all, and
200 market orders.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from statistics import median

from benchmarks.paper.orders import KINDS, placed
from benchmarks.paper.serving import BATCH, SYMBOLS, market, plain_sockets, served, written
from benchmarks.paper.virtual_day import HOURS, ORDERS, TICKS_A_SECOND, run_day
from benchmarks.table import print_table

__all__ = ["main"]

CLIENTS = (1, 10)
TO_REACH = 500  # simulated seconds in a real one


def tick_rows(rounds: int, ticks: int) -> Iterator[tuple[str, ...]]:
    """Measure the paper TWS and the plain sockets in turns."""
    batches = market(ticks)
    data = written(batches)
    for clients in CLIENTS:
        ours, plain = [], []
        for _ in range(rounds):
            ours.append(served(clients, batches))
            plain.append(plain_sockets(clients, data))
        rates = [ticks / seconds for seconds in ours]
        yield (
            str(clients),
            *(f"{rate:,.0f}" for rate in (median(rates), min(rates), max(rates))),
            f"{median(rates) * clients:,.0f}",
            f"{ticks / median(plain):,.0f}",
            f"{median(one / floor for one, floor in zip(ours, plain, strict=True)):.1f}",
        )


def order_rows(rounds: int, orders: int) -> Iterator[tuple[str, ...]]:
    """Measure orders accepted, and orders filled."""
    for kind in KINDS:
        rates = [orders / placed(orders, kind) for _ in range(rounds)]
        yield kind, *(f"{rate:,.0f}" for rate in (median(rates), min(rates), max(rates)))


def day_rows(rounds: int, hours: float, orders: int) -> Iterator[tuple[str, ...]]:
    """Measure the day; each round is the same one."""
    days = [run_day(hours, orders) for _ in range(rounds)]
    rates = [day.simulated / day.real for day in days]
    yield (
        f"{hours:g} h",
        *(f"{rate:,.0f}" for rate in (median(rates), min(rates), max(rates))),
        f"{median(day.real for day in days):.1f}",
        f"{median(day.simulated / day.cpu for day in days):,.0f}",
        f"{days[0].ticks:,}",
        f"{days[0].filled} of {orders}",
        "yes" if median(rates) >= TO_REACH else "NO",
    )


def main(rounds: int = 5, ticks: int = 100_000, orders: int = 2_000, hours: float = HOURS) -> None:
    """Print the tables."""
    print_table(
        f"Ticks served: {ticks:,} of {len(SYMBOLS)} symbols in batches of {BATCH}, {rounds} rounds",
        ("clients", "ticks/s to each", "min", "max", "messages/s", "plain sockets/s", "× plain"),
        tick_rows(rounds, ticks),
        note="until the last client has read the last tick; × plain: time over that of the same bytes",
    )
    print_table(
        f"Orders of one client: {orders:,} in one piece, {rounds} rounds",
        ("until each is", "orders/s", "min", "max"),
        order_rows(rounds, orders),
    )
    print_table(
        f"Virtual time: {len(SYMBOLS)} symbols, {TICKS_A_SECOND} ticks a second each, {ORDERS} orders",
        ("day", "× real time", "min", "max", "seconds", "× CPU time", "ticks", "filled", f"≥ {TO_REACH}"),
        day_rows(min(rounds, 3), hours, ORDERS),
    )


if __name__ == "__main__":
    numbers = [float(argument) for argument in sys.argv[1:]]
    main(*(int(number) for number in numbers[:3]), *numbers[3:4])
