"""The report of a day from what a process has left in its folder."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from domain.trading_day import TradingDay
from monitoring.report import LOG_EVENTS, DayReport, day_report
from monitoring.report.log import lines_between
from storage.errors import JournalError
from storage.sqlite import SqliteJournal
from supervisors.journal_source import JournalSource

__all__ = ["report_from", "report_page"]


def report_from(journal: SqliteJournal, log: Path, days: TradingDay, day: str) -> DayReport:
    """Return the report of a day (ISO) from an open journal and its log. Raises JournalError."""
    noon = datetime.fromisoformat(f"{day}T12:00:00")
    # with some hours of both neighbours, in UTC: whatever the zone, the day is in there
    since, until = (f"{noon + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}Z" for hours in (-36, 36))
    return day_report(day, days, JournalSource(journal), lines_between(log, LOG_EVENTS, since, until))


def report_page(journal: Path, log: Path, days: TradingDay, day: str) -> str:
    """Return the report as a page of HTML. Raises LookupError, in words, where it cannot be made."""
    from monitoring.report.html import page  # the pictures take a second to load

    if not journal.is_file():
        raise LookupError(f"there is no journal {journal}")
    opened = SqliteJournal(journal, read_only=True)
    try:
        datetime.fromisoformat(day)
        opened.open()
        try:
            return page(report_from(opened, log, days, day))
        finally:
            opened.close()
    except ValueError:
        raise LookupError(f"{day} is no day") from None
    except (OSError, JournalError) as error:
        raise LookupError(f"the journal cannot be read: {error}") from None
