"""`alerts run|check|test|list`, and `runbook`: who is told what, and what to do then."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import attrs
import trio
from cyclopts import Parameter

from config.alert_rules import alert_rules
from config.alert_settings import AlertRuleSettings, ChannelSettings
from config.environment import Environment, machine
from config.loading import load_alerts
from config.problems import did_you_mean
from config.redaction import redact
from config.runbook import runbook as runbook_entries
from config.settings import Settings
from monitoring.alerts.alert import Announcement, Stage, Word
from monitoring.alerts.channels import Channel, DeliveryError, open_channels, secret_address
from monitoring.alerts.heartbeat import beat
from monitoring.alerts.opening import STANDARD_INPUT, label, new_engine, open_logs, rehearse
from monitoring.alerts.store import StateError, StateFile, WatchState
from monitoring.alerts.watch import Watch
from monitoring.alerts.words import compose, one_line
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.verbs_configuration import ConfigFile, StateDir

__all__ = ["check", "list_", "run", "runbook", "try_"]


Logs = Annotated[
    str,
    Parameter(
        name="LOG",
        allow_leading_hyphen=True,
        help="Logs to watch; - is standard input. Without any: the configuration's own.",
    ),
]
Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object, for programs.")]


def run(*logs: Logs, config: ConfigFile, state_dir: StateDir = None) -> int:
    """Watch logs and send alerts, until SIGINT or SIGTERM. A restart loses none and doubles none.

    Exit code 1 where what it watched has an end: a pipe that was closed.
    """
    _check_names(logs)
    settings = _settings(config, state_dir)
    if not settings.alerts.channels:
        raise ProcessFailed(ExitCode.USAGE, f"{config} has no [alerts.channels.NAME]: nobody would be told")
    environment = machine()
    channels = open_channels(settings.alerts.channels, settings.process.state_dir, os.environ)
    heartbeat = secret_address("alerts.heartbeat", settings.alerts.heartbeat, os.environ)
    file = _file(settings)

    def say(text: str) -> None:
        print(f"{environment.now():%H:%M:%S} {redact(text)}", flush=True)

    try:
        with file.owned():
            state = _load(file)
            watched = open_logs(settings, logs or (str(settings.log_path),), state)
            watch = Watch(environment, settings.alerts, watched, channels, state, file, say)
            where = ", ".join(f"{name} ({channel.service})" for name, channel in channels.items())
            say(f"watching {', '.join(watched)}; alerts go to {where}")
            beats = partial(beat, heartbeat, settings.alerts.heartbeat_seconds, lambda: watch.watching, say)
            stopped = trio.run(_until_signal, watch, beats if heartbeat else None)
            say("ended; what waits is kept" if stopped else "ended: nothing is left to watch, and all was sent")
    except StateError as error:
        raise ProcessFailed(ExitCode.FAILED, str(error)) from None
    return ExitCode.FINE if stopped else ExitCode.FAILED


def check(*logs: Logs, config: ConfigFile, state_dir: StateDir = None) -> None:
    """Say which rules are in force and who would be told; with logs, what they would have announced. Sends nothing."""
    _check_names(logs)
    settings = _settings(config, state_dir)
    alerts = settings.alerts
    if not logs:
        channels = open_channels(alerts.channels, settings.process.state_dir, os.environ)
        for name, channel in channels.items():
            print(f"channel {name}: {channel.service}; {_channel_in_words(alerts.channels[name])}")
        if not channels:
            print("no channel: nobody is told; add an [alerts.channels.NAME]")
        for rule in alert_rules(alerts):
            print(f"rule {_rule_in_words(rule)}")
        silent = f"the log says nothing for {alerts.silent_seconds:g} s, critical"
        print(f"rule silent: {silent}" if alerts.silent_seconds else "no rule for a log that falls silent")
        return
    for log in logs:
        if log == STANDARD_INPUT:
            raise ProcessFailed(ExitCode.USAGE, "check reads files; name one")
        engine = new_engine(label(settings, log), settings)
        try:
            for announcement in rehearse(engine, Path(log), machine().now()):
                print(f"{announcement.at:%Y-%m-%d %H:%M:%S} {one_line(announcement)}")
        except BrokenPipeError:
            raise  # of what is printed: whoever read it has seen enough
        except OSError as error:
            raise ProcessFailed(ExitCode.USAGE, f"{log}: {error.strerror or error}") from None


def try_(
    *names: Annotated[str, Parameter(help="Channels; without any: all of them.")],
    config: ConfigFile,
    state_dir: StateDir = None,
) -> int:
    """Send a test message on each channel and say whether it has arrived. Exit code 1 if one has not."""
    settings = _settings(config, state_dir)
    chosen: dict[str, ChannelSettings] = {}
    for name in names or tuple(settings.alerts.channels):
        if name not in settings.alerts.channels:
            hint = did_you_mean(name, settings.alerts.channels)
            raise ProcessFailed(ExitCode.USAGE, f"{config} has no [alerts.channels.{name}]{hint}")
        chosen[name] = settings.alerts.channels[name]
    if not chosen:
        raise ProcessFailed(ExitCode.USAGE, f"{config} has no [alerts.channels.NAME]: nobody would be told")
    failed = 0
    for name, channel in open_channels(chosen, settings.process.state_dir, os.environ).items():
        print(f"{name} ({channel.service}): ", end="", flush=True)
        outcome = _tried(channel, settings, machine())
        failed += bool(outcome)
        print(f"FAILED: {outcome}" if outcome else "sent")
    return ExitCode.FAILED if failed else ExitCode.FINE


def list_(*, config: ConfigFile, state_dir: StateDir = None, json_: Json = False) -> None:
    """List the alerts that stand, and what waits to be sent, as the running or last monitor has saved it."""
    file = _file(_settings(config, state_dir))
    try:
        state = file.load()
    except StateError as error:
        raise ProcessFailed(ExitCode.FAILED, str(error)) from None
    standing = [
        (known.name, alert) for known in state.logs.values() for alert in known.alerts if alert.stage is Stage.ACTIVE
    ]
    if json_:
        rows = [
            {
                "log": name,
                "rule": alert.rule,
                "key": alert.key,
                "severity": alert.severity,
                "text": redact(alert.text),
                "runbook": alert.runbook,
                "since": alert.since.isoformat(),
            }
            for name, alert in standing
        ]
        queues = {
            name: {"waiting": len(box.waiting), "failures": box.failures, "error": redact(box.error)}
            for name, box in state.outboxes.items()
        }
        print(json.dumps({"alerts": rows, "channels": queues}))
        return
    for name, alert in sorted(standing, key=lambda each: each[1].since):
        words = f"{name}: {alert.severity.upper()}: {alert.text}"
        print(redact(f"{alert.since:%Y-%m-%d %H:%M:%S} {words}  (pitboss runbook {alert.runbook})"))
    for name, box in state.outboxes.items():
        if box.waiting:
            failing = f", failing since {box.failing_since:%Y-%m-%d %H:%M:%S}: {box.error}" if box.failing_since else ""
            print(redact(f"channel {name}: {len(box.waiting)} waiting{failing}"))
    if not standing:
        print("no alert stands")


def runbook(kind: Annotated[str | None, Parameter(help="A kind of alarm; without one: all of them.")] = None) -> None:
    """Say what an alarm means, what the system has done about it, and what to do."""
    entries = runbook_entries()
    if kind is None:
        for name, entry in entries.items():
            print(f"{name:<26} {entry.severity:<9} {entry.title}")
        return
    name = "risk.TRIGGER" if kind.startswith("risk.") else kind
    if name not in entries:
        raise ProcessFailed(ExitCode.USAGE, f'"{kind}" is not in the runbook{did_you_mean(kind, entries)}')
    entry = entries[name]
    print(f"{kind} ({entry.severity}): {entry.title}\n\nWhat it means: {entry.means}")
    print(f"What has been done: {entry.done}\nWhat to do:")
    for number, step in enumerate(entry.do, 1):
        print(f"  {number}. {step}")


def _check_names(logs: tuple[str, ...]) -> None:
    for log in logs:
        if log.startswith("-") and log != STANDARD_INPUT:
            raise ProcessFailed(ExitCode.USAGE, f"Unknown option: {log} (see pitboss alerts --help)")


async def _until_signal(watch: Watch, beats: Callable[[], Awaitable[None]] | None) -> bool:
    """Return whether a signal has ended it."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        async with trio.open_nursery() as nursery:
            if beats is not None:
                nursery.start_soon(beats)
            nursery.start_soon(_stop_on, received, nursery.cancel_scope)
            await watch.run()
            nursery.cancel_scope.cancel()
            return False
    return True


