"""Reads a fault script.

[[fault]]
on = "placeOrder"                 # or: after = 30.0
nth = 2
where = { symbol = "AAPL", orderType = "STP" }
do = ["accept_silently", { verb = "wait", seconds = 5 }, "reset"]

[random]                          # messages of these kinds, at these rates, from the seed
messages = ["orderStatus", "openOrder"]
drop = 0.01
duplicate = 0.02
delay = 0.05
delay_seconds = 0.5
seed = 1
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import cattrs
from attrs import field, frozen
from cattrs.v import format_exception

from simulator.faults.randomness import RandomFaults
from simulator.faults.rules import REQUEST_KINDS, Rule
from simulator.faults.verbs import VERBS, Verb
from simulator.wire.answer_names import ANSWER_IDS

__all__ = ["Script", "parse_script", "read_script", "rule_of", "verb_of"]


@frozen(slots=True)
class Script:
    """What a script says."""

    rules: tuple[Rule, ...] = ()
    random: tuple[RandomFaults, ...] = field(default=())


def read_script(path: Path) -> Script:
    """Read a TOML file. Raises ValueError that names the file, the fault and what is wrong; OSError."""
    try:
        return parse_script(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def parse_script(text: str) -> Script:
    """Read a script from its text. Raises ValueError."""
    table = tomllib.loads(text)
    unknown = set(table) - {"fault", "random"}
    if unknown:
        raise ValueError(f"unknown table {', '.join(sorted(unknown))}; there are fault and random")
    rules = []
    for number, row in enumerate(table.get("fault", []), 1):
        try:
            rules.append(rule_of(row))
        except (ValueError, TypeError, cattrs.BaseValidationError) as error:
            raise ValueError(f"fault {number}: {_reason(error)}") from error
    random = table.get("random", [])
    try:
        dice = tuple(
            _converter.structure(row, RandomFaults) for row in (random if isinstance(random, list) else [random])
        )
    except (ValueError, cattrs.BaseValidationError) as error:
        raise ValueError(f"random: {_reason(error)}") from error
    return Script(tuple(rules), dice)


def rule_of(row: Mapping[str, Any]) -> Rule:
    """Return the rule that a table describes. Raises ValueError."""
    verbs = [verb_of(one) for one in row.get("do", [])]
    rest = {name: value for name, value in row.items() if name != "do"}
    unknown = set(rest) - {"on", "after", "nth", "times", "where", "client"}
    if unknown:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    if rest.get("on", "*") not in REQUEST_KINDS:
        raise ValueError(f"no request is named {rest['on']!r}")
    where = {name: _text(value) for name, value in rest.pop("where", {}).items()}
    return Rule(do=verbs, where=where, **rest)


def verb_of(written: Verb | str | Mapping[str, Any]) -> Verb:
    """Return the verb that a name or a table means, or what is one already. Raises ValueError."""
    if isinstance(written, Verb):
        return written
    row = {"verb": written} if isinstance(written, str) else dict(written)
    name = row.pop("verb", "")
    if name not in VERBS:
        raise ValueError(f"unknown verb {name!r}; there are {', '.join(VERBS)}")
    try:
        verb = _converter.structure(row, VERBS[name])
    except (ValueError, TypeError, cattrs.BaseValidationError) as error:
        raise ValueError(f"{name}: {_reason(error)}") from error
    for message in getattr(verb, "messages", ()):
        if message != "*" and message not in ANSWER_IDS:
            raise ValueError(f"{name}: no message is named {message!r}")
    return verb


def _reason(error: BaseException) -> str:
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(cattrs.transform_error(error, format_exception=_own_words))
    return str(error)


def _own_words(error: BaseException, kind: type | None) -> str:
    return str(error) if type(error) is ValueError else format_exception(error, kind)


def _text(value: object, _: object = None) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else str(value)


_converter = cattrs.Converter(forbid_extra_keys=True)
_converter.register_structure_hook(str, _text)
_converter.register_structure_hook(Decimal, lambda value, _: Decimal(str(value)))
