"""`pitboss soak`: storms from seeds, and the timeline of one."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.environment import machine
from simulation.plan import Weather, draw
from simulation.soak import Summary, soak
from simulation.sometimes import STATES
from simulation.storm import ride
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["soak_verb"]


def soak_verb(
    *,
    seeds: Annotated[int | None, Parameter(help="How many storms; 100 unless --hours says how long.")] = None,
    hours: Annotated[
        float | None, Parameter(help="For how long to begin new storms, in hours of this machine.")
    ] = None,
    jobs: Annotated[int, Parameter(help="How many storms at once.")] = 2,
    first: Annotated[int, Parameter(help="The seed of the first; the others follow it.")] = 1,
    minutes: Annotated[float, Parameter(help="How long a storm is, in simulated minutes.")] = 30.0,
    seed: Annotated[int | None, Parameter(help="Only this storm.")] = None,
    timeline: Annotated[bool, Parameter(negative=(), help="With --seed: tell what happened, line by line.")] = False,
) -> int:
    """Put the whole system through storms: faults of network, broker, disk, clock and process, drawn from seeds.

    Everything runs in virtual time against the paper TWS; an oracle compares the broker's book with what Pitboss
    says and has journaled. Exit code 1 where an invariant did not hold; the same seed gives the same storm again.
    """
    if minutes < 5 or jobs < 1 or (seeds is not None and seeds < 1) or (hours is not None and hours <= 0):
        raise ProcessFailed(ExitCode.USAGE, "--minutes is at least 5, --jobs and --seeds at least 1, --hours above 0")
    if timeline and seed is None:
        raise ProcessFailed(ExitCode.USAGE, "--timeline tells of one storm: name its --seed")
    weather = Weather(minutes=minutes)
    if seed is not None and timeline:
        return _tell(seed, weather)
    numbers: Iterator[int] = itertools.count(first) if seed is None else iter((seed,))
    limit = 1 if seed is not None else seeds if seeds is not None else None if hours is not None else 100
    now = machine().now
    began = now()
    deadline = None if hours is None else began + timedelta(hours=hours)
    summary = Summary()
    wanted = numbers if limit is None else itertools.islice(numbers, limit)
    if deadline is not None:
        wanted = itertools.takewhile(lambda _: now() < deadline, wanted)
    with _progress() as progress, closing(soak(wanted, weather, 1 if limit == 1 else jobs)) as outcomes:
        task = progress.add_task("storms", total=limit, wrong=0)
        for outcome in outcomes:
            summary.add(outcome)
            progress.update(task, advance=1, wrong=len(summary.violations))
            if outcome.violation:
                progress.console.print(_violation(outcome.seed, outcome.violation, minutes), highlight=False)
    _print(summary, (now() - began).total_seconds(), minutes)
    return ExitCode.FAILED if summary.violations else ExitCode.FINE


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[wrong]} violations"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def _violation(seed: int, text: str, minutes: float) -> str:
    length = "" if minutes == 30.0 else f" --minutes {minutes:g}"
    return f"seed {seed}: {text}\n    pitboss soak --seed {seed}{length} --timeline"


def _print(summary: Summary, elapsed: float, minutes: float) -> None:
    hours = summary.simulated / 3600
    print(f"{summary.seeds} storms, {hours:.1f} simulated hours in {elapsed / 60:.1f} minutes", end="")
    print(f", {summary.simulated / max(summary.real, 1e-9):.0f} simulated seconds in a real one on one core")
    print(f"{summary.orders} orders at the broker, {summary.executions} executions, {summary.lives} lives of a process")
    print(f"settled {summary.slowest_to_settle:.0f} s after the last fault at the latest")
    print("\nfaults")
    for kind, count in sorted(summary.faults.items()):
        print(f"  {count:7}  {kind}")
    print("\ndangerous states reached")
    for state in STATES:
        print(f"  {summary.reached[state]:7}  {state}")
    print(f"\n{len(summary.violations) or 'no'} violations")
    for seed, text in sorted(summary.violations):
        print(_violation(seed, text, minutes))


def _tell(seed: int, weather: Weather) -> int:
    plan = draw(seed, weather)
    outcome = ride(plan, detailed=True)
    for seconds, who, what in outcome.timeline:
        print(f"{seconds:9.3f}  {who:<8}  {what}")
    print(f"\nwire {outcome.wire[:16]}, journal {outcome.journal[:16]}")
    print(f"violation: {outcome.violation}" if outcome.violation else "no violation")
    return ExitCode.FAILED if outcome.violation else ExitCode.FINE
