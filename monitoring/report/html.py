"""A report as one page of HTML that needs nothing from elsewhere."""

from __future__ import annotations

from html import escape
from zoneinfo import ZoneInfo

from monitoring.report.model import DayReport
from monitoring.report.pictures import profit_by, profit_over_the_day
from monitoring.report.tables import Table, tables, unclear

__all__ = ["STYLE", "page", "sections"]

STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
.scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e4e6ea; } figure svg { filter: invert(.9) hue-rotate(180deg); } }
figure { margin: .6rem 0; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .15rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
th.figure, td.figure { text-align: right; white-space: nowrap; } .note { color: #a15c00; }
"""


def page(report: DayReport) -> str:
    """Return it whole. What came from outside is escaped; there is no script."""
    title = f"Pitboss, {escape(report.day)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{sections(report)}</body></html>\n"
    )


def sections(report: DayReport) -> str:
    """Return what stands in the page, for a page of one's own."""
    zone = ZoneInfo(report.zone)
    known = (
        "The journal is empty."
        if report.known_to is None
        else (f"As journaled until {report.known_to:%Y-%m-%d %H:%M:%S} UTC; times are those of {escape(report.zone)}.")
    )
    parts = [f"<p>{known}</p>", *(f'<p class="note">{escape(note)}</p>' for note in unclear(report))]
    pictures = (
        profit_over_the_day(report),
        profit_by(report.symbols, "Net profit by symbol"),
        profit_by(report.rules, "Net profit by rule"),
    )
    parts += [f"<figure>{picture}</figure>" for picture in pictures if picture]
    if not report.fills:
        parts.append("<p>Nothing was traded.</p>")
    parts += [_table(table, zone) for table in tables(report) if table.rows]
    return "\n".join(parts)


def _table(table: Table, zone: ZoneInfo) -> str:
    marked = [' class="figure"' if figures else "" for _, figures in table.columns]
    head = "".join(f"<th{mark}>{escape(title)}</th>" for mark, (title, _) in zip(marked, table.columns, strict=True))
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td{mark}>{escape(text)}</td>" for mark, text in zip(marked, table.written(row, zone), strict=True))
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<h2 id="{table.name}">{escape(table.title)}</h2>\n<div class="scroll"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>"
    )
