"""From a configuration and a saved state to logs that are watched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from config.alert_rules import alert_rules
from config.settings import Settings
from monitoring.alerts.alert import Announcement
from monitoring.alerts.engine import Engine, Timing
from monitoring.alerts.restoring import restore
from monitoring.alerts.rules import AlertRule
from monitoring.alerts.sources import FileSource, Source, StreamSource, moment_of
from monitoring.alerts.store import WatchState
from monitoring.tail import LogTail

__all__ = ["STANDARD_INPUT", "label", "new_engine", "open_logs", "rehearse"]

STANDARD_INPUT = "-"


def new_engine(name: str, settings: Settings) -> Engine:
    """An engine with the rules in force, which has seen nothing."""
    alerts = settings.alerts
    return Engine(
        name=name,
        rules={rule.id: AlertRule.of(rule) for rule in alert_rules(alerts)},
        timing=Timing(
            silent_seconds=alerts.silent_seconds,
            repeat_seconds=alerts.repeat_seconds,
            restart_windows=settings.broker.restart_windows,
        ),
    )


def open_logs(settings: Settings, logs: Sequence[str], state: WatchState) -> dict[str, tuple[Source, Engine]]:
    """Each log, read on from where the state says, with what was known of it. `-` is standard input."""
    found: dict[str, tuple[Source, Engine]] = {}
    for log in logs:
        name = log if log == STANDARD_INPUT else str(Path(log).absolute())
        saved = state.logs.get(name)
        engine = new_engine(label(settings, log), settings)
        if saved is not None:
            restore(engine, saved)
        cursor = None if saved is None else saved.cursor
        source = StreamSource(0, cursor) if log == STANDARD_INPUT else FileSource(Path(name), cursor)
        found[name] = (source, engine)
    return found


def label(settings: Settings, log: str) -> str:
    """What a log is called until one of its lines says the process's name."""
    if log == STANDARD_INPUT:
        return "log"
    path = Path(log).absolute()
    return settings.process.name if path == settings.log_path.absolute() else path.parent.name


def rehearse(engine: Engine, log: Path, now: datetime) -> Iterator[Announcement]:
    """What a whole log, with the earlier files that rotation has left, would have announced. Raises OSError."""
    if not log.is_file():
        raise FileNotFoundError(2, "there is no such file")
    tail = LogTail(log, earlier=True)
    try:
        while lines := tail.read():
            for line in lines:
                engine.take(line, moment_of(line, engine.heard or now))
            yield from engine.drain()
    finally:
        tail.close()
