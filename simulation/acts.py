"""One thing that happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from attrs import frozen

from simulation.terms import Draw

__all__ = ["Act", "drawn_act"]


@frozen(slots=True)
class Act:
    """One thing that happens at `at` seconds. `seed` decides what its terms leave open: which of the live orders, …"""

    at: float
    kind: str
    terms: Mapping[str, Any]
    seed: int

    def __str__(self) -> str:
        terms = " ".join(f"{name}={value}" for name, value in self.terms.items())
        return f"{self.kind} {terms}".rstrip()


def drawn_act(
    dice: Random, kinds: Mapping[str, tuple[float, Draw]], symbols: Sequence[str], at: float, kind: str = ""
) -> Act:
    """Return an act of one of the kinds, or of that one, with its terms."""
    if not kind:
        names = list(kinds)
        (kind,) = dice.choices(names, [kinds[name][0] for name in names])
    return Act(round(at, 4), kind, kinds[kind][1](dice, list(symbols)), dice.getrandbits(32))
