"""Many storms: some at once, each in a process of its own, and what came of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context

from attrs import define, field, frozen

from simulation.dangers import STATES
from simulation.plan import Weather, draw
from simulation.storm import Outcome, ride

__all__ = ["Storms", "Summary", "ride_seed", "soak", "unreached"]


_ENOUGH = 300  # storms in which each dangerous state has its turn


@frozen
class Storms:
    """What to run: these seeds, in this weather."""

    first: int
    seeds: int
    weather: Weather


@define
class Summary:
    """What came of storms so far."""

    seeds: int = 0
    simulated: float = 0.0
    real: float = 0.0  # of all processes together
    orders: int = 0
    executions: int = 0
    lives: int = 0
    faults: Counter[str] = field(factory=Counter)
    reached: Counter[str] = field(factory=Counter)
    violations: list[tuple[int, str]] = field(factory=list)
    slowest_to_settle: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        self.seeds += 1
        self.simulated += outcome.simulated
        self.real += outcome.real
        self.orders += outcome.orders
        self.executions += outcome.executions
        self.lives += outcome.lives
        self.faults += outcome.faults
        self.reached += outcome.reached
        self.slowest_to_settle = max(self.slowest_to_settle, outcome.settled_after)
        if outcome.violation:
            self.violations.append((outcome.seed, outcome.violation))


def unreached(summary: Summary) -> list[str]:
    """Return the dangerous states that so many storms should have reached, and did not; [] for too few storms."""
    return [state for state in STATES if not summary.reached[state]] if summary.seeds >= _ENOUGH else []


def ride_seed(seed: int, weather: Weather) -> Outcome:
    """Live through the storm of a seed."""
    return ride(draw(seed, weather))


def soak(seeds: Iterable[int], weather: Weather, jobs: int) -> Generator[Outcome, None, None]:
    """Yield the outcome of each storm as it ends. To stop early, close the iterator: what runs is waited for."""
    if jobs == 1:
        for seed in seeds:
            yield ride_seed(seed, weather)
        return
    waiting = iter(seeds)
    # spawned: a fork would take along what this process has imported and begun
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running: set[Future[Outcome]] = {pool.submit(ride_seed, seed, weather) for seed in islice(waiting, jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                running |= {pool.submit(ride_seed, seed, weather) for seed in islice(waiting, 1)}
                yield future.result()
