"""A report as one JSON object, and its tables as CSV: exact figures, times in UTC."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from monitoring.report.model import DayReport
from monitoring.report.tables import Table

__all__ = ["as_csv", "document"]


def document(report: DayReport) -> dict[str, Any]:
    """Return all of it: money as text, times in UTC."""
    whole: dict[str, Any] = attrs.asdict(report, value_serializer=lambda _, __, value: _plain(value))
    for part in ("totals", "symbols", "rules", "strategies"):
        for written, group in zip(whole[part], getattr(report, part), strict=True):
            written["money"]["net"] = _plain(group.money.net)
    return whole


def as_csv(table: Table) -> str:
    """Return a table as CSV (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([title for title, _ in table.columns])
    for row in table.rows:
        writer.writerow([_cell(cell) for cell in row])
    return out.getvalue()


def _cell(cell: object) -> object:
    plain = _plain(cell)
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return "" if plain is None else plain


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return value
