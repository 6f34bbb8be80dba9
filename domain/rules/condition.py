"""Conditions: pure questions about the event that arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.rules.predicate import Predicate, parse_predicate
from messages.event import BaseEvent

__all__ = ["Condition", "ConditionError", "EventCondition"]


class ConditionError(ValueError):
    """A condition cannot be built as asked."""


class Condition:
    """A question with a yes or no. Combine with `&`, `|` and `~`."""

    event_types: tuple[type[BaseEvent], ...] = (BaseEvent,)
    """The classes of event on which the answer can be yes: rules are indexed by them."""

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Answer for this context; `context["event"]` is the event that arrived."""
        raise NotImplementedError

    def words(self) -> str:
        """Say it in words, for `pitboss check`."""
        raise NotImplementedError

    def explain(self, context: Mapping[str, Any]) -> str:
        """Say in words why the answer is what it is, for the journal; a condition of one's own may say more."""
        return f"{self.words()}: {'yes' if self.matches(context) else 'no'}"

    def __and__(self, other: Condition) -> Condition:
        return _Both(self, other)

    def __or__(self, other: Condition) -> Condition:
        return _Either(self, other)

    def __invert__(self) -> Condition:
        return _Not(self)


class EventCondition(Condition):
    """An event of a type (or a subclass) whose fields pass.

    `field_conditions` maps a field name to a callable that returns a bool, or to a value as `parse_predicate` takes
    it. Raises ConditionError for a field that the event type does not have.
    """

    def __init__(self, event_type: type[BaseEvent], field_conditions: Mapping[str, object] | None = None) -> None:
        """Take the type and the tests of its fields."""
        self.event_type = event_type
        self.event_types = (event_type,)
        names = [name for name in dir(event_type) if not name.startswith("_")]
        self._tests: list[tuple[str, Callable[[Any], bool]]] = []
        for name, written in (field_conditions or {}).items():
            if name not in names:
                raise ConditionError(f"{event_type.__name__} has no field {name!r}; it has {', '.join(names)}")
            self._tests.append((name, written if callable(written) else parse_predicate(written)))

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Whether the event is of the type and every field passes."""
        event = context["event"]
        return isinstance(event, self.event_type) and all(test(getattr(event, name)) for name, test in self._tests)

    def words(self) -> str:
        """Say it in words."""
        tests = [f"{name} {_asked(test)}" for name, test in self._tests]
        return f"a {self.event_type.__name__}" + (f" whose {' and '.join(tests)}" if tests else "") + " arrives"

    def explain(self, context: Mapping[str, Any]) -> str:
        """Name each field with its value and what was asked of it; those that did not pass first."""
        event = context["event"]
        if not isinstance(event, self.event_type):
            return f"{type(event).__name__} is no {self.event_type.__name__}"
        passed: list[str] = []
        failed: list[str] = []
        for name, test in self._tests:
            value = getattr(event, name)
            holds = bool(test(value))
            text = f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
            (passed if holds else failed).append(f"{text} {_asked(test)}: {'yes' if holds else 'no'}")
        return "; ".join(failed + passed) or "any will do"


class _Both(Condition):
    def __init__(self, left: Condition, right: Condition) -> None:
        self.left, self.right = left, right
        self.event_types = tuple(
            narrow
            for one in left.event_types
            for other in right.event_types
            if (narrow := _narrower(one, other)) is not None
        )

    def matches(self, context: Mapping[str, Any]) -> bool:
        return self.left.matches(context) and self.right.matches(context)

    def words(self) -> str:
        return f"({self.left.words()} and {self.right.words()})"

    def explain(self, context: Mapping[str, Any]) -> str:
        return f"({self.left.explain(context)}) and ({self.right.explain(context)})"


class _Either(Condition):
    def __init__(self, left: Condition, right: Condition) -> None:
        self.left, self.right = left, right
        self.event_types = tuple(dict.fromkeys(left.event_types + right.event_types))

    def matches(self, context: Mapping[str, Any]) -> bool:
        return self.left.matches(context) or self.right.matches(context)

    def words(self) -> str:
        return f"({self.left.words()} or {self.right.words()})"

    def explain(self, context: Mapping[str, Any]) -> str:
        return f"({self.left.explain(context)}) or ({self.right.explain(context)})"


class _Not(Condition):
    def __init__(self, inner: Condition) -> None:
        self.inner = inner

    def matches(self, context: Mapping[str, Any]) -> bool:
        return not self.inner.matches(context)

    def words(self) -> str:
        return f"not ({self.inner.words()})"

    def explain(self, context: Mapping[str, Any]) -> str:
        return f"not ({self.inner.explain(context)})"


def _asked(test: Callable[[Any], bool]) -> str:
    return test.text if isinstance(test, Predicate) else "passes a Python function"


def _narrower(one: type[BaseEvent], other: type[BaseEvent]) -> type[BaseEvent] | None:
    if issubclass(one, other):
        return one
    return other if issubclass(other, one) else None
