"""Reads a recording from a file: JSON, CSV or Parquet, by the end of its name.

JSON is a list of objects with the columns' names as keys. CSV has a header line and may be packed (`.csv.gz`). Further
columns are left alone.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from simulator.feeds.feed import FeedError
from simulator.feeds.packed import PackedTicks
from simulator.feeds.parquet import parquet_columns, parquet_rows
from simulator.feeds.rows import RowReader, Value
from simulator.model import Contract

__all__ = ["Wanted", "read_file"]

Numbered = Iterator[tuple[str, Sequence[Value]]]
"""Where a row is, and its values."""

_JSON_COLUMNS = ("time", "symbol", "tickType", "price", "size")


class Wanted:
    """Which contracts a file's ticks are of."""

    def __init__(self, find: Callable[[str], Contract], symbol: str = "", otherwise: str = "") -> None:
        """`find` returns a symbol's contract or raises FeedError. With `symbol` only its ticks are read, and a file
        that names no symbols is of it; a JSON file that names none is else of `otherwise`.
        """
        self._find = find
        self._symbol = symbol
        self._otherwise = otherwise
        self.contract = find(symbol) if symbol else None

    def contract_of(self, symbol: str) -> Contract | None:
        """Return the contract of a symbol, None if it is not wanted. Raises FeedError for an unknown one."""
        return self._find(symbol) if self._symbol in ("", symbol) else None

    def default(self, *, may_guess: bool) -> Contract | None:
        """Return what a file without symbols is of, None where that is not known."""
        if self.contract is None and may_guess and self._otherwise:
            return self._find(self._otherwise)
        return self.contract


def read_file(path: Path, wanted: Wanted) -> PackedTicks:
    """Return the ticks of a file. Raises FeedError with the file, the place, the value and what was expected."""
    try:
        columns, rows = _opened(path)
        reader = RowReader(columns, wanted.contract_of, wanted.default(may_guess=_is_json(path)))
    except FeedError as error:
        raise FeedError(f"{path}: {error}") from error
    except OSError as error:
        raise FeedError(f"{path}: {error.strerror or error}") from error
    ticks = PackedTicks()
    place = ""
    try:
        for where, row in rows:
            place = where
            for tick in reader.read(row):
                ticks.append(tick)
    except FeedError as error:
        raise FeedError(f"{path}{place}: {error}") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise FeedError(f"{path}: after {place.strip(': ') or 'the header'}: {error}") from error
    if not ticks:
        raise FeedError(f"{path}: expected at least one tick" + (" of the contract named" if wanted.contract else ""))
    return ticks


def _opened(path: Path) -> tuple[Sequence[str], Numbered]:
    name = path.name.lower()
    if _is_json(path):
        return _json_rows(path)
    if name.endswith((".csv", ".csv.gz")):
        rows = _csv_rows(path)
        return next(rows)[1], rows  # type: ignore[return-value]  # a header has only texts
    if name.endswith((".parquet", ".parq", ".pq")):
        return parquet_columns(path), parquet_rows(path)
    raise FeedError("expected a name that ends in .json, .csv, .csv.gz or .parquet")


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _csv_rows(path: Path) -> Numbered:
    """The header, then the rows; empty lines are left out."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8-sig") as stream:
        lines = csv.reader(stream)
        empty = True
        for row in lines:
            if row:
                yield f":{lines.line_num}", [field.strip() for field in row]
                empty = False
    if empty:
        raise FeedError("expected a header line and at least one tick")


def _json_rows(path: Path) -> tuple[Sequence[str], Numbered]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise FeedError(f"line {error.lineno}: not JSON at column {error.colno}: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise FeedError(f"not UTF-8 text: {error.reason} at byte {error.start}") from error
    if not isinstance(rows, list) or not rows:
        raise FeedError("expected a list of ticks with at least one")
    first = rows[0] if isinstance(rows[0], dict) else {}
    columns = [name for name in _JSON_COLUMNS if name != "symbol" or "symbol" in first]
    return columns, _json_values(rows, columns)


def _json_values(rows: list[object], columns: Sequence[str]) -> Numbered:
    for number, row in enumerate(rows, 1):
        place = f": tick {number}"
        if not isinstance(row, dict):
            yield place, ()
            continue
        missing = next((name for name in columns if name not in row), None)
        if missing is not None:
            raise FeedError(f"tick {number}: {missing} is missing: {json.dumps(row)[:120]}")
        yield place, [row[name] for name in columns]
