"""`report`: what a day came to."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from config.environment import machine
from config.loading import load_places
from domain.trading_day import TradingDay
from monitoring.report import DayReport, as_csv, document, tables
from monitoring.report.terminal import on_terminal
from storage.rows import Header
from storage.sqlite import SqliteJournal, journal_path
from supervisors.day_report import report_from
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.journal_verbs import look
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config

__all__ = ["report"]


def report(
    *,
    day: Annotated[str | None, Parameter(help="The trading day, as 2026-11-20; without it today's.")] = None,
    html: Annotated[Path | None, Parameter(help="Write a page with pictures to this file.")] = None,
    csv: Annotated[Path | None, Parameter(help="Write each table as a CSV file into this folder.")] = None,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object, for programs.")] = False,
    journal: Annotated[
        Path | None, Parameter(help="The journal's file, in place of the one in the state folder; a copy will do.")
    ] = None,
    log: Annotated[Path | None, Parameter(help="The log, in place of the one in the state folder.")] = None,
    state_dir: StateDir = None,
    config: Config = None,
) -> int:
    """Tell what a day came to: fills, profit, commissions, slippage, signals, incidents. The process need not run.

    All money comes from the journal; the log, where there is one, gives prices of what is held and some incidents.
    """
    settings = load_places(config, os.environ)
    folder = settings.process.state_dir if state_dir is None else state_dir.expanduser()
    days = TradingDay(settings.risk.trading_day_zone, settings.risk.trading_day_start)
    wanted = _day(day, days)
    file = journal.expanduser() if journal is not None else journal_path(settings.journal.url, folder)
    written = folder / settings.log.path if log is None else log.expanduser()
    made: list[DayReport] = []

    def read(opened: SqliteJournal, _: Header) -> None:
        made.append(report_from(opened, written, days, wanted))

    code = look(file, read)
    if code:
        return code
    [found] = made
    if html is not None:
        from monitoring.report.html import page  # the pictures take a second to load

        _write(html.expanduser(), page(found))
    if csv is not None:
        for table in tables(found):
            _write(csv.expanduser() / f"{table.name}.csv", as_csv(table))
    if json_:
        print(json.dumps(document(found), ensure_ascii=False))
    elif html is None and csv is None:
        console = Console(highlight=False)
        for part in on_terminal(found, console.width):
            console.print(part)
    return ExitCode.FINE


def _day(written: str | None, days: TradingDay) -> str:
    today = days.of(machine().now())
    if written is None or written == "today":
        return today
    if written == "yesterday":
        return (date.fromisoformat(today) - timedelta(days=1)).isoformat()
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        text = f'--day: "{written}" is not a day such as 2026-11-20, today or yesterday'
        raise ProcessFailed(ExitCode.USAGE, text) from None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProcessFailed(ExitCode.FAILED, f"{file} cannot be written: {error.strerror}") from None
    print(file)
