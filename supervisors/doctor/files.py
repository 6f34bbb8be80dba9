"""What a process leaves and writes: journal, log, addresses of alerts."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.problems import SettingsError
from config.settings import Settings
from monitoring.alerts.channels import open_channels
from storage.errors import JournalError
from storage.sqlite import SqliteJournal, journal_path
from supervisors.doctor.finding import Finding, fail, ok, warn

__all__ = ["check_alerts", "check_journal", "check_log"]


def check_journal(settings: Settings) -> Iterator[Finding]:
    """Whether it opens and its newest record can be read. `pitboss journal verify` looks at all of it."""
    path = journal_path(settings.journal.url, settings.process.state_dir)
    if not path.exists():
        yield ok("journal", f"{path} will be made")
        return
    journal = SqliteJournal(path, read_only=True)
    try:
        header = journal.open()
        newest = journal.last()
    except (JournalError, sqlite3.Error) as error:
        yield fail("journal", f"{path}: {error}", f"pitboss journal verify {path}; see docs/running.md, Disaster")
        return
    finally:
        journal.close()
    if not os.access(path, os.W_OK):
        yield fail("journal", f"{path} cannot be written", "give it to the user that Pitboss runs as")
        return
    count = 0 if newest is None else newest.sequence
    yield ok("journal", f"{path}: {count} records, {path.stat().st_size / 1e6:.1f} MB, made {header.created}")


def check_log(settings: Settings) -> Iterator[Finding]:
    """Whether it can be appended to."""
    path = settings.log_path
    if not path.exists():
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        if os.access(folder, os.W_OK | os.X_OK):
            yield ok("log", f"{path} will be made")
        else:
            yield fail(
                "log", f"{path} cannot be made", f"make {path.parent}, writable by the user that Pitboss runs as"
            )
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))
    except OSError as error:
        yield fail("log", f"{path}: {error.strerror}", "give it to the user that Pitboss runs as")
        return
    size = path.stat().st_size
    told = f"{path}: {size / 1e6:.1f} MB"
    if size > 5e9:
        yield warn("log", told, "have it rotated: see [log] in the configuration")
    else:
        yield ok("log", told)


def check_alerts(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether anybody is told when something goes wrong."""
    alerts = settings.alerts
    if not alerts.channels:
        yield warn(
            "alerts", "nobody is told when something goes wrong", "add an [alerts.channels.NAME]: docs/alerts.md"
        )
        return
    try:
        ready = open_channels(alerts.channels, settings.process.state_dir, environ)
    except SettingsError as error:
        for problem in error.problems:
            yield warn("alerts", str(problem), "set it in the environment of `pitboss alerts run`, or correct it")
        return
    for channel in alerts.channels.values():
        path = Path(channel.url.removeprefix("file:")).expanduser()
        if channel.url.startswith("file:") and path.stat().st_mode & 0o077:
            yield warn("alerts", f"{path} holds a secret and is open to others", f"chmod 600 {path}")
    where = ", ".join(f"{name} ({channel.service})" for name, channel in ready.items())
    yield ok("alerts", f"to {where}; pitboss alerts test tries them")
