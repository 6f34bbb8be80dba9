"""What a mutant is, and how it takes the place of the product for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from simulation.plan import Weather

__all__ = ["MUTANT_WEATHER", "Change", "Mutant", "UnknownChange", "replaces", "without"]

MUTANT_WEATHER = Weather(minutes=5.0, orders=(20, 40), faults=(12, 30))
"""Five dense minutes: most seeds come near most guards."""


class UnknownChange(Exception):
    """What a mutant replaces is not there any more: the guard has moved, and the mutant has to follow it."""


@frozen(slots=True)
class Change:
    """`make(original)` takes the place of an attribute of a class or module."""

    owner: Any
    name: str
    make: Callable[[Any], Any]


@frozen(slots=True, kw_only=True)
class Mutant:
    """The product without a guard.

    `guard` says what the guard does, `weather` where storms come near it. `beside` names another guard that stops the
    same harm, which therefore has to go with it: without it alone nothing is wrong.
    """

    name: str
    guard: str
    changes: tuple[Change, ...]
    weather: Weather = MUTANT_WEATHER
    beside: str = ""


def replaces(owner: Any, name: str, value: Any) -> Change:
    """Return a change by which something else stands there, whatever stood there before."""
    return Change(owner, name, lambda _: value)


@contextmanager
def without(mutant: Mutant) -> Iterator[None]:
    """Be the mutant inside. Raises UnknownChange where something that it replaces is not there."""
    done: list[tuple[Any, str, Any]] = []
    try:
        for change in mutant.changes:
            owner, name = change.owner, change.name
            if name not in vars(owner):
                raise UnknownChange(f"{mutant.name}: {getattr(owner, '__name__', owner)} has no {name} of its own")
            original = vars(owner)[name]
            done.append((owner, name, original))
            inner = original.fget if isinstance(original, property) else original
            inner = inner.__func__ if isinstance(inner, (staticmethod, classmethod)) else inner
            made = change.make(inner)
            setattr(owner, name, property(made) if isinstance(original, property) else made)
        yield
    finally:
        for owner, name, original in reversed(done):
            setattr(owner, name, original)
