"""A table on the terminal, drawn line by line: fast with thousands of rows, and deaf to what text would command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from monitoring.terminal.cells import Column, Row, Table

__all__ = ["STYLES", "Grid", "fitted"]

STYLES = {
    "": Style.null(),
    "good": Style(color="#2e9e48"),
    "bad": Style(color="#e5484d", bold=True),
    "warn": Style(color="#c98a00"),
    "dim": Style(dim=True),
    "strong": Style(bold=True),
    "head": Style(bold=True, underline=True),
    "cursor": Style(reverse=True),
}
_GAP = 1


class Grid(ScrollView, can_focus=True):
    """Shows a `Table`. The cursor stays on its row; with `tail` the end stays in view until somebody scrolls up."""

    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "edge(-1)", show=False),
        Binding("end,G", "edge(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, grid: Grid, key: str) -> None:
            super().__init__()
            self.grid, self.key = grid, key

    def __init__(self, *, id: str, tail: bool = False) -> None:
        """`tail`: new rows come at the end, and the end is shown."""
        super().__init__(id=id)
        self.table = Table((), ())
        self.at_end = tail
        self._tail = tail
        self._key = ""
        self._cursor = 0
        self._widths: list[int] = []

    def show(self, table: Table) -> None:
        """Draw another table in place of the one before, if it is another."""
        if table == self.table:
            return
        rows_before = len(self.table.rows)
        self.table = table
        if self._tail and self.at_end:
            self._cursor = max(0, len(table.rows) - 1)
        else:
            place = (
                None
                if self._tail
                else next((number for number, row in enumerate(table.rows) if row.key == self._key), None)
            )
            self._cursor = min(self._cursor, max(0, len(table.rows) - 1)) if place is None else place
        self._measure()
        if len(table.rows) != rows_before:
            self.virtual_size = Size(self.size.width, len(table.rows) + 1)
            self.refresh(layout=True)
        if self._tail and self.at_end:
            self.scroll_to(y=self._lines(), animate=False, force=True)
        self.refresh()

    def follow(self) -> None:
        """Forget the cursor; show the end again where it is the end that is shown."""
        self._key, self._cursor, self.at_end = "", 0, self._tail

    @property
    def chosen(self) -> str:
        """The key of the row under the cursor; empty where there is none."""
        return self.table.rows[self._cursor].key if self._cursor < len(self.table.rows) else ""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line for the titles, one for each row, one to say that there is none."""
        return max(2, len(self.table.rows) + 1)

    def on_resize(self, event: Resize) -> None:
        """Divide the width anew."""
        self._measure()
        self.virtual_size = Size(self.size.width, len(self.table.rows) + 1)
        if self._tail and self.at_end:
            self.scroll_to(y=self._lines(), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw a line: the titles stay at the top."""
        width = self.size.width
        if y == 0:
            self._measure()  # a scroll bar may have come or gone
            return self._strip([(column.title, "head") for column in self.table.columns], width, "head")
        place = y - 1 + self.scroll_offset.y
        rows = self.table.rows
        if place < len(rows):
            focused = self.has_focus and place == self._cursor
            return self._strip(list(rows[place].cells), width, "cursor" if focused else "")
        if not rows and y == 1:
            style = self.rich_style + STYLES["dim"]
            return Strip([Segment(f"  {self.table.empty}", style)]).adjust_cell_length(width, self.rich_style)
        return Strip.blank(width, self.rich_style)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._go(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in view."""
        self._go(self._cursor + by * max(1, self.size.height - 2))

    def action_edge(self, to: int) -> None:
        """Move the cursor to the first or the last row."""
        self._go(0 if to < 0 else len(self.table.rows))

    def action_choose(self) -> None:
        """Tell the application which row was meant."""
        if self.chosen:
            self.post_message(self.Chosen(self, self.chosen))

    def _go(self, place: int) -> None:
        last = len(self.table.rows) - 1
        self._cursor = max(0, min(place, last))
        self._key = self.chosen
        self.at_end = self._tail and self._cursor == last
        height = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, force=True)
        self.refresh()

    def _lines(self) -> int:
        return max(0, len(self.table.rows) + 1 - self.size.height)

    def _measure(self) -> None:
        room = self.size.width - (self.scrollbar_size_vertical if self.show_vertical_scrollbar else 0)
        self._widths = fitted(self.table.columns, self.table.rows, room)

    def _strip(self, cells: list[tuple[str, str]], width: int, over: str) -> Strip:
        segments: list[Segment] = []
        base = self.rich_style
        last = max((n for n, size in enumerate(self._widths) if size), default=0)
        for number, ((text, style), size) in enumerate(zip(cells, self._widths, strict=False)):
            if not size:
                continue
            drawn = base + STYLES["" if over == "cursor" else style] + STYLES[over]
            segments.append(Segment(_sized(text, size, right=self.table.columns[number].right), drawn))
            if number != last:
                segments.append(Segment(" " * _GAP, base + STYLES[over]))
        return Strip(segments).adjust_cell_length(width, base + STYLES[over] if over else base)


def _sized(text: str, size: int, *, right: bool) -> str:
    length = cell_len(text)
    if length > size:
        return set_cell_size(text, size - 1) + "…" if size > 1 else set_cell_size(text, size)
    space = " " * (size - length)
    return space + text if right else text + space


def fitted(columns: tuple[Column, ...], rows: Sequence[Row], width: int) -> list[int]:
    """Return a width for each column, 0 for those that there is no room for: the least needed go first."""
    sample = list(rows) if len(rows) <= 200 else [*rows[:100], *rows[-100:]]
    wanted = [
        max([cell_len(column.title), *(cell_len(row.cells[number][0]) for row in sample)])
        for number, column in enumerate(columns)
    ]
    least = [min(size, column.least) if column.wide else size for column, size in zip(columns, wanted, strict=True)]
    shown = set(range(len(columns)))
    while len(shown) > 1 and sum(least[n] + _GAP for n in shown) - _GAP > width:
        shown.remove(min(shown, key=lambda n: (columns[n].keep, n)))
    left = width - sum(least[n] + _GAP for n in shown) + _GAP
    sizes = [least[n] if n in shown else 0 for n in range(len(columns))]
    for number in sorted(shown):
        if columns[number].wide:
            grown = max(0, min(left, wanted[number] - sizes[number]))
            sizes[number] += grown
            left -= grown
    return [min(size, width) for size in sizes]
