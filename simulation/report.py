"""What came of many storms, in words and as JSON."""

from __future__ import annotations

import json
from typing import Any

from simulation.dangers import STATES
from simulation.shrink import kind_of
from simulation.soak import Summary

__all__ = ["first_of_each_kind", "print_summary", "summary_as_json", "violation_in_words"]


def violation_in_words(seed: int, text: str, command: str) -> str:
    """Return a violation with the commands that show it and shrink it; `command` is the flags that replay it."""
    return f"seed {seed}: {text}\n    pitboss soak {command} --timeline\n    pitboss soak {command} --shrink"


def first_of_each_kind(violations: list[tuple[int, str]]) -> dict[str, int]:
    """Return kind of violation → the lowest seed that has it."""
    kinds: dict[str, int] = {}
    for seed, text in sorted(violations):
        kinds.setdefault(kind_of(text), seed)
    return kinds


def print_summary(summary: Summary, elapsed: float) -> None:
    """Print what came of all storms, but for the violations; `elapsed` is in seconds of this machine."""
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
    print(f"\n{len(summary.violations) or 'no'} violations", end="")
    kinds = first_of_each_kind(summary.violations)
    print(f" of {len(kinds)} kinds" if kinds else "")


def summary_as_json(summary: Summary, elapsed: float) -> str:
    """Return the same as one JSON object."""
    told: dict[str, Any] = {
        "storms": summary.seeds,
        "simulated_seconds": round(summary.simulated, 3),
        "elapsed_seconds": round(elapsed, 3),
        "seconds_of_a_core": round(summary.real, 3),
        "orders": summary.orders,
        "executions": summary.executions,
        "lives": summary.lives,
        "slowest_to_settle": summary.slowest_to_settle,
        "faults": dict(sorted(summary.faults.items())),
        "reached": {state: summary.reached[state] for state in STATES},
        "violations": [{"seed": seed, "violation": text} for seed, text in sorted(summary.violations)],
    }
    return json.dumps(told)
