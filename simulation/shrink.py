"""From a storm that goes wrong to the smallest one that goes wrong in the same way.

First acts are taken away, in halves, quarters, and one by one (delta debugging, Zeller and Hildebrandt, 2002), then the
time between them, symbols, and what is not plain in their terms; again from the beginning as long as that leaves less.
Each candidate is lived through: what counts is that it breaks the same invariant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from simulation.plan import Act, Plan
from simulation.simpler import calmer, earlier, fewer_settings, fewer_symbols, plainer, shorter, without
from simulation.storm import Outcome

__all__ = ["Shrinking", "kind_of", "size_of"]

_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]*[)\]}]")
_REFERENCE = re.compile(r"\b(?:pb-[0-9a-z]+|[0-9a-f]{8}\.[0-9a-f.]+)")
_NUMBER = re.compile(r"-?\d[\d.,E]*")


def kind_of(violation: str, symbols: Iterable[str] = ()) -> str:
    """Return what kind of violation it is: its text without numbers, references, symbols and what is in brackets."""
    text = violation
    while (plain := _BRACKETED.sub("…", text)) != text:
        text = plain
    for symbol in symbols:
        text = re.sub(rf"\b{re.escape(symbol)}\b", "SYMBOL", text)
    return " ".join(_NUMBER.sub("#", _REFERENCE.sub("ORDER", text)).split())


def size_of(plan: Plan) -> str:
    """Return in words how large a storm is."""
    return f"{len(plan.acts)} act{'' if len(plan.acts) == 1 else 's'} in {plan.seconds:g} s"


class Shrinking:
    """The search. `plan` and `outcome` are the best so far at any time, also when `run` was interrupted."""

    def __init__(
        self,
        plan: Plan,
        outcome: Outcome,
        ride: Callable[[Plan], Outcome],
        *,
        limit: int = 1000,
        settings: bool = True,
        told: Callable[[Shrinking], object] = lambda shrinking: None,
    ) -> None:
        """`outcome` is that of `plan`: a violation. `limit` storms are lived through at most; `told` hears of each.

        Without `settings` the configuration stays as it is.
        """
        if not outcome.violation:
            raise ValueError(f"the storm of seed {plan.seed} does not go wrong")
        self.plan, self.outcome = plan, outcome
        self.kind = kind_of(outcome.violation, tuple(plan.symbols))
        self.rides = 0
        self.finished = False  # whether nothing more can be taken away
        self._ride, self._limit, self._told = ride, limit, told
        self._refused: set[str] = set()
        self._passes = (self._shorter, earlier, fewer_symbols, *([fewer_settings] if settings else []), calmer, plainer)

    def run(self) -> None:
        """Make it as small as it gets."""
        # what was to come after it went wrong had no part in it
        over = [act for act in self.plan.acts if act.at > self.outcome.simulated]
        self._try(without(self.plan, over))
        before = None
        while before != self.plan and not self._spent:
            before = self.plan
            self._fewer_acts()
            for simpler in self._passes:
                self._each(simpler)
        self.finished = not self._spent

    @property
    def _spent(self) -> bool:
        return self.rides >= self._limit

    def _shorter(self, plan: Plan) -> Iterator[Plan]:
        return shorter(plan, self.outcome.simulated)

    def _fewer_acts(self) -> None:
        size = max(1, len(self.plan.acts) // 2)
        while True:
            taken = False
            position = 0
            while position < len(self.plan.acts):
                chunk: tuple[Act, ...] = self.plan.acts[position : position + size]
                if self._try(without(self.plan, chunk)):
                    taken = True
                else:
                    position += size
            if size == 1 and not taken:
                return
            size = max(1, size // 2)

    def _each(self, simpler: Callable[[Plan], Iterator[Plan]]) -> None:
        """Take every simplification that keeps the violation; those refused before are not tried on what came of it."""
        done = 0
        taken = True
        while taken:
            taken = False
            for number, plan in enumerate(simpler(self.plan)):
                if number >= done and self._try(plan):
                    taken, done = True, number
                    break

    def _try(self, plan: Plan) -> bool:
        name = repr(plan)
        if plan == self.plan or name in self._refused or self._spent:
            return False
        self.rides += 1
        outcome = self._ride(plan)
        kept = bool(outcome.violation) and kind_of(outcome.violation, tuple(plan.symbols)) == self.kind
        if kept:
            self.plan, self.outcome = plan, outcome
        else:
            self._refused.add(name)
        self._told(self)
        return kept
