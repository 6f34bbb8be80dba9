"""From a condition as the configuration writes it to the condition."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

from config.problems import did_you_mean
from config.rule_settings import ConditionSettings, RuleSettings
from domain.rules import (
    Condition,
    ConditionError,
    EventCondition,
    MarketCondition,
    PositionCondition,
    PredicateError,
    TimeCondition,
)
from messages import indicator, lifecycle, market, order, position, risk, schedule, signal
from messages.event import BaseEvent

__all__ = ["EVENT_TYPES", "RuleSettingsError", "condition_of", "rule_condition"]

EVENT_TYPES: dict[str, type[BaseEvent]] = {
    name: member
    for module in (signal, position, order, market, indicator, schedule, risk, lifecycle)
    for name, member in inspect.getmembers(module, inspect.isclass)
    if issubclass(member, BaseEvent) and member.__module__ == module.__name__
}
"""Class name → class, for each event that a rule may wait for."""

_MARKET = ("price", "spread", "spread_pct", "symbol")


class RuleSettingsError(ValueError):
    """A rule cannot be built; the message begins with its place and says what was expected."""


def rule_condition(written: RuleSettings, place: str, indicators: Iterable[str]) -> Condition:
    """Return the whole condition of a rule. Raises RuleSettingsError."""
    known = tuple(indicators)
    parts = _parts(written, place, known)
    if written.any_of:
        options = [condition_of(each, f"{place}.any_of[{number}]", known) for number, each in enumerate(written.any_of)]
        parts.append(reduce(or_, options))
    if written.none_of:
        banned = [
            condition_of(each, f"{place}.none_of[{number}]", known) for number, each in enumerate(written.none_of)
        ]
        parts.append(~reduce(or_, banned))
    if not parts:
        raise RuleSettingsError(f"{place}.event: is missing; a rule waits for an event, a position, a time or a market")
    return reduce(and_, parts)


def condition_of(written: ConditionSettings, place: str, indicators: Iterable[str]) -> Condition:
    """Return a condition. Raises RuleSettingsError."""
    parts = _parts(written, place, tuple(indicators))
    if not parts:
        raise RuleSettingsError(f"{place}: is empty; expected event, position, time or market")
    return reduce(and_, parts)


def _parts(written: ConditionSettings | RuleSettings, place: str, indicators: tuple[str, ...]) -> list[Condition]:
    parts: list[Condition] = []
    if written.event:
        event_type = EVENT_TYPES.get(written.event)
        if event_type is None:
            known = ", ".join(sorted(EVENT_TYPES))
            raise RuleSettingsError(f"{place}.event: {written.event!r} is no event; expected one of {known}")
        parts.append(_made(lambda: EventCondition(event_type, written.when), f"{place}.when"))
    elif written.when:
        raise RuleSettingsError(f"{place}.event: is missing; `when` asks for the fields of an event")
    if written.position:
        parts.append(_called(PositionCondition, written.position, f"{place}.position"))
    if written.time:
        parts.append(_called(TimeCondition, written.time, f"{place}.time"))
    if written.market:
        parts.append(_market(written.market, f"{place}.market", indicators))
    return parts


def _market(written: Mapping[str, Any], place: str, indicators: tuple[str, ...]) -> Condition:
    own = {name: value for name, value in written.items() if name in _MARKET}
    others = {name: value for name, value in written.items() if name not in _MARKET}
    for name in others:
        if name not in indicators:
            hint = did_you_mean(name, (*_MARKET, *indicators))
            raise RuleSettingsError(f"{place}.{name}: is neither of the market nor an indicator of [indicators]{hint}")
    condition = _made(lambda: MarketCondition(**own, indicators=others), place)
    for needed in condition.looks_at:
        kind, _, name = needed.partition(" ")
        if kind == "indicator" and name not in indicators:
            raise RuleSettingsError(f'{place}.price: "{name}" is not in [indicators]{did_you_mean(name, indicators)}')
    return condition


def _called(kind: Callable[..., Condition], written: Mapping[str, Any], place: str) -> Condition:
    known = [name for name in inspect.signature(kind).parameters if name != "self"]
    for name in written:
        if name not in known:
            raise RuleSettingsError(f"{place}.{name}: is not a known key{did_you_mean(name, known)}")
    if not isinstance(written.get("window", ""), str):
        raise RuleSettingsError(f'{place}.window: {written["window"]!r} is not a part of a day such as "09:45-15:30"')
    if not isinstance(written.get("market_hours", True), bool):
        raise RuleSettingsError(f"{place}.market_hours: {written['market_hours']!r} is not true or false")
    for name in ("weekdays", "status"):
        if not _words(written.get(name, [])):
            raise RuleSettingsError(f"{place}.{name}: {written[name]!r} is not a list of words")
    listed = {
        name: [value] if name == "weekdays" and isinstance(value, str) else value for name, value in written.items()
    }
    return _made(lambda: kind(**listed), place)


def _words(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(word, str) for word in value))


def _made(make: Callable[[], Condition], place: str) -> Condition:
    try:
        return make()
    except (ConditionError, PredicateError) as error:
        raise RuleSettingsError(f"{place}: {error}") from error
