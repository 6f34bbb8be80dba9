"""The lines of the log as a table: all of them, a symbol's, or the life of one order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import overload

from config.log_record import LogRecord, as_words
from monitoring.board import Board
from monitoring.board.fields import Line
from monitoring.terminal.cells import Column, Row, Table, amount, clean, clock, price

__all__ = ["events_table", "life_table"]

_EVENTS = (Column("LOG"), Column("event", 3), Column("", 9, wide=True, least=70))
_LIFE = (
    Column("LIFE"),
    Column("status", 8),
    Column("filled", 7, right=True),
    Column("price", 6, right=True),
    Column("event", 3),
    Column("", 9, wide=True, least=30),
)
_STYLES = {"WARNING": "warn", "ERROR": "bad", "DEBUG": "dim"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def events_table(board: Board, symbol: str = "") -> Table:
    """The recent lines, oldest first."""
    lines: Iterable[Line] = board.lines
    if symbol:
        lines = [line for line in lines if line.get("symbol") == symbol or line.get("actor") == f"position/{symbol}"]
    return Table(_EVENTS, _Rows(lines), "nothing yet")


def life_table(board: Board, order: str) -> Table:
    """The life of one order, and what its position did meanwhile, oldest first."""
    lines = board.life(order)
    known = {id(line) for line in lines}
    position = next((line["position_id"] for line in lines if line.get("position_id")), None)
    if position is not None:
        lines += [line for line in board.lines if line.get("position_id") == position and id(line) not in known]
        lines = [line for line in lines if line.get("order_ref", order) == order]
    lines.sort(key=lambda line: str(line.get("ts", "")))
    return Table(_LIFE, tuple(_lived(line) for line in lines), "no line of it is remembered")


class _Rows(Sequence[Row]):
    """Rows that are put into words when somebody looks at them: of thousands of lines a screen shows thirty."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = tuple(lines)

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        return _row(self._lines[place]) if isinstance(place, int) else _Rows(self._lines[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rows) and self._lines == other._lines

    def __hash__(self) -> int:
        return hash(len(self._lines))


def _lived(line: Line) -> Row:
    """A line of an order's life, with what it is about: times to the millisecond, quantities and prices."""
    stamp, event, said = _row(line).cells
    own = "status" in line
    moment = str(line.get("ts", ""))[11:23]
    filled = f"{amount(line.get('filled'))}/{amount(line.get('order_quantity', line.get('quantity')))}" if own else ""
    level = line.get("price") or line.get("limit") or line.get("stop") or line.get("average_price")
    status = clean(line["status"]).lower().replace("_", " ") if own else ""
    return Row(
        str(line.get("ts", "")),
        (
            (clean(moment), stamp[1]),
            (status, "strong"),
            (filled, ""),
            (price(level) if level is not None else "", ""),
            event,
            said,
        ),
    )


def _row(line: Line) -> Row:
    level = str(line.get("level", "INFO"))
    event = str(line.get("event", ""))
    fields = {name: value for name, value in line.items() if name not in ("ts", "level", "event")}
    said = clean(as_words(LogRecord(_EPOCH, level, event, fields), details=False))
    mark = "" if level == "INFO" else f"{clean(level)} "
    return Row(
        str(line.get("ts", "")),
        ((clock(line.get("ts")), "dim"), (clean(event), "dim"), (f"{mark}{said}", _STYLES.get(level, ""))),
    )
