"""What a mutant is, and how it takes the place of the product for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen

from simulation.plan import Weather

__all__ = ["DIRECTED_WEATHER", "MUTANT_WEATHER", "Change", "Mutant", "UnknownChange", "replaces", "without"]

MUTANT_WEATHER = Weather(minutes=4.0, orders=(15, 30), faults=(8, 20))
"""Four dense minutes: most seeds come near most guards."""
DIRECTED_WEATHER = Weather(minutes=3.5, orders=(6, 14), faults=(2, 8))
"""What a mutant adds acts of its own to."""


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

    `guard` says what the guard does. Its storms are ordinary dense ones, or, with `often`, each has some bursts of
    these acts besides: (kind, terms that are not left to chance; None takes one away), all of a burst at one instant if
    they come `together`. `settings` are sections of the configuration.
    Under the `terms` both the mutant and the product ride: rare things that are made frequent.
    `beside` names another guard that stops the same harm, which therefore has to go with it: without it alone nothing
    is wrong.
    """

    name: str
    guard: str
    changes: tuple[Change, ...]
    often: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    together: bool = False
    settings: Mapping[str, Any] = field(factory=dict)
    beside: str = ""
    terms: tuple[Change, ...] = ()

    @property
    def weather(self) -> Weather:
        """What its storms are drawn from."""
        return DIRECTED_WEATHER if self.often else MUTANT_WEATHER


def replaces(owner: Any, name: str, value: Any) -> Change:
    """Return a change by which something else stands there, whatever stood there before."""
    return Change(owner, name, lambda _: value)


@contextmanager
def without(mutant: Mutant) -> Iterator[None]:
    """Be the mutant inside. Raises UnknownChange where something that it replaces is not there."""
    done: list[tuple[Any, str, Any]] = []
    try:
        for change in (*mutant.terms, *mutant.changes):
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
