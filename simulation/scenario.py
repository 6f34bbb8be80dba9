"""A storm as a file: what happens in it, line by line, and what it showed. `pitboss soak --scenario FILE` replays it.

The file is TOML: the fields of a plan, its acts one a line, and the outcome with which it was written. A term that is
None is written "none", for TOML has no word for it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import attrs
import cattrs
from attrs import frozen
from cattrs.v import transform_error

from simulation.drawing import FAULTS, ORDERS
from simulation.plan import Act, Plan

__all__ = ["Scenario", "ScenarioError", "optional_terms", "read_scenario", "term_types", "written"]

_NONE = "none"
_SHOWN = ("violation", "wire", "journal")
_DRAWS = 200  # of an act, to know its terms: each that may be missing is drawn about every second time
_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


class ScenarioError(ValueError):
    """A file is no scenario: what is wrong, and where."""


@frozen
class Scenario:
    """A plan, and what came of it when it was written down: the violation, and the hashes of wire and journal."""

    plan: Plan
    violation: str = ""
    wire: str = ""
    journal: str = ""


def written(scenario: Scenario, comment: Sequence[str] = ()) -> str:
    """Return the text of a scenario's file, with lines of comment at its head."""
    lines = [f"# {line}".rstrip() for line in comment]
    lines += [f"{name} = {_toml(getattr(scenario, name))}" for name in _SHOWN]
    for field in attrs.fields(Plan):
        if field.name != "acts":
            lines.append(f"{field.name} = {_toml(getattr(scenario.plan, field.name))}")
    lines.append("acts = [")
    for act in scenario.plan.acts:
        lines.append(f"  {_toml(attrs.asdict(act, recurse=False))},")
    return "\n".join([*lines, "]", ""])


def _toml(value: Any) -> str:
    match value:
        case None:
            return f'"{_NONE}"'
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str() if value != _NONE:
            return json.dumps(value, ensure_ascii=False)  # a TOML string may hold whatever a JSON string does
        case Mapping():
            inner = ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
    raise TypeError(f"{value!r} has no place in a scenario")


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def read_scenario(path: Path) -> Scenario:
    """Read a scenario's file. Raises ScenarioError with what is wrong in it, and OSError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} is no TOML: {error}") from None
    shown = {name: table.pop(name, "") for name in _SHOWN}
    try:
        plan = _CONVERTER.structure(_with_none(table), Plan)
    except cattrs.BaseValidationError as error:
        raise ScenarioError(f"{path}: {'; '.join(transform_error(error, path='scenario'))}") from None
    for number, act in enumerate(plan.acts, 1):
        problem = _problem(act, plan)
        if problem:
            raise ScenarioError(f"{path}: act {number}, {act.kind}: {problem}")
    return Scenario(attrs.evolve(plan, acts=tuple(sorted(plan.acts, key=lambda act: act.at))), **shown)


def _with_none(value: Any) -> Any:
    match value:
        case dict():
            return {key: _with_none(item) for key, item in value.items()}
        case list():
            return [_with_none(item) for item in value]
    return None if value == _NONE else value


def _problem(act: Act, plan: Plan) -> str:
    kinds = {**ORDERS, **FAULTS}
    if act.kind not in kinds:
        return f"there is no such act; there are {', '.join(sorted(kinds))}"
    if act.terms.get("symbol") not in (None, *plan.symbols):
        return f"{act.terms['symbol']} is not among the symbols {', '.join(plan.symbols)}"
    drawn = term_types(act.kind, plan.symbols)
    for name, value in act.terms.items():
        if name not in drawn:
            return f"it has no term {name}; it has {', '.join(sorted(drawn)) or 'none'}"
        if _type(value) not in drawn[name]:
            return f"{name} is {' or '.join(sorted(drawn[name]))}, not {value!r}"
    missing = drawn.keys() - act.terms.keys() - optional_terms(act.kind, plan.symbols)
    return f"its terms lack {', '.join(sorted(missing))}" if missing else ""


def _type(value: Any) -> str:
    match value:
        case None:
            return _NONE
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
    return "a list"


@cache
def _samples(kind: str, symbols: tuple[str, ...]) -> tuple[Mapping[str, Any], ...]:
    dice, draw = Random(f"terms of {kind}"), ({**ORDERS, **FAULTS})[kind][1]
    return tuple(draw(dice, list(symbols)) for _ in range(_DRAWS))


def term_types(kind: str, symbols: Iterable[str]) -> dict[str, set[str]]:
    """Return term → the words for the types that it may have, by what is drawn."""
    found: dict[str, set[str]] = {}
    for terms in _samples(kind, tuple(symbols)):
        for name, value in terms.items():
            found.setdefault(name, set()).add(_type(value))
    return found


def optional_terms(kind: str, symbols: Iterable[str]) -> set[str]:
    """Return the terms that an act of a kind may lack."""
    samples: list[set[str]] = [set(terms) for terms in _samples(kind, tuple(symbols))]
    return set[str]().union(*samples) - samples[0].intersection(*samples)
