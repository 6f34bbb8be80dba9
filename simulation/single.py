"""One storm at the command line: its timeline, the file that replays it, and the smallest that goes wrong likewise."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from simulation.plan import Plan, Weather
from simulation.scenario import Scenario, ScenarioError, read_scenario, written
from simulation.shrink import Shrinking, size_of
from simulation.side_by_side import page, rows
from simulation.storm import Outcome, ride
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["replay", "replay_flags", "shrink_into", "tell"]


def replay_flags(seed: int, weather: Weather) -> str:
    """Return the flags with which `pitboss soak` shows the storm of a seed again."""
    if weather.days:
        return f"--seed {seed} --days {weather.days}"
    length = "" if weather.minutes == 30.0 else f" --minutes {weather.minutes!r}".removesuffix(".0")
    return f"--seed {seed}{length}{' --dense' if weather == Weather.dense(weather.minutes) else ''}"


def tell(plan: Plan, *, as_json: bool, html: Path | None) -> Outcome:
    """Live through a storm and print what happened, side by side; the outcome comes last."""
    outcome = ride(plan, detailed=True)
    if html is not None:
        _write(html, page(plan, outcome))
        print(f"the timeline is in {html}")
    elif as_json:
        for moment in outcome.timeline:
            print(json.dumps(dict(zip(("seconds", "who", "what"), moment, strict=True)), ensure_ascii=False))
        print(json.dumps({"seed": plan.seed, "violation": outcome.violation, **_digests(outcome)}))
        return outcome
    else:
        width = max(120, Console().width)
        for line in rows(outcome.timeline, width):
            print(line)
    print(f"\nwire {outcome.wire[:16]}, journal {outcome.journal[:16]}")
    print(f"violation: {outcome.violation}" if outcome.violation else "no violation")
    return outcome


def _digests(outcome: Outcome) -> dict[str, str]:
    return {"wire": outcome.wire, "journal": outcome.journal}


def replay(path: Path, *, timeline: bool, as_json: bool, html: Path | None) -> Outcome:
    """Live through the storm of a file, and say whether it is the one that was written down."""
    scenario = _read(path)
    outcome = tell(scenario.plan, as_json=as_json, html=html) if timeline else ride(scenario.plan)
    if as_json:
        return outcome
    if not timeline:
        print(f"violation: {outcome.violation}" if outcome.violation else "no violation")
    if scenario.wire:
        same = _digests(outcome) == {"wire": scenario.wire, "journal": scenario.journal}
        print(
            "the same storm as when it was written down, byte for byte"
            if same
            else f"not the storm that was written down, which ended with: {scenario.violation or 'no violation'}"
        )
    return outcome


def _read(path: Path) -> Scenario:
    try:
        return read_scenario(path)
    except ScenarioError as error:
        raise ProcessFailed(ExitCode.USAGE, str(error)) from None
    except OSError as error:
        raise ProcessFailed(ExitCode.USAGE, f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProcessFailed(ExitCode.USAGE, f"{path} cannot be written: {error.strerror}") from None


def shrink_into(source: Plan | Path, into: Path, found: Sequence[str] = ()) -> Outcome:
    """Shrink a storm that goes wrong, and write the smallest into a folder; return what comes of the smallest.

    `source` is a plan, or the file of a scenario; `found` says where it came from. Interrupted by Ctrl-C it writes
    the smallest so far.
    """
    plan = _read(source).plan if isinstance(source, Path) else source
    outcome = ride(plan)
    if not outcome.violation:
        print(f"seed {plan.seed}: no violation, so there is nothing to shrink")
        return outcome
    with Console(stderr=True).status("shrinking") as status:
        search = Shrinking(
            plan,
            outcome,
            ride,
            told=lambda it: status.update(f"shrinking: {size_of(it.plan)}, {it.rides} storms tried"),
        )
        _run(search)
    path = into / f"storm-{plan.seed}.toml"
    smallest = search.outcome
    scenario = Scenario(search.plan, smallest.violation, smallest.wire, smallest.journal)
    size = f"{size_of(plan)}, shrunk in {search.rides} storms to {size_of(search.plan)}"
    comment = [*found, size, "", f"pitboss soak --scenario {path} --timeline", ""]
    _write(path, written(scenario, comment))
    print(f"seed {plan.seed}: {smallest.violation}")
    print(f"    {size}" + ("" if search.finished else "; not the smallest: it was interrupted"))
    for act in search.plan.acts:
        print(f"    {act.at:9.3f}  {act}")
    print(f"    pitboss soak --scenario {path} --timeline")
    return smallest


def _run(search: Shrinking) -> None:
    try:
        search.run()
    except KeyboardInterrupt:
        print("interrupted: this is the smallest so far", file=sys.stderr)
