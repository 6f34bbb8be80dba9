"""`pitboss soak`: storms from seeds; and one of them, from its seed or a file, told or shrunk."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.environment import machine
from simulation.plan import Weather, draw
from simulation.report import first_of_each_kind, print_summary, summary_as_json, violation_in_words
from simulation.single import replay, replay_flags, shrink_into, tell
from simulation.soak import Summary, soak, unreached
from simulation.storm import Outcome
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
    days: Annotated[
        int, Parameter(help="Whole trading days with their nights in place of storms, so many a seed.")
    ] = 0,
    dense: Annotated[bool, Parameter(negative=(), help="An act every ten seconds, and a fault every twenty.")] = False,
    seed: Annotated[int | None, Parameter(help="Only this storm.")] = None,
    scenario: Annotated[Path | None, Parameter(help="Only the storm of this file.")] = None,
    timeline: Annotated[
        bool, Parameter(negative=(), help="With --seed or --scenario: tell what happened, side by side.")
    ] = False,
    html: Annotated[Path | None, Parameter(help="With --timeline: into this file, as a page.")] = None,
    json_: Annotated[
        bool, Parameter(name="--json", negative=(), help="The summary or the timeline as JSON, for programs.")
    ] = False,
    shrink: Annotated[
        bool,
        Parameter(negative=(), help="Look for the smallest storm that goes wrong in the same way, and write its file."),
    ] = False,
    into: Annotated[Path, Parameter(help="With --shrink: the folder of the files, storm-SEED.toml.")] = Path(),
) -> int:
    """Put the whole system through storms: faults of network, broker, disk, clock and process, drawn from seeds.

    Everything runs in virtual time against the paper TWS; an oracle compares the broker's book with what Pitboss
    says and has journaled. Exit code 1 where an invariant did not hold; the same seed gives the same storm again.
    """
    if minutes < 5 or jobs < 1 or (seeds is not None and seeds < 1) or (hours is not None and hours <= 0):
        raise ProcessFailed(ExitCode.USAGE, "--minutes is at least 5, --jobs and --seeds at least 1, --hours above 0")
    single = seed is not None or scenario is not None
    for wrong, text in (
        (not 0 <= days <= 20, "--days is 1 to 20"),
        (bool(days) and dense, "--days or --dense: each is a weather of its own"),
        (timeline and not single, "--timeline tells of one storm: name its --seed or --scenario"),
        (seed is not None and scenario is not None, "--seed and --scenario each name a storm: give one of them"),
        (timeline and shrink, "--timeline or --shrink: one after the other"),
        (html is not None and not timeline, "--html is for a --timeline"),
        (json_ and shrink, "--shrink writes a file; there is no --json of it"),
        (shrink and not into.is_dir(), f"--into {into}: there is no such folder"),
    ):
        if wrong:
            raise ProcessFailed(ExitCode.USAGE, text)
    weather = Weather(days=days) if days else Weather.dense(minutes) if dense else Weather(minutes=minutes)
    if scenario is not None:
        if shrink:
            return _code(shrink_into(scenario, into, [f"from {scenario}"]))
        return _code(replay(scenario, timeline=timeline, as_json=json_, html=html))
    if seed is not None and shrink:
        return _code(shrink_into(draw(seed, weather), into, _found(seed, weather)))
    if seed is not None and timeline:
        return _code(tell(draw(seed, weather), as_json=json_, html=html))
    numbers: Iterator[int] = itertools.count(first) if seed is None else iter((seed,))
    limit = 1 if seed is not None else seeds if seeds is not None else None if hours is not None else 100
    summary, elapsed = _many(numbers, limit, hours, weather, jobs)
    if json_:
        print(summary_as_json(summary, elapsed))
    else:
        print_summary(summary, elapsed)
        for number, text in sorted(summary.violations):
            print(violation_in_words(number, text, replay_flags(number, weather)))
    if shrink:
        for number in first_of_each_kind(summary.violations).values():
            shrink_into(draw(number, weather), into, _found(number, weather))
    missing = unreached(summary)
    if missing and not json_:
        print(f"never reached, so these storms were too kind: {'; '.join(missing)}")
    return ExitCode.FAILED if summary.violations or missing else ExitCode.FINE


def _found(seed: int, weather: Weather) -> list[str]:
    return [f"from pitboss soak {replay_flags(seed, weather)}"]


def _code(outcome: Outcome) -> int:
    return ExitCode.FAILED if outcome.violation else ExitCode.FINE


def _many(
    numbers: Iterator[int], limit: int | None, hours: float | None, weather: Weather, jobs: int
) -> tuple[Summary, float]:
    """Live through storms until there are no more, time is up, or Ctrl-C; return what came of them, and the seconds."""
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
                text = violation_in_words(outcome.seed, outcome.violation, replay_flags(outcome.seed, weather))
                progress.console.print(text, highlight=False)
    return summary, (now() - began).total_seconds()


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
