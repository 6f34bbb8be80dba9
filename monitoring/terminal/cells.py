"""What tables are made of: columns, rows, cells; and how numbers, times and foreign text are written in them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from attrs import frozen

__all__ = [
    "Cell",
    "Column",
    "Row",
    "Table",
    "age",
    "amount",
    "clean",
    "clock",
    "decimal",
    "distance",
    "money",
    "price",
    "profit",
    "profit_cell",
]

Cell = tuple[str, str]
"""Text and the name of a style: good, bad, warn, dim, strong or nothing. The text alone must say it all."""


@frozen
class Column:
    """`keep`: which columns stay when the room is short, highest first. A `wide` one takes the room that is left,
    and no less than `least`.
    """

    title: str
    keep: int = 9
    right: bool = False
    wide: bool = False
    least: int = 16


@frozen
class Row:
    """One line; `key` names what it is about, and keeps the cursor on it."""

    key: str
    cells: tuple[Cell, ...]


@frozen
class Table:
    """Columns and rows; what to say where there is none."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    empty: str = ""


def clean(text: object) -> str:
    """Return text from outside so that it can command no terminal: what does not print becomes a `·`."""
    written = str(text)
    if written.isprintable():
        return written
    return "".join(character if character.isprintable() else "·" for character in written)


def decimal(value: object) -> Decimal | None:
    """Return a number as the log writes it, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def amount(value: object) -> str:
    """A quantity, without needless zeros."""
    number = decimal(value)
    return "–" if number is None else f"{number.normalize():,f}"


def price(value: object) -> str:
    """A price: two places, four below 1 and where it has them."""
    number = decimal(value)
    if number is None:
        return "–"
    places = number.normalize().as_tuple().exponent
    return f"{number:,.4f}" if abs(number) < 1 or (isinstance(places, int) and places < -2) else f"{number:,.2f}"


def money(value: object) -> str:
    """An amount of money without a sign of its own."""
    number = decimal(value)
    return "–" if number is None else f"{number:,.2f}"


def profit(value: object) -> str:
    """Money won or lost, always signed."""
    number = decimal(value)
    return "–" if number is None else f"{number:+,.2f}"


def profit_cell(value: object) -> Cell:
    """The same with its colour."""
    number = decimal(value)
    return profit(value), "" if not number else "good" if number > 0 else "bad"


def distance(last: object, level: object, side: int) -> Cell:
    """How far the price is from a level, in % of the price: `side` 1 for a level above. Beyond it, it is negative."""
    now, there = decimal(last), decimal(level)
    if now is None or there is None or not now:
        return "–", "dim"
    away = (there - now) / now * 100 * side
    return f"{away:.2f}%", "bad" if away < 0 else "warn" if away < Decimal("0.25") else ""


def clock(moment: object) -> str:
    """The time of day, UTC, of a moment as the log writes it."""
    return clean(moment[11:19]) if isinstance(moment, str) and len(moment) >= 19 else "–"


def age(seconds: float) -> str:
    """A length of time in at most two units."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s" if whole < 600 else f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"
