"""What an order's events cost the thread that trades, next to loguru: `python -m benchmarks.log [ORDERS]`.

An order's life is six events: intent, sent, accepted, filled in two parts, cancelled, each with the fields that
`actors.orders.log` gives them. One life after the other is logged, with two milliseconds between them in which the
log's own thread writes its lines; only the calls are timed. loguru gets the same fields, bound, into a file of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep, thread_time
from typing import Any

from loguru import logger

from actors.orders.log import log_event, log_sent
from benchmarks.table import percentile, print_table
from config.environment import machine
from config.log_record import LogRecord
from config.logging import start_logging
from messages.gateway import OrderSent
from messages.order import (
    Execution,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderCreatedEvent,
    OrderFilledEvent,
    OrderStatus,
    OrderView,
    Role,
    Side,
)

__all__ = ["main"]

BUDGET = 15.0  # µs for each event
MOMENT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ORDER = OrderView(
    order_ref="pb-2xvnmr4ceqp8",
    symbol="AAPL",
    role=Role.ENTRY,
    side=Side.BUY,
    quantity=Decimal(100),
    filled=Decimal(0),
    order_type="LMT",
    status=OrderStatus.SENT,
    limit_price=Decimal("150.10"),
    order_id=17,
    perm_id=1_500_000_017,
    position_id="2xvnmr4ceqp8",
    oca_group="oca-2xvnmr4ceqp8",
)
FILL = Execution(
    exec_id="0000e0d5.6579b6b2.01.01",
    perm_id=1_500_000_017,
    order_id=17,
    client_id=7,
    order_ref="pb-2xvnmr4ceqp8",
    symbol="AAPL",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=Decimal(50),
    price=Decimal("150.09"),
    time=MOMENT,
)


_HEARD = (
    OrderAcceptedEvent(ORDER),
    OrderFilledEvent(ORDER, FILL),
    OrderFilledEvent(ORDER, FILL),
    OrderCancelledEvent(ORDER, "by the operator"),
)
_CREATED, _SENT = OrderCreatedEvent(ORDER), OrderSent(ORDER.order_ref, 17, 3)


def life() -> None:
    """The events of one order, which its actors have in hand."""
    log_event(_CREATED)
    log_sent(_SENT, ORDER)
    for event in _HEARD:
        log_event(event)


EVENTS = 6


def fields_of_a_life() -> list[LogRecord]:
    """The same as records, for those who are compared."""
    records: list[LogRecord] = []
    log = start_logging(machine(), listeners=(records.append,), background=False)
    life()
    log.stop()
    return records


def measure(orders: int, act: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Return the µs that an event of each life took, by the clock and of the processor, on average over the life."""
    took, worked = [], []
    for _ in range(orders):
        began, before = perf_counter(), thread_time()
        act()
        took.append((perf_counter() - began) / EVENTS * 1e6)
        worked.append((thread_time() - before) / EVENTS * 1e6)
        sleep(0.002)
    return took, worked


@contextmanager
def ours(path: Path) -> Iterator[Callable[[], object]]:
    """This log, with its thread."""
    log = start_logging(machine(), path=path)
    yield life
    log.stop()


@contextmanager
def loguru_with(path: Path, **how: Any) -> Iterator[Callable[[], object]]:
    """loguru with a sink of its own."""
    records = fields_of_a_life()
    handler = logger.add(path, **how)

    def act() -> None:
        for record in records:
            logger.bind(**record.fields).log(record.level, record.event)

    yield act
    logger.complete()
    logger.remove(handler)


def main(orders: int = 2_000) -> int:
    """Measure and print; the exit code says whether the processor's time keeps the budget."""
    rows, median = [], 0.0
    with TemporaryDirectory() as folder:
        ways = {
            "Pitboss": ours(Path(folder, "pitboss.jsonl")),
            "loguru serialize=True": loguru_with(Path(folder, "one.jsonl"), serialize=True),
            "loguru serialize=True, enqueue=True": loguru_with(Path(folder, "two.jsonl"), serialize=True, enqueue=True),
        }
        logger.remove()
        for name, way in ways.items():
            with way as act:
                measure(50, act)
                took, worked = measure(orders, act)
            cells = [percentile(took, share) for share in (0.5, 0.9, 0.99)] + [percentile(worked, 0.5)]
            rows.append([name, *(f"{cell:.1f}" for cell in cells)])
            median = median or cells[-1]
        lines = Path(folder, "pitboss.jsonl").read_text().count("\n")
    print_table(
        "µs for each event of an order, on the thread that logs it",
        ["", "median", "90 %", "99 %", "CPU, median"],
        rows,
    )
    print(f"{lines} lines in the file of {(orders + 50) * EVENTS}; at most {BUDGET:.0f} µs wanted")
    return 0 if median <= BUDGET and lines == (orders + 50) * EVENTS else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
