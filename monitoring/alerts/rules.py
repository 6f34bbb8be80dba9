"""Alert rules, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from attrs import frozen

from config.alert_settings import AlertRuleSettings
from config.log_record import LogRecord, as_words
from config.runbook import entry_of
from monitoring.alerts.conditions import FieldTest, field_tests, first

__all__ = ["AlertRule", "fill", "printable"]

_LONGEST = 400  # characters of what a line says
_BESIDES = frozenset({"ts", "level", "event", "actor"})


@frozen(slots=True)
class AlertRule:
    """A rule of the configuration with its conditions understood."""

    written: AlertRuleSettings
    when: tuple[FieldTest, ...]
    unless: tuple[FieldTest, ...]
    until_when: tuple[FieldTest, ...]

    @classmethod
    def of(cls, written: AlertRuleSettings) -> AlertRule:
        """Raises domain.rules.PredicateError."""
        return cls(written, field_tests(written.when), field_tests(written.unless), field_tests(written.until_when))

    @property
    def id(self) -> str:
        """Its name."""
        return self.written.id

    @property
    def ends(self) -> bool:
        """Whether its alerts are over at some time; otherwise they are only told."""
        return bool(self.written.until_event or self.written.until_seconds)

    def listens(self, event: str) -> bool:
        """Whether it looks at lines of this event at all."""
        return fnmatchcase(event, self.written.event)

    def waits(self, event: str) -> bool:
        """Whether lines of this event may end an alert of it."""
        return bool(self.written.until_event) and fnmatchcase(event, self.written.until_event)

    def begun_by(self, line: Mapping[str, Any]) -> bool:
        """Whether a line that it listens to is what it asks for."""
        return all(test.holds(line) for test in self.when) and not (
            self.unless and all(test.holds(line) for test in self.unless)
        )

    def ended_by(self, line: Mapping[str, Any]) -> bool:
        """Whether a line that it waits for ends the alert."""
        return all(test.holds(line) for test in self.until_when)

    def key(self, line: Mapping[str, Any]) -> tuple[str, ...]:
        """What tells one alert of the rule from another."""
        return tuple(first(line, path) for path in self.written.by)

    def runbook(self, line: Mapping[str, Any]) -> str:
        """The entry of the runbook that helps."""
        return fill(self.written.runbook, line)

    def severity(self, line: Mapping[str, Any]) -> str:
        """How much it matters."""
        if self.written.severity != "runbook":
            return self.written.severity
        return entry_of(self.runbook(line)).severity

    def text(self, line: Mapping[str, Any], moment: datetime) -> str:
        """What is said: the rule's own words, or those that the console has for the event."""
        if self.written.text:
            return printable(" ".join(fill(self.written.text, line).split()))[:_LONGEST]
        fields = {name: value for name, value in line.items() if name not in _BESIDES}
        return as_words(LogRecord(moment, str(line.get("level", "")), str(line.get("event", "")), fields))[:_LONGEST]


def printable(text: str) -> str:
    """Text from outside commands no terminal."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def fill(template: str, line: Mapping[str, Any]) -> str:
    """Put fields of a line into `{…}`; what the line does not have is left out. Other braces stay as they are."""
    said, rest = "", template
    while (begin := rest.find("{")) >= 0 and (end := rest.find("}", begin)) >= 0:
        said += rest[:begin] + first(line, rest[begin + 1 : end])
        rest = rest[end + 1 :]
    return said + rest
