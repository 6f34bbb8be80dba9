"""Delivery of ticks to one actor per symbol, against a plain loop: `python -m benchmarks.delivery [TICKS]`.

N symbols, each long 100 shares with a stop at 3 %, a target at 8 % and a trailing stop of 2 %; random-walk ticks, the
symbol uniform; an exit books its profit and opens anew at its price. Every way gets the same batches of
`(symbol, price)` and has to end with the same exits and the same profit.
"""

from __future__ import annotations

import gc
import random
import sys
import threading
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias

import pykka
import trio

from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.items import Tick
from actors.runtime.system import System
from benchmarks.table import print_table
from config.environment import machine
from domain.exits import ExitMonitor, ExitReason
from messages.market import TickType

__all__ = ["main"]

SYMBOLS = (1, 100, 500, 1_000, 10_000)
BATCH = 64
QUANTITY = 100
LAST = int(TickType.LAST)

Batches: TypeAlias = list[list[tuple[int, float]]]
# per symbol: exits (reason, price), and the profit they made
Outcome: TypeAlias = list[tuple[list[tuple[ExitReason, float]], float]]


class Holding:
    """The position that each way keeps: what differs is how a tick gets to it."""

    __slots__ = ("entry", "exits", "monitor", "profit")

    def __init__(self) -> None:
        self.exits: list[tuple[ExitReason, float]] = []
        self.profit = 0.0
        self.open(100.0)

    def open(self, price: float) -> None:
        """Buy at `price`."""
        self.entry = price
        self.monitor = ExitMonitor(1, price * 0.97, price * 1.08, 0.02)

    def exit(self, reason: ExitReason, price: float) -> None:
        """Sell at `price` and buy again."""
        self.exits.append((reason, price))
        self.profit += QUANTITY * (price - self.entry)
        self.open(price)

    @property
    def outcome(self) -> tuple[list[tuple[ExitReason, float]], float]:
        """What is compared."""
        return self.exits, self.profit


class PositionActor(RunQueueActor):
    """One symbol on the run queue."""

    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.holding = Holding()

    def on_tick(self, kind: int, price: float, size: float) -> None:
        """Take one tick."""
        holding = self.holding
        reason = holding.monitor.on_price(price)
        if reason is not None:
            holding.exit(reason, price)


class ThreadPosition(pykka.ThreadingActor):
    """One symbol on a thread of its own."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.holding = Holding()

    def on_receive(self, message: Any) -> Any:
        """Take one tick; anything else asks for the outcome."""
        if message.__class__ is not Tick:
            return self.holding.outcome
        holding = self.holding
        reason = holding.monitor.on_price(message.price)
        if reason is not None:
            holding.exit(reason, message.price)
        return None


def random_walks(symbols: int, ticks: int) -> Batches:
    """Return the ticks, in batches as a socket read would give them."""
    generator = random.Random(symbols)
    prices = [100.0] * symbols
    batches: Batches = []
    for _ in range(ticks // BATCH):
        batch = []
        for _ in range(BATCH):
            symbol = generator.randrange(symbols)
            prices[symbol] *= 1.0 + generator.gauss(0.0, 0.004)
            batch.append((symbol, prices[symbol]))
        batches.append(batch)
    return batches


async def plain_loop(symbols: int, batches: Batches) -> tuple[float, Outcome]:
    """A method call per tick, and a checkpoint per batch: the floor."""
    holdings = {symbol: Holding() for symbol in range(symbols)}
    gc.collect()
    began = perf_counter()
    for batch in batches:
        for symbol, price in batch:
            holding = holdings[symbol]
            reason = holding.monitor.on_price(price)
            if reason is not None:
                holding.exit(reason, price)
        await trio.lowlevel.checkpoint()
    seconds = perf_counter() - began
    return seconds, [holding.outcome for holding in holdings.values()]


async def with_actors(
    symbols: int, batches: Batches, deliver: Callable[[System, dict[int, Any], list[tuple[int, float]]], None]
) -> tuple[float, Outcome]:
    """Start the actors, run the batches through `deliver`, a checkpoint after each, until all is handled."""
    system = System(machine(seed=1))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        addresses = {symbol: await system.start(f"position/{symbol}", PositionActor) for symbol in range(symbols)}
        gc.collect()
        began = perf_counter()
        for batch in batches:
            deliver(system, addresses, batch)
            await trio.lowlevel.checkpoint()
        await system.idle()
        seconds = perf_counter() - began
        outcome = [position(address).holding.outcome for address in addresses.values()]
        nursery.cancel_scope.cancel()
    return seconds, outcome


def position(address: Any) -> PositionActor:
    """Return the actor behind an address."""
    actor = address.actor
    assert isinstance(actor, PositionActor)
    return actor


def publish(system: System, addresses: dict[int, Any], batch: list[tuple[int, float]]) -> None:
    """As the gateway does: one delivery per tick made, one call per batch."""
    system.publish([(addresses[symbol], LAST, price, 0.0) for symbol, price in batch])


def tell(system: System, addresses: dict[int, Any], batch: list[tuple[int, float]]) -> None:
    """Through the mailbox, with pykka's own reference."""
    for symbol, price in batch:
        addresses[symbol].actor.actor_ref.tell(Tick(LAST, price, 0.0))


