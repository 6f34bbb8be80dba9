"""Rules from the configuration (`[[rules]]`) and from Python files (`[process] rule_files`)."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path

from config.settings import RuleSettings, Settings
from domain.rules import (
    Action,
    ClosePositionAction,
    Command,
    ConditionError,
    EventCondition,
    PredicateError,
    Rule,
)
from domain.rules.action import Context
from messages import lifecycle, market, order, position, risk, signal
from messages.event import BaseEvent
from messages.order import Side
from messages.position import OpenPosition

__all__ = ["EVENT_TYPES", "RuleSettingsError", "build_rules", "load_rule_file"]

EVENT_TYPES: dict[str, type[BaseEvent]] = {
    name: member
    for module in (signal, position, order, market, risk, lifecycle)
    for name, member in inspect.getmembers(module, inspect.isclass)
    if issubclass(member, BaseEvent) and member.__module__ == module.__name__
}
"""Class name → class, for each event that a rule may wait for."""


class RuleSettingsError(ValueError):
    """A rule cannot be built; the message begins with its place and says what was expected."""


def build_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules of the configuration in its order. Raises RuleSettingsError."""
    rules: dict[str, Rule] = {}
    for number, written in enumerate(settings.rules):
        rule = _build(settings, written, f"rules[{number}]")
        if rule.rule_id in rules:
            raise RuleSettingsError(f"rules[{number}].id: {rule.rule_id!r} is taken by an earlier rule")
        rules[rule.rule_id] = rule
    return tuple(rules.values())


def load_rule_file(path: Path) -> tuple[Rule, ...]:
    """Run a Python file and return what it binds to `rules`. Raises RuleSettingsError, for its own errors too."""
    try:
        names = runpy.run_path(str(path))
    except Exception as error:
        raise RuleSettingsError(f"{path}: {type(error).__name__}: {error}") from error
    rules = names.get("rules")
    if not isinstance(rules, list | tuple) or not all(isinstance(rule, Rule) for rule in rules):
        raise RuleSettingsError(f"{path}: expected a list of Rule bound to the name `rules`, got {rules!r}")
    return tuple(rules)


def _build(settings: Settings, written: RuleSettings, place: str) -> Rule:
    event_type = EVENT_TYPES.get(written.event)
    if event_type is None:
        known = ", ".join(sorted(EVENT_TYPES))
        raise RuleSettingsError(f"{place}.event: {written.event!r} is no event; expected one of {known}")
    try:
        condition = EventCondition(event_type, written.when)
        action: Action = (
            ConfiguredEntry(settings, written) if written.do == "create_position" else ClosePositionAction()
        )
    except (ConditionError, PredicateError) as error:
        raise RuleSettingsError(f"{place}.when: {error}") from error
    return Rule(
        rule_id=written.id,
        condition=condition,
        action=action,
        enabled=written.enabled,
        priority=written.priority,
        cooldown_seconds=written.cooldown_seconds,
        max_executions_per_day=written.max_executions_per_day,
        symbols=frozenset(written.symbols or settings.symbols),
    )


class ConfiguredEntry(Action):
    """Open a position in the event's symbol; what the rule leaves out comes from the symbol, then the defaults."""

    def __init__(self, settings: Settings, rule: RuleSettings) -> None:
        """`settings` supply what the rule leaves out."""
        self._settings = settings
        self._rule = rule

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One OpenPosition for the event's symbol."""
        event = context["event"]
        opening = OpenPosition(
            side=self._rule.side or Side.BUY,
            size=self._settings.size(event.symbol, self._rule),
            exits=self._settings.exits(event.symbol, self._rule),
            source=f"rule:{self._rule.id}",
            signal_id=getattr(event, "signal_id", None),
        )
        return (Command(event.symbol, opening),)

    def words(self) -> str:
        """Say it in words, with the figures of each symbol where they differ."""
        way = "buy" if (self._rule.side or Side.BUY) is Side.BUY else "sell short"
        groups: dict[str, list[str]] = {}
        for symbol in self._rule.symbols or tuple(self._settings.symbols):
            groups.setdefault(self._figures(symbol), []).append(symbol)
        if len(groups) == 1:
            return f"{way} {next(iter(groups))}"
        return f"{way} " + "; ".join(f"{', '.join(symbols)}: {figures}" for figures, symbols in groups.items())

    def _figures(self, symbol: str) -> str:
        size, exits = self._settings.size(symbol, self._rule), self._settings.exits(symbol, self._rule)
        amount = (
            f"{size.quantity} shares"
            if size.quantity is not None
            else f"for {size.allocation}"
            if size.allocation is not None
            else f"risking {_percent(size.risk_pct)} of equity"
        )
        named = (
            ("stop", exits.stop_loss_pct),
            ("target", exits.take_profit_pct),
            ("trailing stop", exits.trailing_stop_pct),
        )
        levels = [f"{name} {_percent(value)}" for name, value in named if value is not None]
        return f"{amount} with {', '.join(levels)}" if levels else f"{amount} without any exit"


def _percent(value: object) -> str:
    return f"{float(str(value)) * 100:g} %"
