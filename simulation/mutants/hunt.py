"""How many storms it takes to see a mutant."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from random import Random

from attrs import evolve, frozen

from simulation.drawing import FAULTS, ORDERS
from simulation.mutants.mutant import Mutant, without
from simulation.plan import Act, Plan, draw
from simulation.storm import Outcome, ride

__all__ = ["Catch", "hunt", "ride_as", "storm_for"]

STUCK_SECONDS = 10.0
_SAME = 0.6
_BURSTS = 6
_CLOSE = 0.5  # seconds, in the mean, from the beginning of a burst to each of its acts


@frozen
class Catch:
    """The first storm that a mutant does not weather, and the product does. `seeds` is how many it took; `seed` is 0
    where none of them was it. `sound` are seeds that the product itself did not weather: they prove nothing."""

    mutant: Mutant
    seeds: int
    seed: int = 0
    violation: str = ""
    unsound: tuple[tuple[int, str], ...] = ()


def storm_for(mutant: Mutant, seed: int) -> Plan:
    """Return the storm of a seed that a mutant is put through; the same for the same seed and mutant."""
    plan = draw(seed, mutant.weather)
    dice = Random(f"mutant {mutant.name} {seed}")
    acts = list(plan.acts)
    symbols = list(plan.symbols)
    for _ in range(_BURSTS if mutant.often else 0):
        begin = dice.uniform(10.0, plan.seconds - 130.0)
        for kind, terms in mutant.often:
            drawn = {**({**FAULTS, **ORDERS})[kind][1](dice, symbols), **terms}
            if drawn.get("actor") == "position":
                drawn["actor"] = f"position/{dice.choice(symbols)}"
            after = 0.0 if mutant.together else dice.expovariate(1 / _CLOSE)
            acts.append(Act(round(begin + after, 4), kind, drawn, dice.getrandbits(32)))
    acts.sort(key=lambda act: act.at)
    return evolve(plan, acts=tuple(acts), settings={**plan.settings, **mutant.settings})


class Stuck(BaseException):
    """A storm takes far more of the processor than any should. No actor may take it for a crash of its own."""


def _stuck(*_: object) -> None:
    raise Stuck


def ride_as(mutant: Mutant, plan: Plan) -> Outcome:
    """Live through a storm as the mutant. A mutant may turn in a circle, so that no virtual time goes by: that ends."""
    before = signal.signal(signal.SIGVTALRM, _stuck)
    signal.setitimer(signal.ITIMER_VIRTUAL, STUCK_SECONDS)
    try:
        with without(mutant):
            return ride(plan)
    except (Stuck, BaseExceptionGroup) as error:
        if isinstance(error, BaseExceptionGroup) and error.subgroup(Stuck) is None:
            raise
        return Outcome(plan.seed, violation=f"it turns in a circle: no end after {STUCK_SECONDS:g} s of the processor")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def hunt(mutant: Mutant, seeds: Iterable[int]) -> Catch:
    """Ride these storms as the mutant, until one ends in a violation that the product itself does not have there."""
    unsound: list[tuple[int, str]] = []
    number = 0
    for number, seed in enumerate(seeds, start=1):
        plan = storm_for(mutant, seed)
        wrong = ride_as(mutant, plan).violation
        if not wrong:
            continue
        own = ride_as(evolve(mutant, changes=()), plan).violation
        if not own:
            return Catch(mutant, number, seed, wrong, tuple(unsound))
        unsound.append((seed, own))
    return Catch(mutant, number, unsound=tuple(unsound))