def thread_each(symbols: int, batches: Batches) -> tuple[float, Outcome]:
    """pykka as it comes."""
    threading.stack_size(256 * 1024)
    references = {symbol: ThreadPosition.start() for symbol in range(symbols)}
    try:
        began = perf_counter()
        for batch in batches:
            for symbol, price in batch:
                references[symbol].tell(Tick(LAST, price, 0.0))
        answers = [reference.ask("outcome", block=False) for reference in references.values()]
        outcome = [answer.get() for answer in answers]
        return perf_counter() - began, outcome
    finally:
        for reference in references.values():
            reference.stop()
        threading.stack_size(0)


async def bytes_per_actor(symbols: int) -> float:
    """Return the memory that starting an actor takes, its position included."""
    system = System(machine(seed=1))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        await system.start("first", PositionActor)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for symbol in range(symbols):
            await system.start(f"position/{symbol}", PositionActor)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        nursery.cancel_scope.cancel()
    return grown / symbols


def measure(symbols: int, ticks: int, rounds: int) -> list[str]:
    """Return the row for so many symbols. Ratios are medians over rounds in which each way runs once."""
    batches = random_walks(symbols, ticks)
    fewer = batches[: max(1, len(batches) // 20)]
    seconds: dict[str, list[float]] = {"loop": [], "publish": [], "tell": []}
    same = True
    for _ in range(rounds):
        floor, expected = trio.run(plain_loop, symbols, batches)
        seconds["loop"].append(floor)
        for name, way in (("publish", publish), ("tell", tell)):
            spent, outcome = trio.run(with_actors, symbols, batches, way)
            seconds[name].append(spent)
            same = same and outcome == expected
    # threads take a hundred times as long: they get a twentieth of the ticks
    thread_seconds, outcome = thread_each(symbols, fewer)
    same = same and outcome == trio.run(plain_loop, symbols, fewer)[1]
    count = sum(len(batch) for batch in batches)
    rate = {name: count / median(spent) for name, spent in seconds.items()}
    thread_rate = sum(len(batch) for batch in fewer) / thread_seconds

    def ratio(name: str) -> str:
        return f"{median(ours / loop for ours, loop in zip(seconds[name], seconds['loop'], strict=True)):.2f}"

    return [
        f"{symbols:,}",
        f"{rate['loop']:,.0f}",
        f"{rate['publish']:,.0f}",
        ratio("publish"),
        f"{rate['tell']:,.0f}",
        ratio("tell"),
        f"{thread_rate:,.0f}",
        f"{rate['publish'] / thread_rate:,.0f}",
        f"{trio.run(bytes_per_actor, symbols) / 1024:.1f}",
        "yes" if same else "NO",
    ]


def main(ticks: int = 256_000, rounds: int = 5) -> None:
    """Print the table."""
    print_table(
        f"Delivery: {ticks:,} ticks in batches of {BATCH}, a trio checkpoint after each",
        (
            *("symbols", "loop/s", "publish/s", "× loop", "tell/s", "× loop"),
            *("thread each/s", "publish ÷ thread", "KiB/actor", "same exits, P&L"),
        ),
        (measure(symbols, ticks, rounds) for symbols in SYMBOLS),
        note="× loop: time of the plain loop with the same number of trio checkpoints, median of the rounds",
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
