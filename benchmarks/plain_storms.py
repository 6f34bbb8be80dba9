"""The storms of `pitboss soak` against the plain trader: `python -m benchmarks.plain_storms --seeds 1000`.

The same seeds, market, faults of network, broker and process, and entries with stop and target; judged by the broker's
own book. With `--pitboss` Pitboss goes through the same storms too, all of its own faults included.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter

from benchmarks.plain.judge import INVARIANTS
from benchmarks.plain.storm import ride_plain
from simulation.plan import Weather, draw
from simulation.storm import ride

__all__ = ["main"]


def main() -> None:
    """Ride, and print how many invariants fell."""
    parser = argparse.ArgumentParser("python -m benchmarks.plain_storms", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100, help="how many storms")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long a storm is")
    parser.add_argument("--pitboss", action="store_true", help="put Pitboss through them, too")
    given = parser.parse_args()
    if given.seeds < 1 or given.minutes < 5:
        parser.error("--seeds is at least 1, --minutes at least 5")
    for name in ("ib_insync", "eventkit"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # each of its errors would be a line
    weather = Weather(minutes=given.minutes)
    fallen: Counter[str] = Counter()
    storms = orders = executions = 0
    own: list[str] = []
    failed: list[str] = []
    for seed in range(given.first, given.first + given.seeds):
        try:
            outcome = ride_plain(draw(seed, weather))
        except Exception as error:  # noqa: BLE001 - the storm itself has failed: it says nothing of the trader
            failed.append(f"seed {seed}: {error!r}"[:160])
            continue
        fallen.update(outcome.fallen.keys())
        storms += bool(outcome.fallen)
        orders, executions = orders + outcome.orders, executions + outcome.executions
        if given.pitboss:
            violation = ride(draw(seed, weather)).violation
            own += [f"seed {seed}: {violation[:160]}"] if violation else []
    ridden = given.seeds - len(failed)
    print(f"{ridden} storms of {given.minutes:g} minutes, {orders} orders, {executions} executions")
    print("".join(f"  not ridden: {one}\n" for one in failed), end="")
    print(f"{storms} of them, {1000 * storms / ridden:.0f} in 1,000, ended with something wrong; by invariant:")
    for name, count in fallen.most_common():
        print(f"  {1000 * count / ridden:6.0f}  {name:<11} {INVARIANTS[name]}")
    print(f"  {1000 * fallen.total() / ridden:6.0f}  in all, in 1,000 storms")
    if given.pitboss:
        print(f"Pitboss, in the same storms: {len(own)}")
        print("".join(f"  {one}\n" for one in own), end="")


if __name__ == "__main__":
    main()
