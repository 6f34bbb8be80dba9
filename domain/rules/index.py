"""Which rules an event could concern: by its class and symbol, so that the others cost nothing."""

from __future__ import annotations

from attrs import define, field

from domain.rules.rule import Rule
from messages.event import BaseEvent

__all__ = ["RuleIndex"]

_Entry = tuple[int, int, Rule]  # -priority, registration number, rule


@define(slots=True)
class _Bucket:
    """Rules of one event class: those for any symbol, and those for named ones."""

    general: list[_Entry] = field(factory=list)
    by_symbol: dict[str, list[_Entry]] = field(factory=dict)


class RuleIndex:
    """Event class and symbol → rules, highest priority first, then in order of registration."""

    def __init__(self) -> None:
        self._count = 0
        self._buckets: dict[type[BaseEvent], _Bucket] = {}
        self._routes: dict[tuple[type[BaseEvent], str], tuple[Rule, ...]] = {}
        self._named: set[str] = set()

    @property
    def event_types(self) -> tuple[type[BaseEvent], ...]:
        """The event classes that any rule waits for."""
        return tuple(self._buckets)

    def add(self, rule: Rule) -> None:
        """Take a rule; it comes after those of its priority."""
        entry = (-rule.priority, self._count, rule)
        self._count += 1
        self._routes.clear()
        only = rule.only
        for event_type in rule.condition.wakes:
            bucket = self._buckets.setdefault(event_type, _Bucket())
            if only is None:
                bucket.general.append(entry)
            for symbol in only or ():
                self._named.add(symbol)
                bucket.by_symbol.setdefault(symbol, []).append(entry)

    def remove(self, rule: Rule) -> None:
        """Take a rule out."""
        self._routes.clear()
        for event_type in rule.condition.wakes:
            bucket = self._buckets[event_type]
            bucket.general = [entry for entry in bucket.general if entry[2] is not rule]
            for symbol in rule.only or ():
                bucket.by_symbol[symbol] = [entry for entry in bucket.by_symbol[symbol] if entry[2] is not rule]

    def concerned(self, event_type: type[BaseEvent], symbol: str) -> tuple[Rule, ...]:
        """Return the rules that an event of this class and symbol could concern."""
        key = (event_type, symbol if symbol in self._named else "")
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = self._route(*key)
        return route

    def symbols(self, event_type: type[BaseEvent]) -> frozenset[str] | None:
        """Return the symbols that the rules for a class of events name; None where one of them is for any."""
        bucket = self._buckets.get(event_type)
        if bucket is None:
            return frozenset()
        return None if bucket.general else frozenset(bucket.by_symbol)

    def _route(self, event_type: type[BaseEvent], symbol: str) -> tuple[Rule, ...]:
        found: dict[int, _Entry] = {}  # registration number → entry
        for base in event_type.__mro__:
            bucket = self._buckets.get(base)
            if bucket is not None:
                for entry in (*bucket.general, *bucket.by_symbol.get(symbol, ())):
                    found[entry[1]] = entry
        return tuple(rule for _, _, rule in sorted(found.values(), key=lambda entry: entry[:2]))
