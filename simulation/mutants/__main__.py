"""`python -m simulation.mutants`: which storm sees which guard missing."""

from __future__ import annotations

import argparse
import sys

from simulation.mutants.catalogue import MUTANTS
from simulation.mutants.hunt import hunt


def main() -> int:
    """Hunt; exit code 1 where a mutant was not seen, 2 for a name that is none."""
    parser = argparse.ArgumentParser("python -m simulation.mutants", description="Take a guard away, and ride storms.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="guards to take away; all of them unless named")
    parser.add_argument("--seeds", type=int, default=300, help="give up after so many storms")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--list", action="store_true", help="only say which guards there are")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in MUTANTS]
    if unknown or given.seeds < 1:
        parser.error(f"no such guard: {', '.join(unknown)}; --list names them" if unknown else "--seeds is at least 1")
    missed = 0
    for name in given.names or MUTANTS:
        mutant = MUTANTS[name]
        if given.list:
            print(f"{name}: {mutant.guard}")
            continue
        catch = hunt(mutant, range(given.first, given.first + given.seeds))
        missed += not catch.seed
        found = f"seed {catch.seed}, the {catch.seeds}. tried: {catch.violation[:200]}" if catch.seed else "not seen"
        print(f"{name}: {found}", flush=True)
        for seed, own in catch.unsound:
            print(f"    seed {seed} is none of its doing: {own}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
