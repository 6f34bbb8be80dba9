"""Tests of a line's fields, written as in `[[rules]]`: `"AAPL"`, `">= 200"`, `["BUY", "SELL"]`.

A field is a path: `broker.connected`; `*` means each value there, of which one must pass: `mailboxes.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from domain.rules.predicate import parse_predicate

__all__ = ["FieldTest", "field_tests", "first", "values"]


@frozen(slots=True)
class FieldTest:
    """One field, and what is asked of it."""

    path: str
    text: str
    test: Callable[[Any], bool]

    def holds(self, line: Mapping[str, Any]) -> bool:
        """Whether one of the values at the path passes; where there is none, no."""
        return any(self.test(value) for value in values(line, self.path))

    def __str__(self) -> str:
        return f"{self.path} {self.text}"


def field_tests(written: Mapping[str, Any]) -> tuple[FieldTest, ...]:
    """Return the tests that a configuration writes. Raises domain.rules.PredicateError."""
    return tuple(FieldTest(path, parse_predicate(value).text, _test(value)) for path, value in written.items())


def values(line: Mapping[str, Any], path: str) -> Iterator[Any]:
    """What stands at a path; nothing where it leads nowhere."""
    found: list[Any] = [line]
    for step in path.split("."):
        found = [inner for outer in found for inner in _below(outer, step)]
    yield from found


def first(line: Mapping[str, Any], path: str) -> str:
    """The first value at a path as text, "" where there is none."""
    value = next(values(line, path), None)
    return "" if value is None else str(value)[:200]


def _below(outer: Any, step: str) -> list[Any]:
    if isinstance(outer, Mapping):
        return list(outer.values()) if step == "*" else [outer[step]] if step in outer else []
    return list(outer) if isinstance(outer, list) and step == "*" else []


def _test(written: Any) -> Callable[[Any], bool]:
    if isinstance(written, list):
        options = [_test(item) for item in written]
        return lambda value: any(option(value) for option in options)
    predicate = parse_predicate(written)
    operand = written.lstrip("<>=! ") if isinstance(written, str) else written
    numeric = _is_number(operand) and operand != written if isinstance(written, str) else _is_number(operand)

    def test(value: Any) -> bool:
        # money and quantities are text in the log, and are compared as numbers with a number
        if numeric and isinstance(value, str) and _is_number(value):
            value = float(value)
        try:
            return predicate(value)
        except TypeError:  # a word where a number is asked for
            return False

    return test


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
