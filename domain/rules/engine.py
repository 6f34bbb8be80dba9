"""The rule engine: which rules are due for an event. Pure: time is given, commands are returned."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from domain.rules.action import Command
from domain.rules.rule import Rule
from messages.event import BaseEvent
from messages.verdict import GateVerdict

__all__ = ["Due", "Examined", "Faulty", "RuleEngine", "Skipped"]


@frozen(slots=True)
class Due:
    """The rule's condition holds and nothing stands against it: carry out the commands in order."""

    rule: Rule
    symbol: str
    commands: tuple[Command, ...]


@frozen(slots=True)
class Skipped:
    """The rule's condition holds, but it must not act now."""

    rule: Rule
    symbol: str
    reason: str


@frozen(slots=True)
class Faulty:
    """The rule raised; it is disabled for this symbol until the process restarts."""

    rule: Rule
    symbol: str
    error: str


@frozen(slots=True)
class Examined:
    """What each gate of a rule says of an event; `commands` are what it would do, () where that cannot be said."""

    rule: Rule
    verdicts: tuple[GateVerdict, ...]
    commands: tuple[Command, ...]

    @property
    def against(self) -> int:
        """How many gates are against it."""
        return sum(not verdict.passed for verdict in self.verdicts)


@define(slots=True)
class _Usage:
    last: datetime | None = None
    day: date | None = None
    count: int = 0
    busy: bool = False
    faulty: bool = False


@define(slots=True)
class _Bucket:
    """Rules of one event class: those for any symbol, and those for named ones."""

    general: list[tuple[int, int, Rule]] = field(factory=list)  # (-priority, registration number, rule)
    by_symbol: dict[str, list[tuple[int, int, Rule]]] = field(factory=dict)


