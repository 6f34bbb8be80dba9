"""Field predicates as the configuration writes them: `"BUY"`, `0.8`, `">= 0.8"`, `["BUY", "SELL"]`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from attrs import frozen

__all__ = ["Predicate", "PredicateError", "parse_predicate"]

_COMPARISON = re.compile(r"\s*(>=|<=|!=|==|>|<)\s*(.*?)\s*")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_ORDERING = frozenset({">=", "<=", ">", "<"})


class PredicateError(ValueError):
    """The text is no predicate; the message says what was expected."""


@frozen(slots=True)
class Predicate:
    """One test of a field's value, with the words it was written in."""

    text: str
    test: Callable[[Any], bool]

    def __call__(self, value: Any) -> bool:
        """Whether the value passes; a missing value (None) never does."""
        return value is not None and self.test(value)


def parse_predicate(written: object) -> Predicate:
    """Return the predicate for a value of the configuration.

    A text that begins with a comparison sign compares (numbers as numbers); any other value must be equal; a list
    means any of its values. Raises PredicateError.
    """
    if isinstance(written, list):
        if not written:
            raise PredicateError("an empty list would never match; expected at least one value")
        options = [parse_predicate(item) for item in written]
        return Predicate(
            " or ".join(option.text for option in options),
            lambda value: any(option(value) for option in options),
        )
    if isinstance(written, str) and (match := _COMPARISON.fullmatch(written)):
        sign, operand_text = match.groups()
        operand = _operand(sign, operand_text, written)
        compare = _OPERATORS[sign]
        return Predicate(f"{sign} {operand_text}", lambda value: compare(value, operand))
    if isinstance(written, bool | int | float | str):
        return Predicate(f"is {written}", lambda value: bool(value == written))
    raise PredicateError(f'{written!r} is no predicate; expected a value, a list of values or a text like ">= 0.8"')


def _operand(sign: str, text: str, written: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        if sign in _ORDERING or not text:
            raise PredicateError(f'{written!r}: expected a number after "{sign}"') from None
        return text