async def _stop_on(received: object, scope: trio.CancelScope) -> None:
    async for _ in received:  # type: ignore[attr-defined]  # trio does not name the type
        scope.cancel()


def _settings(config: Path, state_dir: Path | None) -> Settings:
    settings = load_alerts(config, os.environ)
    if state_dir is not None:
        settings = attrs.evolve(settings, process=attrs.evolve(settings.process, state_dir=state_dir.expanduser()))
    return settings


def _file(settings: Settings) -> StateFile:
    return StateFile(settings.process.state_dir / settings.alerts.state)


def _load(file: StateFile) -> WatchState:
    try:
        return file.load()
    except StateError as error:
        try:
            aside = file.set_aside()
        except OSError as reason:
            raise StateError(f"{error}, and cannot be moved away: {reason.strerror}") from reason
        print(f"pitboss: {error}: moved to {aside}; what stands now is told again", file=sys.stderr)
        return WatchState()


def _tried(channel: Channel, settings: Settings, environment: Environment) -> str:
    now = environment.now()
    announcement = Announcement(
        word=Word.TOLD,
        log=settings.process.name,
        rule="test",
        key=(),
        severity="info",
        text="this is a test of Pitboss's alerts; nothing has happened",
        runbook="",
        since=now,
        at=now,
    )
    try:
        channel.send(compose([announcement]))
    except DeliveryError as error:
        return str(error)
    return ""


def _channel_in_words(channel: ChannelSettings) -> str:
    return f"{channel.least} and above" + ("" if channel.resolved else ", without what is over")


def _rule_in_words(rule: AlertRuleSettings) -> str:
    when = " and ".join(f"{name} {value}" for name, value in rule.when.items())
    unless = " and ".join(f"{name} {value}" for name, value in rule.unless.items())
    parts = [f"{rule.id}: on {rule.event}"]
    parts += [f"when {when}"] if when else []
    parts += [f"unless {unless}"] if unless else []
    parts += [f"for {rule.for_seconds:g} s"] if rule.for_seconds else []
    parts += [f"{rule.count} times within {rule.within_seconds:g} s"] if rule.count > 1 else []
    parts += [f"one for each {', '.join(rule.by)}"] if rule.by else []
    parts += [f"at most every {rule.every_seconds:g} s"] if rule.every_seconds else []
    ends = [f"until {rule.until_event}"] if rule.until_event else []
    ends += [f"over after {rule.until_seconds:g} s without"] if rule.until_seconds else []
    parts += [" or ".join(ends) or "told, never over"]
    parts += ["not in [broker] restart_windows"] if rule.waits_for_restart else []
    parts += ["severity by the runbook" if rule.severity == "runbook" else rule.severity]
    parts += [f"to {', '.join(rule.channels)}"] if rule.channels else []
    return "; ".join(parts)
