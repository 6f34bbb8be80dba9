"""Faults from Python: the engine of the scripts, with their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from simulator.faults import FaultEngine, RandomFaults, read_script, rule_of, verb_of
from simulator.faults.verbs import Verb
from simulator.testing.call import Call

__all__ = ["Fault", "Faults"]

Fault: TypeAlias = Verb | str | Mapping[str, Any]
"""A verb: an object of `simulator.faults.verbs`, its name (`"reset"`), or a table as in a script
(`{"verb": "wait", "seconds": 3}`)."""


class Faults:
    """The faults of one paper TWS. Each method raises ValueError for what a script would be refused for."""

    def __init__(self, engine: FaultEngine, call: Call) -> None:
        self._engine = engine
        self._call = call

    def on(
        self,
        request: str,
        *verbs: Fault,
        nth: int | None = None,
        times: int = 1,
        client: int | None = None,
        where: Mapping[str, object] | None = None,
    ) -> None:
        """Do verbs on requests of a kind, by IB's name (`placeOrder`); `connect` and `*` as in a script.

        `nth` counts those that fit from now on, from 1; without it every one is meant. `times`: how many in a row.
        """
        row: dict[str, Any] = {"on": request, "do": verbs, "times": times, "where": where or {}}
        row |= {name: value for name, value in (("nth", nth), ("client", client)) if value is not None}
        self._add(row)

    def after(self, seconds: float, *verbs: Fault) -> None:
        """Do verbs so many seconds from now."""
        self._add({"after": seconds, "do": verbs})

    def do(self, *verbs: Fault, client: int | None = None) -> None:
        """Do verbs now, on the link of a client where they need one. Raises ValueError if it is not connected."""
        done = [verb_of(one) for one in verbs]
        self._call(partial(self._engine.do, *done, client=client))

    def random(
        self,
        *,
        messages: Sequence[str] = ("*",),
        drop: float = 0.0,
        duplicate: float = 0.0,
        delay: float = 0.0,
        delay_seconds: float = 1.0,
        seed: int = 1,
    ) -> None:
        """Lose, repeat and delay messages at these rates, the same for the same seed and conversation."""
        dice = RandomFaults(
            messages=tuple(messages),
            drop=drop,
            duplicate=duplicate,
            delay=delay,
            delay_seconds=delay_seconds,
            seed=seed,
        )
        self._call(partial(self._engine.throw, dice))

    def load(self, path: Path) -> None:
        """Add what a script says. Raises OSError for a file that cannot be read."""
        script = read_script(path)
        self._call(partial(self._engine.add, *script.rules))
        for dice in script.random:
            self._call(partial(self._engine.throw, dice))

    def clear(self) -> None:
        """Behave again: rules end, and what was held back is sent."""
        self._call(self._engine.clear)

    def _add(self, row: Mapping[str, Any]) -> None:
        self._call(partial(self._engine.add, rule_of(row)))
