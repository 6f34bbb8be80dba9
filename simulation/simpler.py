"""Simpler storms: what may be taken away from a plan, or made smaller in it, one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from simulation.plan import Act, Plan
from simulation.scenario import optional_terms, term_types

__all__ = ["calmer", "earlier", "fewer_settings", "fewer_symbols", "plainer", "shorter", "without"]

_FIRST = (2.0, 5.0)  # seconds: READY takes one or two
_GAPS = (0.0, 0.1, 1.0, 5.0, 15.0, 30.0, 60.0)
_PLAIN = {"volatility": (0.0, 0.0005), "sync_seconds": (0.0,), "latency": (0.0005, 0.005)}
_PREFERRED: Mapping[str, Sequence[Any]] = {
    "at": ("now",),
    "times": (1,),
    "after": (0, 1),
    "kept": (0,),
    "again": (-1,),
    "quantity": (100, 1),
    "seconds": (1.0, 5.0, 10.0, 30.0, 60.0),
    "by": (1.0, 5.0, 10.0, 60.0),
}
"""term → its plainest values"""


def without(plan: Plan, acts: Sequence[Act]) -> Plan:
    """Return the plan without some of its acts."""
    gone = {id(act) for act in acts}
    return evolve(plan, acts=tuple(act for act in plan.acts if id(act) not in gone))


def shorter(plan: Plan, until: float) -> Iterator[Plan]:
    """Yield plans that end sooner: soon after their last act, or where it went wrong, at `until` seconds."""
    last = max((act.at for act in plan.acts), default=0.0)
    ends = sorted({round(last + gap, 1) for gap in (1.0, *_GAPS[2:])} | {float(int(max(until, last)) + 1)})
    for end in ends:
        if last < end < plan.seconds:
            yield evolve(plan, seconds=end)


def earlier(plan: Plan) -> Iterator[Plan]:
    """Yield plans in which an act, and all after it, come sooner: the pauses are made short, one by one."""
    for number, act in enumerate(plan.acts):
        before = plan.acts[number - 1].at if number else 0.0
        for gap in _GAPS if number else _FIRST:
            by = act.at - before - gap
            if by > 0.01:
                moved = [evolve(one, at=round(one.at - by, 4)) for one in plan.acts[number:]]
                yield evolve(plan, acts=(*plan.acts[:number], *moved), seconds=round(plan.seconds - by, 4))


def fewer_symbols(plan: Plan) -> Iterator[Plan]:
    """Yield plans with a symbol less: without the acts about it, or with those about another one."""
    for symbol in plan.symbols:
        others = {name: price for name, price in plan.symbols.items() if name != symbol}
        if others:
            yield evolve(plan, symbols=others, acts=tuple(act for act in plan.acts if not _about(act, symbol)))
            other = next(iter(others))
            acts = tuple(_renamed(act, symbol, other) if _about(act, symbol) else act for act in plan.acts)
            yield evolve(plan, symbols=others, acts=acts)


def _about(act: Act, symbol: str) -> bool:
    return any(value in (symbol, f"position/{symbol}") for value in act.terms.values() if isinstance(value, str))


def _renamed(act: Act, symbol: str, other: str) -> Act:
    names = {symbol: other, f"position/{symbol}": f"position/{other}"}
    terms = {key: names.get(value, value) if isinstance(value, str) else value for key, value in act.terms.items()}
    return evolve(act, terms=terms)


def calmer(plan: Plan) -> Iterator[Plan]:
    """Yield plans with a quieter market, a faster disk or a shorter line, or an end at a whole second."""
    for name, values in _PLAIN.items():
        for value in values:
            if value < getattr(plan, name):
                changed: dict[str, Any] = {name: value}
                yield evolve(plan, **changed)
    if plan.seconds % 1:
        yield evolve(plan, seconds=float(int(plan.seconds) + 1))


def fewer_settings(plan: Plan) -> Iterator[Plan]:
    """Yield plans that leave a section of the configuration as it is by itself."""
    for name in plan.settings:
        yield evolve(plan, settings={key: value for key, value in plan.settings.items() if key != name})


def plainer(plan: Plan) -> Iterator[Plan]:
    """Yield plans with a plainer act: a term left out, a list cut down, a number smaller or rounder."""
    for number, act in enumerate(plan.acts):
        for changed in _plainer(act, plan):
            acts = (*plan.acts[:number], changed, *plan.acts[number + 1 :])
            yield evolve(plan, acts=tuple(sorted(acts, key=lambda one: one.at)))


def _plainer(act: Act, plan: Plan) -> Iterator[Act]:
    for name in sorted(optional_terms(act.kind, plan.symbols) & act.terms.keys()):
        yield evolve(act, terms={key: value for key, value in act.terms.items() if key != name})
    for name, types in term_types(act.kind, plan.symbols).items():
        if "none" in types and act.terms.get(name) is not None:
            yield evolve(act, terms={**act.terms, name: None})
    for name, value in act.terms.items():
        for other in _plainer_values(name, value):
            yield evolve(act, terms={**act.terms, name: other})
    if act.seed > 1:
        yield evolve(act, seed=0)
        yield evolve(act, seed=1)
    for digits in (0, 1, 2):
        at = round(act.at, digits)
        if at != act.at:
            yield evolve(act, at=at)


def _plainer_values(name: str, value: Any) -> Iterator[Any]:
    preferred = _PREFERRED.get(name, ())
    known = preferred.index(value) if value in preferred else len(preferred)
    yield from (other for other in preferred[:known] if type(other) is type(value))
    match value:
        case True:
            yield False
        case list() if len(value) > 1:
            yield from ([one] for one in value)
        case float() if value not in preferred:
            yield from (other for other in (round(value, 0) + 0.0, round(value, 1) + 0.0) if other != value)
