"""From the lines of one log, and from time, to what is to be announced. Pure: the clock is an argument.

What it knows can be saved and loaded, so that a restarted monitor goes on where the last one ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import define, field, frozen

from config.windows import RestartWindow
from monitoring.alerts.alert import Alert, Announcement, Stage, Word
from monitoring.alerts.rules import AlertRule, printable
from monitoring.alerts.standing import fold_alarm, missed_lines

__all__ = ["SILENT", "Engine", "Timing"]

SILENT = "silent"
"""The rule that is none: the log says nothing any more."""

_Identity = tuple[str, tuple[str, ...]]


@frozen(slots=True, kw_only=True)
class Timing:
    """What is the same for all rules. Zero seconds mean never."""

    silent_seconds: float = 30.0
    repeat_seconds: float = 14_400.0
    restart_windows: tuple[RestartWindow, ...] = ()


@define(slots=True, eq=False)
class Engine:
    """Takes lines in their order; `advance` whenever time has passed, `drain` for what it came to."""

    name: str  # what the log is called until a line says the process's name
    rules: Mapping[str, AlertRule]
    timing: Timing
    alerts: dict[_Identity, Alert] = field(factory=dict)
    alarms: dict[str, dict[str, Any]] = field(factory=dict)
    heard: datetime | None = None  # when the last line came
    begun: bool = False  # a line has been seen
    stopped: bool = False  # in order, or by a failure that was told: silence is what follows
    _said: list[Announcement] = field(factory=list)
    # event → the rules that listen, and those that wait for it
    _by_event: dict[str, tuple[list[AlertRule], list[AlertRule]]] = field(factory=dict)

    def take(self, line: Mapping[str, Any], moment: datetime) -> None:
        """Take a line that was written, or came, at a moment. Moments do not go back."""
        self.advance(moment)
        event = str(line.get("event", ""))
        if event == "system.starting":
            line = {**line, "after_death": self.begun and not self.stopped}
            self.name = printable(str(line.get("name") or self.name))[:40]
        if event in ("system.starting", "system.stopped", "system.failed"):
            self.stopped = event != "system.starting"
        self.heard, self.begun = moment, True
        if (SILENT, ()) in self.alerts:
            self._end((SILENT, ()), moment)
        for missed in missed_lines(line, self.alarms):
            self._take(missed, str(missed["event"]), moment)
        self._take(line, event, moment)
        self._due(moment)

    def advance(self, now: datetime) -> None:
        """Do what is due by now."""
        self._due(now)
        patience = timedelta(seconds=self.timing.silent_seconds)
        if patience and self.heard is not None and not self.stopped and now - self.heard > patience:
            text = (
                f"the log says nothing since {self.heard:%H:%M:%S} UTC: the process is dead or frozen, or its disk full"
            )
            self.fall_silent(self.heard, now, text)

    def fall_silent(self, since: datetime, now: datetime, text: str) -> None:
        """Announce that nothing has come since then, once."""
        if (SILENT, ()) not in self.alerts:
            alert = Alert(
                rule=SILENT,
                key=(),
                severity="critical",
                text=text,
                runbook="log.silent",
                since=since,
                last=since,
            )
            self.alerts[SILENT, ()] = alert
            self._activate(alert, now)

    def drain(self) -> list[Announcement]:
        """What is to be announced since the last time."""
        said, self._said = self._said, []
        return said

    def begin_here(self, now: datetime) -> None:
        """Announce what stands and nothing else: for a log that is looked at for the first time."""
        self._said.clear()
        for alert in self.active:
            self._say(Word.RAISED, alert, now)

    @property
    def active(self) -> list[Alert]:
        """What stands, oldest first."""
        return sorted((a for a in self.alerts.values() if a.stage is Stage.ACTIVE), key=lambda alert: alert.since)

    def _take(self, line: Mapping[str, Any], event: str, moment: datetime) -> None:
        fold_alarm(line, self.alarms)
        rules = self._by_event.get(event)
        if rules is None:
            every = self.rules.values()
            rules = [rule for rule in every if rule.listens(event)], [rule for rule in every if rule.waits(event)]
            self._by_event[event] = rules
        listening, waiting = rules
        for rule in waiting:
            identity = (rule.id, rule.key(line))
            if identity in self.alerts and rule.ended_by(line):
                self._end(identity, moment)
        for rule in listening:
            if rule.begun_by(line):
                self._found(rule, line, moment)

    def _found(self, rule: AlertRule, line: Mapping[str, Any], moment: datetime) -> None:
        identity = (rule.id, rule.key(line))
        alert = self.alerts.get(identity)
        text = rule.text(line, moment)
        if alert is None:
            alert = self.alerts[identity] = Alert(
                rule=rule.id,
                key=identity[1],
                severity=rule.severity(line),
                text=text,
                runbook=rule.runbook(line),
                since=moment,
                last=moment,
            )
        alert.last, alert.text = moment, text
        if rule.written.count > 1:
            oldest = moment - timedelta(seconds=rule.written.within_seconds)
            alert.hits = [hit for hit in alert.hits if hit >= oldest] + [moment]
            if len(alert.hits) < rule.written.count and alert.stage is not Stage.ACTIVE:
                return
        if alert.stage is Stage.OVER:
            alert.missed += 1
            if rule.ends:  # it is told again when it may be, unless it is over by then
                alert.stage, alert.since = Stage.PENDING, moment
        if alert.stage is Stage.PENDING and alert.due is None:
            due = moment + timedelta(seconds=rule.written.for_seconds)
            alert.due = due if alert.quiet_until is None else max(due, alert.quiet_until)

    def _due(self, now: datetime) -> None:
        for identity, alert in list(self.alerts.items()):
            rule = self.rules.get(alert.rule)
            if alert.stage is Stage.PENDING:
                self._pending(identity, alert, rule, now)
            elif alert.stage is Stage.OVER:
                self._quiet(identity, alert, rule, now)
            else:
                self._active(identity, alert, rule, now)

    def _pending(self, identity: _Identity, alert: Alert, rule: AlertRule | None, now: datetime) -> None:
        if rule is None:  # it is in the configuration no more
            del self.alerts[identity]
        elif alert.due is None:
            if now - alert.last > timedelta(seconds=rule.written.within_seconds):
                del self.alerts[identity]
        elif alert.due <= now and not (rule.written.waits_for_restart and self._restarting(now)):
            if rule.ends:
                self._activate(alert, alert.due)
            else:
                self._say(Word.TOLD, alert, alert.due)
                self._rest(identity, alert, rule, alert.due)

    def _quiet(self, identity: _Identity, alert: Alert, rule: AlertRule | None, now: datetime) -> None:
        if alert.quiet_until is not None and alert.quiet_until > now:
            return
        if alert.missed and rule is not None:
            self._say(Word.TOLD, alert, alert.quiet_until or now)
            self._rest(identity, alert, rule, alert.quiet_until or now)
        else:
            del self.alerts[identity]

    def _active(self, identity: _Identity, alert: Alert, rule: AlertRule | None, now: datetime) -> None:
        if rule is None and alert.rule != SILENT:
            self._end(identity, now)
            return
        patience = timedelta(seconds=rule.written.until_seconds if rule is not None else 0.0)
        again = timedelta(seconds=self.timing.repeat_seconds)
        if patience and now - alert.last >= patience:
            self._end(identity, alert.last + patience)
        elif again and alert.reminded is not None and now - alert.reminded >= again:
            alert.reminded = now
            self._say(Word.STILL, alert, now)

    def _activate(self, alert: Alert, moment: datetime) -> None:
        alert.stage, alert.due, alert.reminded = Stage.ACTIVE, None, moment
        alert.missed = 0
        self._say(Word.RAISED, alert, moment)

    def _end(self, identity: _Identity, moment: datetime) -> None:
        alert, rule = self.alerts[identity], self.rules.get(identity[0])
        moment = max(moment, alert.since)  # clocks of two machines
        if alert.stage is Stage.ACTIVE:
            self._say(Word.OVER, alert, moment)
        elif alert.stage is Stage.PENDING and alert.quiet_until is not None:
            alert.stage, alert.due = Stage.OVER, None  # it came and went while it was not to be told
            return
        if alert.stage is not Stage.OVER and rule is not None:
            self._rest(identity, alert, rule, moment)
        elif rule is None:
            del self.alerts[identity]

    def _rest(self, identity: _Identity, alert: Alert, rule: AlertRule, moment: datetime) -> None:
        """Keep a finished alert for as long as it may not be told again."""
        alert.stage, alert.due, alert.missed, alert.hits = Stage.OVER, None, 0, []
        alert.quiet_until = moment + timedelta(seconds=rule.written.every_seconds)
        if not rule.written.every_seconds:
            del self.alerts[identity]

    def _restarting(self, now: datetime) -> bool:
        return any(window.contains(now) for window in self.timing.restart_windows)

    def _say(self, word: Word, alert: Alert, moment: datetime) -> None:
        rule = self.rules.get(alert.rule)
        self._said.append(
            Announcement(
                word=word,
                log=self.name,
                rule=alert.rule,
                key=alert.key,
                severity=alert.severity,
                text=alert.text,
                runbook=alert.runbook,
                since=alert.since,
                at=moment,
                count=max(alert.missed, len(alert.hits), 1),
                channels=rule.written.channels if rule is not None else (),
            )
        )
