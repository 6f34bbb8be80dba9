"""What a day came to, from the journal (and, for marks and incidents, the log): `day_report(day, …)`."""

from __future__ import annotations

from monitoring.report.build import LOG_EVENTS, day_report
from monitoring.report.document import as_csv, document
from monitoring.report.facts import KINDS, Facts
from monitoring.report.model import DayReport
from monitoring.report.tables import Table, tables

__all__ = ["KINDS", "LOG_EVENTS", "DayReport", "Facts", "Table", "as_csv", "day_report", "document", "tables"]
