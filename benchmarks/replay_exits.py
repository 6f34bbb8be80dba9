"""Two sides' exits one by one, and why they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from attrs import define, field

from benchmarks.replay_positions import Exit
from benchmarks.replay_ticks import sign_of

__all__ = ["Comparison", "compare"]

NEAR = 0.0001  # the venue's stop moves in steps of so much, the monitor's does not

_Key = tuple[int, int]


@define
class Comparison:
    """How often each thing is so, with one example of what differs."""

    name: str
    counts: Counter[str] = field(factory=Counter)
    examples: dict[str, str] = field(factory=dict)

    def note(self, what: str, ours: Exit | None, theirs: Exit | None) -> None:
        """Count one exit, or one pair."""
        self.counts[what] += 1
        self.examples.setdefault(what, f"pitboss: {_words(ours)}; {self.name}: {_words(theirs)}")


def compare(
    ours: Iterable[Exit], theirs: Iterable[Exit], *, name: str = "NautilusTrader", prices: bool = True
) -> Comparison:
    """Put together the exits of the same symbol at the same tick; `name` is the other side's."""
    comparison = Comparison(name)
    for one, other in _pairs(ours, theirs):
        if one is None:
            what = f"only {name} has it"
        elif other is None:
            what = "only pitboss has it"
        elif one.reason != other.reason:
            what = "same tick, both crossed by it, another one named" if _crossed(other, one.last) else "another exit"
        elif not prices:
            what = "same tick, same exit"
        elif abs(one.price - other.price) > NEAR:
            what = "same tick, same exit, another price"
        else:
            what = "same tick, same exit, same price"
        comparison.note(what, one, other)
    return comparison


def _pairs(ours: Iterable[Exit], theirs: Iterable[Exit]) -> Iterator[tuple[Exit | None, Exit | None]]:
    mine: dict[_Key, Exit] = {(each.symbol, each.tick): each for each in ours}
    others: dict[_Key, Exit] = {(each.symbol, each.tick): each for each in theirs}
    for key in sorted(mine.keys() | others.keys(), key=lambda key: (key[1], key[0])):
        yield mine.get(key), others.get(key)


def _crossed(exit_: Exit, last: float) -> bool:
    """Whether a price reaches the level of an exit."""
    beyond = (last - exit_.price) * sign_of(exit_.symbol)
    return beyond >= 0 if exit_.reason == "target" else beyond <= 0


def _words(exit_: Exit | None) -> str:
    if exit_ is None:
        return "none"
    at = f" at a last price of {exit_.last:.1f}" if exit_.last else ""
    side = "long" if sign_of(exit_.symbol) > 0 else "short"
    return f"S{exit_.symbol} ({side}) {exit_.reason} {exit_.price:.4f} in tick {exit_.tick:,}{at}"
