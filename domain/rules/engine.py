"""The rule engine: which rules are due for an event. Pure: time is given, commands are returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from domain.rules.action import Command
from domain.rules.facts import Facts, NotKnownError, subject_of
from domain.rules.index import RuleIndex
from domain.rules.rule import Rule
from domain.rules.usage import UsageBook
from messages.event import BaseEvent
from messages.signal import RuleUsage
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
    """The rule's condition holds, but it must not act now, or what it asks about is not known."""

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


class RuleEngine:
    """Holds rules, indexed by event class and symbol, so that rules which cannot match cost nothing."""

    def __init__(self, zone: str = "America/New_York", facts: Facts | None = None) -> None:
        """`zone` is the exchange's: daily limits count its calendar days. `facts` are what conditions look at."""
        self.facts = facts or Facts(zone=zone)
        self._rules: dict[str, Rule] = {}
        self._index = RuleIndex()
        self._usage = UsageBook(ZoneInfo(zone))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules in registration order."""
        return tuple(self._rules.values())

    @property
    def event_types(self) -> tuple[type[BaseEvent], ...]:
        """The event classes that any rule waits for."""
        return self._index.event_types

    @property
    def looks_at(self) -> frozenset[str]:
        """What the rules look at besides the event."""
        return frozenset().union(*(rule.looks_at for rule in self._rules.values()))

    def symbols(self, event_type: type[BaseEvent]) -> frozenset[str] | None:
        """Return the symbols that the rules for a class of events name; None where one of them is for any."""
        return self._index.symbols(event_type)

    def register_rule(self, rule: Rule) -> None:
        """Add a rule. Raises ValueError when its id is taken."""
        if rule.rule_id in self._rules:
            raise ValueError(f"there is already a rule {rule.rule_id!r}")
        self._rules[rule.rule_id] = rule
        self._index.add(rule)

    def unregister_rule(self, rule_id: str) -> None:
        """Take a rule out; what it did today still counts if it comes back. Raises KeyError where there is none."""
        self._index.remove(self._rules.pop(rule_id))

    def evaluate(self, event: BaseEvent, now: datetime) -> Iterator[Due | Skipped | Faulty]:
        """Yield what each matching rule should do, highest priority first. `now` is aware.

        A rule that is Due counts as busy for its symbol until `finished` is called.
        """
        symbol = subject_of(event)
        for rule in self._index.concerned(type(event), symbol):
            if rule.enabled:
                outcome = self._evaluate(rule, event, symbol, now)
                if outcome is not None:
                    yield outcome

    def _evaluate(self, rule: Rule, event: BaseEvent, symbol: str, now: datetime) -> Due | Skipped | Faulty | None:
        usage = self._usage.known(rule.rule_id, symbol)
        if usage.faulty:
            return None
        context = self._context(rule, event, now)
        try:
            if not rule.condition.matches(context):
                if usage.standing:
                    usage.standing = False
                return None
            if rule.condition.by_state and usage.standing:
                return None
            obstacle = self._usage.obstacle(rule, symbol, now, getattr(event, "signal_id", None))
            if obstacle:
                return Skipped(rule, symbol, obstacle)
            commands = rule.action.commands(context)
        except NotKnownError as unknown:
            return Skipped(rule, symbol, str(unknown))
        except Exception as error:  # noqa: BLE001 - a user's rule may raise anything; it must not stop the others
            self._usage.of(rule.rule_id, symbol).faulty = True
            return Faulty(rule, symbol, f"{type(error).__name__}: {error}")
        if not commands:
            return Skipped(rule, symbol, "its action has nothing to do")
        self._usage.of(rule.rule_id, symbol).busy = True
        return Due(rule, symbol, commands)

    def examine(self, event: BaseEvent, now: datetime) -> tuple[Examined, ...]:
        """Judge an event by every gate of each rule that could be due for it, highest priority first.

        Nothing is counted and no rule becomes busy or faulty by it: it says why, for the journal.
        """
        symbol = subject_of(event)
        return tuple(self._examine(rule, event, symbol, now) for rule in self._index.concerned(type(event), symbol))

    def _examine(self, rule: Rule, event: BaseEvent, symbol: str, now: datetime) -> Examined:
        usage = self._usage.known(rule.rule_id, symbol)
        stage = f"rule {rule.rule_id}"
        context = self._context(rule, event, now)
        commands: tuple[Command, ...] = ()
        try:
            condition = GateVerdict(
                stage, "condition", rule.condition.matches(context), rule.condition.explain(context)
            )
            commands = rule.action.commands(context)
        except NotKnownError as unknown:
            condition = GateVerdict(stage, "condition", False, str(unknown))
        except Exception as error:  # noqa: BLE001 - a user's rule may raise anything; that is the verdict
            condition = GateVerdict(stage, "condition", False, f"it raised {type(error).__name__}: {error}")
        usable = rule.enabled and not usage.faulty
        state = "disabled after it raised" if usage.faulty else "enabled" if rule.enabled else "disabled"
        frequency = self._usage.verdicts(rule, symbol, now, getattr(event, "signal_id", None))
        return Examined(rule, (GateVerdict(stage, "enabled", usable, state), condition, *frequency), commands)

    def finished(self, rule_id: str, symbol: str) -> None:
        """The commands of a Due have been answered, one way or the other."""
        self._usage.of(rule_id, symbol).busy = False

    def fired(self, rule_id: str, symbol: str, time: datetime, signal_id: str | None = None) -> None:
        """The action did something: start the cooldown, count the day. Also used to rebuild from the journal."""
        self._usage.fired(rule_id, symbol, time, signal_id)

    def closed(self, symbol: str, reason: str) -> tuple[Rule, ...]:
        """A position was closed for this reason: clear the cooldowns of the rules that say so, and return these."""
        cleared = []
        for rule in self._rules.values():
            if reason in rule.cooldown_cleared_by and self._usage.known(rule.rule_id, symbol).last is not None:
                self.cleared(rule.rule_id, symbol)
                cleared.append(rule)
        return tuple(cleared)

    def cleared(self, rule_id: str, symbol: str) -> None:
        """A cooldown ended early. The day's count stays, and so does the prediction that was acted on."""
        self._usage.of(rule_id, symbol).last = None

    def checkpoint(self) -> tuple[RuleUsage, ...]:
        """Return what a restart must know of cooldowns and counts."""
        return tuple(self._usage.checkpoint())

    def restore(self, usages: Iterable[RuleUsage]) -> None:
        """Take up a checkpoint in place of everything known."""
        self._usage.restore(usages)

    def _context(self, rule: Rule, event: BaseEvent, now: datetime) -> dict[str, Any]:
        return {"event": event, "time": now, "rule_id": rule.rule_id, "facts": self.facts}
