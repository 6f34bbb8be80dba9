"""A report on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich import box
from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from monitoring.report.model import DayReport
from monitoring.report.tables import Table, tables, unclear

__all__ = ["on_terminal"]

_LEAST = dict.fromkeys(("position", "execution", "id", "order"), 150)
_LEAST |= dict.fromkeys(("source", "rule", "reference", "commission", "until", "side", "fills"), 100)
"""Columns that a narrower terminal does without → the width in characters from which on they are shown."""
_WHOLE = {"time", "closed", "from", "until", "symbol", "quantity", "price", "realised", "slippage", "currency"}


def on_terminal(report: DayReport, width: int) -> Iterator[RenderableType]:
    """Yield what is printed, at a width in characters. What came from outside is shown as text, not as markup."""
    zone = ZoneInfo(report.zone)
    known = (
        "an empty journal" if report.known_to is None else f"as journaled until {report.known_to:%Y-%m-%d %H:%M} UTC"
    )
    yield Text(f"{report.day} ({report.zone}), {known}", style="bold")
    for note in unclear(report):
        yield Text(note, style="yellow")
    for table in tables(report):
        if table.rows:
            yield Text()
            yield _rich(table, zone, width)
    if not report.fills:
        yield Text("Nothing was traded.")


def _rich(table: Table, zone: ZoneInfo, width: int) -> RichTable:
    shown = [place for place, (title, _) in enumerate(table.columns) if place == 0 or width >= _LEAST.get(title, 0)]
    made = RichTable(
        title=Text(table.title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    for place in shown:
        title, figures = table.columns[place]
        made.add_column(title, justify="right" if figures else "left", overflow="fold", no_wrap=title in _WHOLE)
    for row in table.rows:
        cells = table.written(row, zone)
        made.add_row(*(Text(cells[place]) for place in shown))
    return made
