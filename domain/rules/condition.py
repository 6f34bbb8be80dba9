"""Conditions on the event that arrived, and what combines conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.rules.facts import NotKnownError, subject_of
from domain.rules.predicate import Predicate, parse_predicate
from messages.event import BaseEvent

__all__ = ["ANY_EVENT", "Condition", "ConditionError", "EventCondition", "asked", "symbol_of"]

EventTypes = tuple[type[BaseEvent], ...]
ANY_EVENT: EventTypes = (BaseEvent,)


class ConditionError(ValueError):
    """A condition cannot be built as asked."""


class Condition:
    """A question with a yes or no. Combine with `&`, `|` and `~`.

    `matches` may raise NotKnownError: then the rule is skipped with that reason, unless the rest of the condition
    decides it either way.
    """

    event_types: EventTypes = ANY_EVENT
    """The classes of event on which the answer can be yes."""
    wakes: EventTypes = ANY_EVENT
    """The classes of event on which it is asked: rules are indexed by them."""
    symbols: frozenset[str] | None = None
    """The symbols for which the answer can be yes; None means any. Rules are indexed by them too."""
    looks_at: frozenset[str] = frozenset()
    """What it looks at besides the event: "positions", "prices", "hours", or "indicator NAME"."""

    @property
    def by_state(self) -> bool:
        """Whether it waits for no event: a rule of it fires once each time that it becomes true."""
        return BaseEvent in self.event_types

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Answer for this context; `context["event"]` is the event that arrived, `context["facts"]` what is known."""
        raise NotImplementedError

    def words(self) -> str:
        """Say it in words, for `pitboss check`."""
        raise NotImplementedError

    def explain(self, context: Mapping[str, Any]) -> str:
        """Say in words why the answer is what it is, for the journal; a condition of one's own may say more."""
        try:
            return f"{self.words()}: {'yes' if self.matches(context) else 'no'}"
        except NotKnownError as unknown:
            return f"{self.words()}: {unknown}"

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
        self.event_types = self.wakes = (event_type,)
        names = [name for name in dir(event_type) if not name.startswith("_")]
        self._tests: list[tuple[str, Callable[[Any], bool]]] = []
        for name, written in (field_conditions or {}).items():
            if name not in names:
                raise ConditionError(f"{event_type.__name__} has no field {name!r}; it has {', '.join(names)}")
            self._tests.append((name, written if callable(written) else parse_predicate(written)))
            if name == "symbol":
                self.symbols = _named(written)

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Whether the event is of the type and every field passes."""
        event = context["event"]
        if not isinstance(event, self.event_type):
            return False
        for name, test in self._tests:  # noqa: SIM110  # a generator costs more than the whole test
            if not test(getattr(event, name)):
                return False
        return True

    def words(self) -> str:
        """Say it in words."""
        tests = [f"{name} {asked(test)}" for name, test in self._tests]
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
            (passed if holds else failed).append(f"{text} {asked(test)}: {'yes' if holds else 'no'}")
        return "; ".join(failed + passed) or "any will do"


class _Both(Condition):
    def __init__(self, left: Condition, right: Condition) -> None:
        self.left, self.right = left, right
        self.event_types = _common(left.event_types, right.event_types)
        if left.by_state and right.by_state:
            self.wakes = _all(left.wakes, right.wakes)
        elif left.by_state or right.by_state:
            self.wakes = right.wakes if left.by_state else left.wakes
        else:
            self.wakes = _common(left.wakes, right.wakes)
        if left.symbols is None or right.symbols is None:
            self.symbols = right.symbols if left.symbols is None else left.symbols
        else:
            self.symbols = left.symbols & right.symbols
        self.looks_at = left.looks_at | right.looks_at

    def matches(self, context: Mapping[str, Any]) -> bool:
        try:
            if not self.left.matches(context):
                return False
        except NotKnownError:
            if not self.right.matches(context):
                return False
            raise
        return self.right.matches(context)

    def words(self) -> str:
        return f"({self.left.words()} and {self.right.words()})"

    def explain(self, context: Mapping[str, Any]) -> str:
        return f"({self.left.explain(context)}) and ({self.right.explain(context)})"


class _Either(Condition):
    def __init__(self, left: Condition, right: Condition) -> None:
        self.left, self.right = left, right
        self.event_types = _all(left.event_types, right.event_types)
        self.wakes = _all(left.wakes, right.wakes)
        self.symbols = None if left.symbols is None or right.symbols is None else left.symbols | right.symbols
        self.looks_at = left.looks_at | right.looks_at

    def matches(self, context: Mapping[str, Any]) -> bool:
        try:
            if self.left.matches(context):
                return True
        except NotKnownError:
            if self.right.matches(context):
                return True
            raise
        return self.right.matches(context)

    def words(self) -> str:
        return f"({self.left.words()} or {self.right.words()})"

    def explain(self, context: Mapping[str, Any]) -> str:
        return f"({self.left.explain(context)}) or ({self.right.explain(context)})"


class _Not(Condition):
    def __init__(self, inner: Condition) -> None:
        self.inner = inner
        self.wakes = inner.wakes if inner.by_state else ANY_EVENT
        self.looks_at = inner.looks_at

    def matches(self, context: Mapping[str, Any]) -> bool:
        return not self.inner.matches(context)

    def words(self) -> str:
        return f"not ({self.inner.words()})"

    def explain(self, context: Mapping[str, Any]) -> str:
        return f"not ({self.inner.explain(context)})"


def asked(test: Callable[[Any], bool]) -> str:
    """Return what a test of a field asks, in words."""
    return test.text if isinstance(test, Predicate) else "passes a Python function"


def symbol_of(chosen: str | None, context: Mapping[str, Any]) -> str:
    """Return the symbol that a condition is about: the one chosen, else the event's own.

    Raises NotKnownError for an event without one.
    """
    symbol = chosen or subject_of(context["event"])
    if not symbol:
        raise NotKnownError(f"a {type(context['event']).__name__} has no symbol")
    return symbol


def _named(written: object) -> frozenset[str] | None:
    """Return the symbols that a test of the field `symbol` lets through, where it names them."""
    words = [str(word) for word in written] if isinstance(written, list) else [written]
    names = [word for word in words if isinstance(word, str) and not word.lstrip().startswith(("<", ">", "=", "!"))]
    return frozenset(names) if len(names) == len(words) else None


def _all(some: EventTypes, others: EventTypes) -> EventTypes:
    return tuple(dict.fromkeys(some + others))


def _common(some: EventTypes, others: EventTypes) -> EventTypes:
    pairs = (_narrower(one, other) for one in some for other in others)
    return tuple(dict.fromkeys(narrow for narrow in pairs if narrow is not None))


def _narrower(one: type[BaseEvent], other: type[BaseEvent]) -> type[BaseEvent] | None:
    if issubclass(one, other):
        return one
    return other if issubclass(other, one) else None
