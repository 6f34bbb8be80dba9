"""Rules from the configuration (`[[rules]]`, `flatten_at`) and from Python files (`[process] rule_files`)."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

from config.rule_actions import ConfiguredEntry, rule_action
from config.rule_conditions import EVENT_TYPES, RuleSettingsError, rule_condition
from config.rule_settings import RuleSettings
from domain.rules import CloseAllAction, EventCondition, Rule
from messages.schedule import SessionEndingEvent

if TYPE_CHECKING:
    from config.settings import Settings

__all__ = [
    "END_OF_DAY",
    "EVENT_TYPES",
    "ConfiguredEntry",
    "RuleSettingsError",
    "build_rules",
    "load_rule_file",
]

END_OF_DAY = "end_of_day"
"""Id of the rule that stands for `flatten_at`."""


def build_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules of the configuration in its order, that of `flatten_at` first. Raises RuleSettingsError."""
    rules: dict[str, Rule] = {}
    flattened = frozenset(symbol for symbol in settings.symbols if settings.flatten_at(symbol))
    if flattened:
        rules[END_OF_DAY] = _end_of_day(settings, flattened)
    for number, written in enumerate(settings.rules):
        place = f"rules[{number}]"
        if written.id in rules:
            raise RuleSettingsError(f"{place}.id: {written.id!r} is taken by an earlier rule")
        rules[written.id] = _build(settings, written, place)
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
    return Rule(
        rule_id=written.id,
        name=written.name,
        description=written.description,
        condition=rule_condition(written, place, settings.indicators),
        action=rule_action(settings, written, place),
        enabled=written.enabled,
        priority=written.priority,
        cooldown_seconds=written.cooldown_seconds,
        cooldown_cleared_by=frozenset(written.cooldown_cleared_by),
        max_executions_per_day=written.max_executions_per_day,
        symbols=frozenset(written.symbols or settings.symbols),
    )


def _end_of_day(settings: Settings, symbols: frozenset[str]) -> Rule:
    times: dict[str, list[str]] = {}
    for symbol in sorted(symbols):
        times.setdefault(settings.flatten_at(symbol), []).append(symbol)
    spoken = "; ".join(f"{at} for {', '.join(names)}" for at, names in times.items())
    return Rule(
        rule_id=END_OF_DAY,
        name="End of day",
        description=f"flatten_at {spoken}, exchange time; on a half day as long before its close",
        condition=EventCondition(SessionEndingEvent),
        action=CloseAllAction(reason="end of day"),
        priority=1_000_000,
        symbols=symbols,
    )
