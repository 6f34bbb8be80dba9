"""Recorded ticks of 500 symbols, a position in each: ours, beside NautilusTrader in an environment of its own.

`python -m benchmarks.replay [TICKS [ROUNDS [SYMBOLS [FILE]]]]`. FILE is a recording (see benchmarks/replay_ticks.py);
without one a recording of the same shape is made. Half the positions are long, half short; each has a stop at 0.2 %, a
target at 0.3 % and a stop that trails by 0.25 %, and is entered anew at the price that ended it. A tick is a last
price: both sides trigger on it.

NautilusTrader (`make nautilus`) has three live orders for each position, in its BacktestEngine, and
its venue fills them. Our position actors decide and place nothing. The last way does all that NautilusTrader does and
more: the whole process in virtual time, its orders with the paper TWS, every message encoded as TWS does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from benchmarks.collector import settle
from benchmarks.replay_exits import compare
from benchmarks.replay_house import replay_house
from benchmarks.replay_positions import Exit, Replayed, Ticks, replay_positions
from benchmarks.replay_ticks import Recorded, made, read, spread, trades
from benchmarks.table import print_table

__all__ = ["PYTHON", "main", "nautilus"]

PYTHON = Path(".venv-nautilus/bin/python")
TO_REACH = 5.0
FEWER = 4  # times fewer ticks for the last way, which takes long

Way: TypeAlias = Callable[[int, Ticks], Replayed]


def nautilus(recorded: Recorded, symbols: int, count: int, python: Path = PYTHON) -> tuple[str, Replayed]:
    """Run the other side in a process of its own; returns its version and what it did.

    Raises RuntimeError where it rejected an order: then it did not do the same.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([{"tickType": kind, "price": price, "size": size} for kind, price, size in recorded], file)
        file.flush()
        command = [str(python), "-m", "benchmarks.nautilus.run", file.name, str(symbols), str(count)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    if said["rejected"]:
        raise RuntimeError(f"NautilusTrader rejected {len(said['rejected'])} orders: {said['rejected'][0]}")
    exits = [Exit(symbol, reason, tick, price) for symbol, reason, tick, price in said["exits"]]
    return said["version"], Replayed(said["seconds"], said["cpu"], exits)


def apart(way: Way, recorded: Recorded, symbols: int, count: int) -> Replayed:
    """Run one of our ways in a process of its own: what another left behind is not measured."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(settled, way, recorded, symbols, count).result()


def settled(way: Way, recorded: Recorded, symbols: int, count: int) -> Replayed:
    """Run it with the garbage collector as the process sets it."""
    ticks: Ticks = list(spread(recorded, symbols, count))
    settle()
    return way(symbols, ticks)


def rate_rows(runs: dict[str, list[Replayed]], counts: dict[str, int]) -> Iterator[tuple[str, ...]]:
    """One row for each way; the ratio is the median over the rounds."""
    base = next(iter(runs))
    for name, rounds in runs.items():
        rates = [counts[name] / run.seconds for run in rounds]
        base_rates = [counts[base] / run.seconds for run in runs[base]]
        cpu = [counts[name] / run.cpu for run in rounds]
        ratio = median(one / other for one, other in zip(rates, base_rates, strict=True))
        yield (
            name,
            *(f"{rate:,.0f}" for rate in (median(rates), min(rates), max(rates), median(cpu))),
            f"{ratio:.1f}" if name != base else "",
            "" if name == base else "yes" if ratio >= TO_REACH else "NO",
        )


def print_own_exits(actors: Sequence[Exit], house: Sequence[Exit]) -> None:
    """Print what became of each exit in the whole process, beside what the actors alone decided."""
    compared = compare(actors, house, name="the process", prices=False)
    print_table(
        f"Exits, one by one: position actors alone {len(actors):,}, the whole process {len(house):,}",
        ("symbol, tick and which exit", "exits", "example"),
        [(what, f"{count:,}", compared.examples[what]) for what, count in compared.counts.most_common()],
        note=(
            "The process rounds a stop to the tighter cent and a target to the farther one: a price may just reach the"
            " one, or miss the other. It enters anew by an order, within TWS's rate of messages: where many exits come"
            " at once it fills at a later tick, and the position has other levels."
        ),
    )


def print_exits(ours: Sequence[Exit], theirs: Sequence[Exit]) -> None:
    """Print what became of each exit on both sides, and why it differs."""
    compared = compare(ours, theirs)
    print_table(
        f"Exits, one by one: pitboss {len(ours):,}, NautilusTrader {len(theirs):,}",
        ("symbol, tick, which exit and at which level", "exits", "example"),
        [(what, f"{count:,}", compared.examples[what]) for what, count in compared.counts.most_common()],
        note=(
            "A last price may jump over the stop and the trailing stop at once, as where a recording begins anew."
            " Pitboss has one stop, the tighter of both; NautilusTrader has two orders, and fills the one that it looks"
            " at first. Its venue fills a stop at its trigger price and a target at its limit, however far the price"
            " has jumped: so levels are compared. Its triggers have four decimal places, our monitor's are floats."
        ),
    )


def main(count: int = 400_000, rounds: int = 3, symbols: int = 500, file: Path | None = None) -> int:
    """Print the tables; return the exit code."""
    whole = read(file) if file is not None else made(seed=1)
    recorded = trades(whole)
    if not PYTHON.exists():
        print("NautilusTrader is not there: make nautilus", file=sys.stderr)
        return 2
    theirs, actors = "NautilusTrader, live orders", "position actors"
    kinds, house = "position actors, ticks of every kind", "whole process and paper TWS"
    runs: dict[str, list[Replayed]] = {theirs: [], actors: [], kinds: [], house: []}
    version, part = "", max(symbols, count // FEWER)
    for _ in range(rounds):
        version, replayed = nautilus(recorded, symbols, count)
        runs[theirs].append(replayed)
        runs[actors].append(apart(replay_positions, recorded, symbols, count))
        runs[kinds].append(apart(replay_positions, whole, symbols, count))
        runs[house].append(apart(replay_house, recorded, symbols, part))
    print_table(
        f"Replay of {'the recording' if file else 'a made recording'}: {count:,} ticks of {symbols} symbols,"
        f" {rounds} rounds; NautilusTrader {version}",
        ("ticks a second", "median", "min", "max", "by CPU time", "× NautilusTrader", f"≥ {TO_REACH:g}"),
        rate_rows(runs, dict.fromkeys(runs, count) | {house: part - symbols}),
        note="by CPU time: what a machine with nothing else to do would show; the last way has a quarter of the ticks,"
        " and each is three for the process: bid, ask, last",
    )
    print_exits(runs[actors][0].exits, runs[theirs][0].exits)
    print_own_exits([each for each in runs[actors][0].exits if symbols <= each.tick < part], runs[house][0].exits)
    return 0


if __name__ == "__main__":
    numbers = dict(zip(("count", "rounds", "symbols"), map(int, sys.argv[1:4]), strict=False))
    sys.exit(main(**numbers, file=Path(sys.argv[4]) if len(sys.argv) > 4 else None))
