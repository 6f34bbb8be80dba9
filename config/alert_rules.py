"""The alert rules that are in force: those of the configuration, and those that ship (`alert_rules.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from fnmatch import filter as matching
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import frozen

from config.alert_settings import AlertRuleSettings, AlertSettings
from config.log_events import EVENTS
from config.problems import Problem, did_you_mean
from config.runbook import runbook
from config.structuring import converter
from domain.rules import PredicateError
from domain.rules.predicate import parse_predicate

__all__ = ["DESKTOPS", "alert_problems", "alert_rules", "shipped_rules"]

_OF_EVERY_LINE = {"ts", "level", "event", "actor"}

DESKTOPS = ("dbus", "qt", "kde", "gnome", "glib", "macosx", "windows", "syslog")
"""Schemes of apprise whose address holds no secret."""


@frozen
class _Shipped:
    rules: tuple[AlertRuleSettings, ...]


@cache
def shipped_rules() -> tuple[AlertRuleSettings, ...]:
    """The rules that ship, in their order."""
    written = tomllib.loads(files("config").joinpath("alert_rules.toml").read_text("utf-8"), parse_float=Decimal)
    return converter().structure(written, _Shipped).rules


def alert_rules(alerts: AlertSettings) -> tuple[AlertRuleSettings, ...]:
    """Those of the configuration, then those that ship and are neither replaced nor switched off."""
    replaced = {rule.id for rule in alerts.rules}
    shipped = [rule for rule in shipped_rules() if alerts.shipped and rule.id not in replaced]
    return tuple(rule for rule in (*alerts.rules, *shipped) if rule.enabled)


def alert_problems(alerts: AlertSettings, pulse_seconds: float) -> Iterator[Problem]:
    """What does not fit together in `[alerts]`, and with how often the process says that it lives."""
    if alerts.channels and alerts.silent_seconds and not 0 < pulse_seconds * 2 <= alerts.silent_seconds:
        yield Problem(
            "alerts.silent_seconds",
            f"{alerts.silent_seconds:g} is not at least twice log.pulse_seconds, which is {pulse_seconds:g}: "
            "a sound process would be told as dead; 0 does without",
        )
    seen: set[str] = set()
    for number, rule in enumerate(alerts.rules):
        path = f"alerts.rules[{number}]"
        if rule.id in seen:
            yield Problem(f"{path}.id", f'"{rule.id}" is the id of an earlier rule')
        seen.add(rule.id)
        if rule.enabled:
            yield from _rule(path, rule, alerts)
    for name, channel in alerts.channels.items():
        path = f"alerts.channels.{name}"
        if bool(channel.url) == (channel.path is not None):
            yield Problem(path, "needs either a url or a path")
        scheme = channel.url.partition(":")[0].lower()
        if channel.url and scheme not in (*DESKTOPS, "env", "file"):
            yield Problem(
                f"{path}.url",
                'holds an address; it is a secret: put it into the environment or a file, and write "env:NAME" or '
                f'"file:PATH". Only {", ".join(DESKTOPS)} stand here themselves',
            )


def _rule(path: str, rule: AlertRuleSettings, alerts: AlertSettings) -> Iterator[Problem]:
    for key, event in (("event", rule.event), ("until_event", rule.until_event)):
        if event and not event.startswith("log.") and not matching(EVENTS, event):
            yield Problem(f"{path}.{key}", f'"{event}" is no event of the log{did_you_mean(event, EVENTS)}')
    for key, written in (("when", rule.when), ("unless", rule.unless), ("until_when", rule.until_when)):
        for name, value in written.items():
            yield from _predicate(f"{path}.{key}.{name}", value)
            yield from _field(f"{path}.{key}", name, rule.until_event if key == "until_when" else rule.event)
    for key, names in (("by", rule.by), ("text", _in_braces(rule.text)), ("runbook", _in_braces(rule.runbook))):
        for name in names:
            yield from _field(f"{path}.{key}", name, rule.event)
    for name in rule.by if rule.until_event else ():
        yield from _field(f"{path}.by", name, rule.until_event)
    if rule.until_when and not rule.until_event:
        yield Problem(f"{path}.until_when", "needs an until_event")
    if rule.for_seconds and not rule.until_event:
        yield Problem(f"{path}.for_seconds", "needs an until_event: nothing else says that it no longer holds")
    if rule.count > 1 and rule.for_seconds:
        yield Problem(path, "has both count and for_seconds; a rule counts, or waits")
    if rule.runbook and "{" not in rule.runbook and rule.runbook not in runbook():
        yield Problem(
            f"{path}.runbook", f'"{rule.runbook}" is not in the runbook{did_you_mean(rule.runbook, runbook())}'
        )
    if rule.severity == "runbook" and not rule.runbook:
        yield Problem(f"{path}.severity", 'is "runbook", which needs a runbook')
    for name in rule.channels:
        if name not in alerts.channels:
            yield Problem(
                f"{path}.channels", f'"{name}" has no [alerts.channels.{name}]{did_you_mean(name, alerts.channels)}'
            )


def _predicate(path: str, value: Any) -> Iterator[Problem]:
    try:
        parse_predicate(value)
    except PredicateError as error:
        yield Problem(path, str(error))


def _field(path: str, name: str, event: str) -> Iterator[Problem]:
    """A field that no such event has would never match, and nobody would be told."""
    events = [EVENTS[one] for one in matching(EVENTS, event)]
    if not events or event.startswith("log.") or any(one.open for one in events):
        return
    known = {field for one in events for field in (*one.required, *one.optional)} | _OF_EVERY_LINE
    if event == "system.starting":
        known.add("after_death")  # the engine's own: the run before did not stop
    head = name.split(".")[0]
    if head not in known:
        yield Problem(path, f'"{head}" is no field of {event}{did_you_mean(head, known)}')


def _in_braces(text: str) -> list[str]:
    return re.findall(r"\{([^{}]*)\}", text)