class RuleEngine:
    """Holds rules, indexed by event class and symbol, so that rules which cannot match cost nothing."""

    def __init__(self, zone: str = "America/New_York") -> None:
        """`zone` is the exchange's: daily limits count its calendar days."""
        self._zone = ZoneInfo(zone)
        self._rules: dict[str, Rule] = {}
        self._registered = 0
        self._buckets: dict[type[BaseEvent], _Bucket] = {}
        self._usage: dict[tuple[str, str], _Usage] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules in registration order."""
        return tuple(self._rules.values())

    @property
    def event_types(self) -> tuple[type[BaseEvent], ...]:
        """The event classes that any rule waits for."""
        return tuple(self._buckets)

    def register_rule(self, rule: Rule) -> None:
        """Add a rule. Raises ValueError when its id is taken."""
        if rule.rule_id in self._rules:
            raise ValueError(f"there is already a rule {rule.rule_id!r}")
        self._registered += 1
        entry = (-rule.priority, self._registered, rule)
        self._rules[rule.rule_id] = rule
        for event_type in rule.condition.event_types:
            bucket = self._buckets.setdefault(event_type, _Bucket())
            if rule.symbols is None:
                bucket.general.append(entry)
                bucket.general.sort(key=_order)
            for symbol in rule.symbols or ():
                named = bucket.by_symbol.setdefault(symbol, [])
                named.append(entry)
                named.sort(key=_order)

    def unregister_rule(self, rule_id: str) -> None:
        """Take a rule out; what it did today still counts if it comes back. Raises KeyError where there is none."""
        rule = self._rules.pop(rule_id)
        for event_type in rule.condition.event_types:
            bucket = self._buckets[event_type]
            bucket.general = [entry for entry in bucket.general if entry[2] is not rule]
            for symbol in rule.symbols or ():
                bucket.by_symbol[symbol] = [entry for entry in bucket.by_symbol[symbol] if entry[2] is not rule]

    def evaluate(self, event: BaseEvent, now: datetime) -> Iterator[Due | Skipped | Faulty]:
        """Yield what each matching rule should do, highest priority first. `now` is aware.

        A rule that is Due counts as busy for its symbol until `finished` is called.
        """
        symbol = str(getattr(event, "symbol", ""))
        for rule in self._candidates(type(event), symbol):
            usage = self._usage.setdefault((rule.rule_id, symbol), _Usage())
            if not rule.enabled or usage.faulty:
                continue
            context: dict[str, Any] = {"event": event, "time": now, "rule_id": rule.rule_id}
            try:
                if not rule.condition.matches(context):
                    continue
                obstacle = self._obstacle(rule, usage, now)
                commands = () if obstacle else rule.action.commands(context)
            except Exception as error:  # noqa: BLE001 - a user's rule may raise anything; it must not stop the others
                usage.faulty = True
                yield Faulty(rule, symbol, f"{type(error).__name__}: {error}")
                continue
            if obstacle:
                yield Skipped(rule, symbol, obstacle)
            else:
                usage.busy = True
                yield Due(rule, symbol, commands)

    def examine(self, event: BaseEvent, now: datetime) -> tuple[Examined, ...]:
        """Judge an event by every gate of each rule that could be due for it, highest priority first.

        Nothing is counted and no rule becomes busy or faulty by it: it says why, for the journal.
        """
        symbol = str(getattr(event, "symbol", ""))
        return tuple(self._examine(rule, event, symbol, now) for rule in self._candidates(type(event), symbol))

    def _examine(self, rule: Rule, event: BaseEvent, symbol: str, now: datetime) -> Examined:
        usage = self._usage.get((rule.rule_id, symbol), _Usage())
        stage = f"rule {rule.rule_id}"
        context: dict[str, Any] = {"event": event, "time": now, "rule_id": rule.rule_id}
        commands: tuple[Command, ...] = ()
        try:
            condition = GateVerdict(
                stage, "condition", rule.condition.matches(context), rule.condition.explain(context)
            )
            commands = rule.action.commands(context)
        except Exception as error:  # noqa: BLE001 - a user's rule may raise anything; that is the verdict
            condition = GateVerdict(stage, "condition", False, f"it raised {type(error).__name__}: {error}")
        usable = rule.enabled and not usage.faulty
        state = "disabled after it raised" if usage.faulty else "enabled" if rule.enabled else "disabled"
        verdicts = (GateVerdict(stage, "enabled", usable, state), condition, *self._frequency(rule, usage, now))
        return Examined(rule, verdicts, commands)

    def _frequency(self, rule: Rule, usage: _Usage, now: datetime) -> tuple[GateVerdict, ...]:
        """Return the verdicts on how often the rule may act."""
        stage = f"rule {rule.rule_id}"
        left = 0.0
        if usage.last is not None:
            left = max(rule.cooldown_seconds - (now - usage.last).total_seconds(), 0.0)
        limit = rule.max_executions_per_day
        used = usage.count if usage.day == now.astimezone(self._zone).date() else 0
        busy = "its last action for this symbol is not answered yet"
        return (
            GateVerdict(stage, "answered", not usage.busy, busy if usage.busy else "no action outstanding"),
            GateVerdict(stage, "cooldown", left <= 0, f"{left:.0f} s left of {rule.cooldown_seconds:g} s"),
            GateVerdict(stage, "daily limit", limit is None or used < limit, f"{used} of {limit or 'any number'} used"),
        )

    def finished(self, rule_id: str, symbol: str) -> None:
        """The commands of a Due have been answered, one way or the other."""
        self._usage.setdefault((rule_id, symbol), _Usage()).busy = False

    def fired(self, rule_id: str, symbol: str, time: datetime) -> None:
        """The action did something: start the cooldown, count the day. Also used to rebuild from the journal."""
        usage = self._usage.setdefault((rule_id, symbol), _Usage())
        day = time.astimezone(self._zone).date()
        usage.count = usage.count + 1 if usage.day == day else 1
        usage.day, usage.last = day, time

    def _obstacle(self, rule: Rule, usage: _Usage, now: datetime) -> str:
        against = next((gate for gate in self._frequency(rule, usage, now) if not gate.passed), None)
        if against is None:
            return ""
        return against.figures if against.gate == "answered" else f"{against.gate}: {against.figures}"

    def _candidates(self, event_type: type[BaseEvent], symbol: str) -> Iterator[Rule]:
        sources = []
        for base in event_type.__mro__:
            bucket = self._buckets.get(base)
            if bucket is not None:
                sources.append(bucket.general)
                if symbol in bucket.by_symbol:
                    sources.append(bucket.by_symbol[symbol])
        seen: set[str] = set()
        for _, _, rule in heapq.merge(*sources, key=_order):
            if rule.rule_id not in seen:
                seen.add(rule.rule_id)
                yield rule


def _order(entry: tuple[int, int, Rule]) -> tuple[int, int]:
    return entry[0], entry[1]
