"""A simulated trading day: how fast it goes by, what wakes up in it, and where the time goes.

`python -m benchmarks.days [DAYS [HOURS]]`. Each day is a storm of its own seed: ten symbols with a tick each every ten
seconds, twenty acts of people, fifteen faults, watched by the oracle. Each is lived once for the time, and the first
once more to count what trio does in it and once more under a profiler. Times are CPU time: what else the machine does
does not count.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

import trio

from benchmarks.table import print_table
from simulation.drawing import FAULTS, ORDERS, Draw
from simulation.plan import Act, Plan
from simulation.storm import Outcome, ride

__all__ = ["day", "main"]

SYMBOLS = {
    "AAPL": 230.0,
    "AMD": 138.0,
    "AMZN": 200.0,
    "GOOGL": 170.0,
    "META": 560.0,
    "MSFT": 430.0,
    "NFLX": 880.0,
    "NVDA": 140.0,
    "PLTR": 62.0,
    "TSLA": 340.0,
}
HOURS = 6.5
TICK_SECONDS = 10.0
ACTS, FAULT_COUNT = 20, 15
# the product's own intervals, where storms of half an hour look more often
SETTINGS = {"broker": {"reconcile_seconds": 60.0}, "signals": {"poll_seconds": 60.0}}
TO_REACH = 200  # simulated hours in a real minute
ROOT = Path(__file__).parents[1]


def day(seed: int, hours: float = HOURS) -> Plan:
    """Return the day of a seed."""
    dice = Random(f"day {seed}")
    seconds = hours * 3600.0

    def acts(source: Mapping[str, tuple[float, Draw]], count: int) -> Iterator[Act]:
        weights = [weight for weight, _ in source.values()]
        for kind in dice.choices(list(source), weights, k=count):
            at = round(dice.uniform(30.0, seconds - 120.0), 4)
            yield Act(at, kind, source[kind][1](dice, list(SYMBOLS)), dice.getrandbits(32))

    orders, faults = acts(ORDERS, ACTS), acts(FAULTS, FAULT_COUNT)
    return Plan(
        seed=seed,
        symbols=SYMBOLS,
        acts=tuple(sorted((*orders, *faults), key=lambda act: act.at)),
        seconds=seconds,
        volatility=0.0005,
        sync_seconds=0.002,
        latency=0.005,
        settings=SETTINGS,
        step_seconds=TICK_SECONDS,
    )


class Wakes(trio.abc.Instrument):
    """Counts the passes of trio's scheduler, and the steps of its tasks by their names."""

    def __init__(self) -> None:
        self.passes = 0
        self.steps: Counter[str] = Counter()

    def before_io_wait(self, timeout: float) -> None:
        """A pass begins."""
        self.passes += 1

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """A task goes on."""
        self.steps[task.name] += 1


def lived(plan: Plan) -> tuple[Outcome, float]:
    """Live through it; return what came of it, and the CPU time that it took."""
    since = process_time()
    outcome = ride(plan)
    return outcome, process_time() - since


def day_rows(days: list[tuple[Outcome, float]]) -> Iterator[tuple[str, ...]]:
    """One row for each day, and one for their median."""
    for outcome, seconds in days:
        yield (
            str(outcome.seed),
            f"{outcome.simulated / 3600:.2f}",
            f"{seconds:.2f}",
            f"{outcome.simulated / seconds:,.0f}",
            f"{outcome.simulated / seconds / 60:,.0f}",
            str(outcome.lives),
            str(outcome.orders),
            str(outcome.records),
            outcome.violation or "none",
        )
    rate = median(outcome.simulated / seconds / 60 for outcome, seconds in days)
    met = "met" if rate >= TO_REACH else "NOT met"
    yield "median", "", "", f"{rate * 60:,.0f}", f"{rate:,.0f}", "", "", "", f">= {TO_REACH}: {met}"


def wake_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """What trio did, by the task that went on."""
    wakes = Wakes()
    outcome = ride(plan, instruments=(wakes,))
    yield "passes of the scheduler", f"{wakes.passes:,}", f"{wakes.passes / outcome.simulated:.2f}"
    for name, count in wakes.steps.most_common(14):
        yield name, f"{count:,}", f"{count / outcome.simulated:.3f}"


def profile_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """The functions in which most of the time was spent, without what they called, and the packages."""
    profile = cProfile.Profile(process_time)
    profile.enable()
    ride(plan)
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in stats.values())
    packages: Counter[str] = Counter()
    rows = []
    for (file, line, name), (_, calls, own, _, _) in stats.items():
        path = Path(file)
        inside = path.is_relative_to(ROOT) and "site-packages" not in path.parts
        where = str(path.relative_to(ROOT)) if inside else "/".join(path.parts[-2:])
        package = path.relative_to(ROOT).parts[0] if inside else path.parts[-2] if len(path.parts) > 1 else "built in"
        packages[package] += int(own * 1e6)
        rows.append((own, f"{where}:{line} {name}" if line else name, calls))
    for package, own in packages.most_common(12):
        yield f"in {package}", "", f"{own / 1e6:.2f}", f"{own / 1e4 / total:.1f} %"
    for own, what, calls in sorted(rows, reverse=True)[:25]:
        yield what, f"{calls:,}", f"{own:.2f}", f"{100 * own / total:.1f} %"


def main(days: int = 5, hours: float = HOURS) -> None:
    """Print the tables."""
    ride(day(0, 0.1))  # what is imported and made once does not count
    print_table(
        f"Days of {hours:g} h: {len(SYMBOLS)} symbols, a tick each per {TICK_SECONDS:g} s, {ACTS} acts, "
        f"{FAULT_COUNT} faults",
        ("seed", "hours", "CPU s", "x real time", "h/min", "lives", "orders", "records", "violation"),
        day_rows([lived(day(seed, hours)) for seed in range(1, days + 1)]),
    )
    print_table("What went on in the first", ("task", "steps", "per simulated s"), wake_rows(day(1, hours)))
    print_table("Where its time went, under cProfile", ("", "calls", "s", "share"), profile_rows(day(1, hours)))


if __name__ == "__main__":
    numbers = [float(argument) for argument in sys.argv[1:]]
    main(*(int(number) for number in numbers[:1]), *numbers[1:2])
