"""Storms for a user's own rules, sources and checks: what the fixture `storm` of the pytest plugin does."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from attrs import evolve, field, frozen

from config.loading import read
from domain.rules import Rule
from simulation.drawing import ORDERS
from simulation.guests import Check, Guests, no_sources
from simulation.plan import SYMBOLS, Act, Plan, Weather, draw
from simulation.scenario import Scenario, read_scenario, written
from simulation.service import Service
from simulation.settings import settings_of
from simulation.shrink import Shrinking, size_of
from simulation.side_by_side import rows
from simulation.storm import START, Outcome, ride
from supervisors.signal_sources import OwnSource

__all__ = ["OwnStorm", "StormFailed", "StormOptions"]

_MARKET = ("predict", "jump", "part")  # acts that no person does
_UNKNOWN_PRICE = 100.0
_WIDTH = 140


class StormFailed(AssertionError):
    """An invariant did not hold, Pitboss's or the user's; the text says which, and how to see it again."""


@frozen(kw_only=True)
class StormOptions:
    """How rough the storms of a test are: `@pytest.mark.storm(…)`. Ranges are (least, most)."""

    minutes: float = 8.0
    orders: tuple[int, int] = (8, 25)
    faults: tuple[int, int] = (5, 15)
    predictions: tuple[int, int] = (5, 20)
    only: Sequence[str] = ()  # kinds of faults; () for all
    people: bool = True  # whether others trade too: an operator, and a hand in TWS
    symbols: Mapping[str, float] = field(factory=dict)  # and their first prices


class OwnStorm:
    """The storm of one seed, or of a scenario's file. Call it with what is to go through it."""

    def __init__(
        self,
        seed: int | Path,
        options: StormOptions,
        *,
        test: str,
        into: Path,
        shrink: int,
        tell: Callable[[str], object],
    ) -> None:
        """`test` is how pytest calls the test; `into` takes scenarios; `shrink` storms may be spent on shrinking one.

        `tell` hears the timeline of the smallest that failed.
        """
        self._seed, self._options, self._test, self._into = seed, options, test, into
        self._shrink, self._tell = shrink, tell

    def __call__(
        self,
        settings: Mapping[str, Any] | Path | str | None = None,
        *,
        rules: Sequence[Rule] | Callable[[], Sequence[Rule]] = (),
        sources: Mapping[str, OwnSource] | Callable[[Service], Mapping[str, OwnSource]] = no_sources,
        checks: Sequence[Check | type] = (),
    ) -> Outcome:
        """Live through the storm and return what came of it; raises StormFailed, SettingsError, and what `rules` and
        `sources` raise when they are first called.

        `settings` are sections of the configuration, or its file. Without `[[rules]]` there and without `rules` nothing
        is traded on predictions. `rules` is a list, or a function that is called at each start of the process.
        `sources` is name → source, or a function that makes that of the storm's signal service. `checks` are functions,
        or classes of which an object is made for the storm; each is called with a `Look`.
        """
        __tracebackhide__ = True  # a failing test is to end at its own line
        guests = Guests(
            rules=rules if callable(rules) else lambda: rules,
            sources=sources if callable(sources) else lambda service: sources,
            checks=tuple(checks),
        )
        plan = self._plan(settings or {}, tuple(guests.sources(Service(lambda: START))))
        guests.rules_of_a_life(settings_of(plan))  # what is wrong with them is no matter of the storm
        outcome = ride(plan, guests=guests)
        if outcome.violation:
            raise StormFailed(self._failed(plan, outcome, guests))
        return outcome

    def _plan(self, settings: Mapping[str, Any] | Path | str, sources: Sequence[str]) -> Plan:
        if isinstance(self._seed, Path):
            return read_scenario(self._seed).plan
        sections = dict(read(Path(settings)) if isinstance(settings, Path | str) else settings)
        named = self._options.symbols or {
            symbol: SYMBOLS.get(symbol, _UNKNOWN_PRICE) for symbol in sections.get("symbols", {})
        }
        options = self._options
        weather = Weather(
            minutes=options.minutes,
            orders=options.orders,
            faults=options.faults,
            only=tuple(options.only),
            symbols=dict(named),
        )
        plan = draw(self._seed, weather)
        given = sections.get("symbols", {})
        sections["symbols"] = {symbol: given.get(symbol, {}) for symbol in plan.symbols}
        sections.setdefault("rules", [])
        return evolve(plan, settings=_plain(sections), acts=self._acts(plan, sources))

    def _acts(self, plan: Plan, sources: Sequence[str]) -> tuple[Act, ...]:
        """Those of the plan, more predictions, and crashes of the sources."""
        options, dice = self._options, Random(f"own storm {plan.seed}")
        acts = [act for act in plan.acts if options.people or act.kind in _MARKET or act in plan.faults()]
        last = plan.seconds - 120.0
        for _ in range(dice.randint(*options.predictions)):
            terms = ORDERS["predict"][1](dice, list(plan.symbols))
            acts.append(Act(round(dice.uniform(5.0, last), 4), "predict", terms, dice.getrandbits(32)))
        for name in sources if not options.only or "crash" in options.only else ():
            for _ in range(dice.randint(0, 2)):
                terms = {"actor": f"signals/{name}", "times": dice.choice((1, 2)), "after": dice.choice((0, 1, 3))}
                acts.append(Act(round(dice.uniform(5.0, last), 4), "crash", terms, dice.getrandbits(32)))
        return tuple(sorted(acts, key=lambda act: act.at))

    # what did not hold

    def _failed(self, plan: Plan, outcome: Outcome, guests: Guests) -> str:
        search = Shrinking(plan, outcome, partial(ride, guests=guests), limit=self._shrink, settings=False)
        if self._shrink:
            search.run()
        name = f"{''.join(one if one.isalnum() else '-' for one in self._test.rpartition('::')[2])}-{plan.seed}.toml"
        file = self._into / name
        again = f"pytest {shlex.quote(self._test)}"
        replay = f"{again} --pitboss-scenario {shlex.quote(str(file))}"
        found = search.outcome
        self._into.mkdir(parents=True, exist_ok=True)
        scenario = Scenario(search.plan, found.violation, found.wire, found.journal)
        file.write_text(written(scenario, [f"seed {plan.seed} of {self._test}", "", replay, ""]), encoding="utf-8")
        if self._shrink:
            self._tell("\n".join(rows(ride(search.plan, guests=guests, detailed=True).timeline, _WIDTH)))
        lines = [f"seed {plan.seed}: {outcome.violation}"]
        if found.violation != outcome.violation:
            lines.append(f"in the smallest storm: {found.violation}")
        if self._shrink:
            before, after = (size_of(one) for one in (plan, search.plan))
            lines += ["", f"{before}, shrunk in {search.rides} storms to {after}"]
            lines += [f"{act.at:9.3f}  {act}" for act in search.plan.acts]
        lines += ["", replay]
        if not isinstance(self._seed, Path):
            lines.append(f"{again} --pitboss-seed {plan.seed}")
        return "\n".join(lines)


def _plain(value: Any) -> Any:
    """Copy a configuration into what a scenario can hold."""
    match value:
        case Decimal():
            return float(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Path():
            return str(value)
    return value
