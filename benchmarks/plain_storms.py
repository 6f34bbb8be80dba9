"""The storms of `pitboss soak` against the plain trader: `python -m benchmarks.plain_storms --seeds 1000`.

The same seeds, market, faults of network, broker and process, and entries with stop and target; judged by the broker's
own book. With `--pitboss` Pitboss goes through the same storms too, all of its own faults included, judged by the
oracle of the storms, which sees more. With `--into FILE` each storm is a line there as soon as it is over, and those
that are there already are not ridden again: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.plain.judge import INVARIANTS
from benchmarks.plain.storm import ride_plain
from simulation.plan import Weather, draw
from simulation.storm import ride

__all__ = ["main", "name_of", "table"]

_OWN = "own"
_NAMES: tuple[tuple[str, str], ...] = (
    ("doubled", r"at the broker twice"),
    ("naked", r"has been naked|stops for \d+, and no alarm"),
    ("excess", r"exits have worked|came beside exits|though -?\d+ is held"),
    ("turned", r"an exit of .*, made"),
    ("apart", r" here, -?\d+ at the broker, and no alarm"),
    ("flat", r"^after flatten"),
    ("orders", r"only at the broker"),
    ("positions", r" here, -?\d+ at the broker;"),
    ("executions", r"not booked|was booked \d+ times|is booked as"),
    ("commission", r"^commission|profit"),
    ("crash", r"^[A-Z]\w+(Error|Exception|Group): "),
)
"""name of an invariant → what the storms' oracle says where it falls"""


def name_of(violation: str) -> str:
    """Return which of the plain trader's invariants a violation of Pitboss's storm is; "own" for none of them."""
    return next((name for name, text in _NAMES if re.search(text, violation)), _OWN)


def storm_of(seed: int, minutes: float, pitboss: bool) -> dict[str, Any]:
    """Live through the storm of a seed; return its line. `failed` is why the storm itself did, which says nothing."""
    for name in ("ib_insync", "eventkit"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # each of its errors would be a line
    plan = draw(seed, Weather(minutes=minutes))
    line: dict[str, Any] = {"seed": seed, "minutes": minutes}
    try:
        outcome = ride_plain(plan)
    except Exception as error:  # noqa: BLE001 - see above
        line["failed"] = repr(error)[:160]
    else:
        line |= {"fallen": outcome.fallen, "orders": outcome.orders, "executions": outcome.executions}
    if pitboss:
        own = ride(plan)
        line |= {"violation": own.violation, "own_orders": own.orders, "own_executions": own.executions}
    return line


def _ridden(path: Path | None, minutes: float, pitboss: bool) -> dict[int, dict[str, Any]]:
    """Return what a file has of such storms."""
    if path is None or not path.exists():
        return {}
    # the last line of a run that was stopped may be a part of one
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return {one["seed"]: one for one in lines if one["minutes"] == minutes and (not pitboss or "violation" in one)}


def _ride(seeds: list[int], minutes: float, pitboss: bool, jobs: int) -> Iterator[dict[str, Any]]:
    each = partial(storm_of, minutes=minutes, pitboss=pitboss)
    if jobs == 1:
        yield from map(each, seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(each, seeds)


def table(lines: list[dict[str, Any]]) -> list[str]:
    """Return what came of these storms, as text that stands alone."""
    ridden = [one for one in lines if "failed" not in one]
    own = [one for one in lines if "violation" in one]
    fallen = Counter(name for one in ridden for name in one["fallen"])
    told = Counter(name_of(one["violation"]) for one in own if one["violation"])
    shown = [
        f"{len(lines)} storms of {lines[0]['minutes']:g} minutes, seeds {lines[0]['seed']} to {lines[-1]['seed']}",
        f"plain: {_sum(ridden, 'orders')} orders, {_sum(ridden, 'executions')} executions",
    ]
    if own:
        shown.append(f"Pitboss: {_sum(own, 'own_orders')} orders, {_sum(own, 'own_executions')} executions")
    shown += [
        f"not ridden by the plain trader: seed {one['seed']}: {one['failed']}" for one in lines if "failed" in one
    ]
    shown.append(f"in 1,000 storms: {'plain':>8} {'Pitboss' if own else '':>8}")
    names = {**INVARIANTS, _OWN: "something else, which only the oracle of Pitboss's storms looks for"}
    for name in sorted(names, key=lambda name: (-fallen[name], -told[name])):
        shown.append(_row(name, names[name], fallen[name], len(ridden), told[name], len(own)))
    wrong = sum(bool(one["fallen"]) for one in ridden)
    shown.append(_row("", "storms that ended with something wrong", wrong, len(ridden), told.total(), len(own)))
    shown.append(_row("", "invariants that fell, in all", fallen.total(), len(ridden), told.total(), len(own)))
    return shown + [f"Pitboss, seed {one['seed']}: {one['violation'][:160]}" for one in own if one["violation"]]


def _sum(lines: list[dict[str, Any]], what: str) -> int:
    return sum(one[what] for one in lines)


def _row(name: str, text: str, plain: int, ridden: int, told: int, own: int) -> str:
    in_plain = f"{1000 * plain / ridden:.0f}" if ridden else ""
    in_own = f"{1000 * told / own:.0f}" if own else ""
    return f"  {name:<15} {in_plain:>7} {in_own:>8}  {text}"


def main() -> None:
    """Ride, and print how many invariants fell."""
    parser = argparse.ArgumentParser("python -m benchmarks.plain_storms", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100, help="how many storms")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long a storm is")
    parser.add_argument("--pitboss", action="store_true", help="put Pitboss through them, too")
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time")
    parser.add_argument("--into", type=Path, help="a line of JSON for each storm; those that are there are not ridden")
    given = parser.parse_args()
    if min(given.seeds, given.jobs) < 1 or given.minutes < 5:
        parser.error("--seeds and --jobs are at least 1, --minutes at least 5")
    wanted = range(given.first, given.first + given.seeds)
    lines = {seed: one for seed, one in _ridden(given.into, given.minutes, given.pitboss).items() if seed in wanted}
    for one in _ride([seed for seed in wanted if seed not in lines], given.minutes, given.pitboss, given.jobs):
        lines[one["seed"]] = one
        if given.into is not None:
            with given.into.open("a", encoding="utf-8") as file:
                file.write(f"\n{json.dumps(one)}")
    print("\n".join(table([lines[seed] for seed in sorted(lines)])))


if __name__ == "__main__":
    main()
