"""How many storms it takes to see a mutant."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from simulation.mutants.mutant import Mutant, without
from simulation.plan import Plan, draw
from simulation.storm import Outcome, ride

__all__ = ["Catch", "hunt", "ride_as"]


@frozen
class Catch:
    """The first storm that a mutant does not weather, and the product does. `seeds` is how many it took; `seed` is 0
    where none of them was it. `sound` are seeds that the product itself did not weather: they prove nothing."""

    mutant: Mutant
    seeds: int
    seed: int = 0
    violation: str = ""
    unsound: tuple[tuple[int, str], ...] = ()


def ride_as(mutant: Mutant, plan: Plan) -> Outcome:
    """Live through a storm as the mutant."""
    with without(mutant):
        return ride(plan)


def hunt(mutant: Mutant, seeds: Iterable[int]) -> Catch:
    """Ride these storms as the mutant, until one ends in a violation that the product itself does not have there."""
    unsound: list[tuple[int, str]] = []
    number = 0
    for number, seed in enumerate(seeds, start=1):
        plan = draw(seed, mutant.weather)
        wrong = ride_as(mutant, plan).violation
        if not wrong:
            continue
        own = ride(plan).violation
        if not own:
            return Catch(mutant, number, seed, wrong, tuple(unsound))
        unsound.append((seed, own))
    return Catch(mutant, number, unsound=tuple(unsound))
