"""LEAN's files of US equities: a zip archive for each symbol, day and kind, with one CSV file without a header.

    FOLDER/equity/usa/{tick|second|minute}/{symbol in lower case}/{yyyymmdd}_{trade|quote}.zip
    FOLDER/equity/usa/hour/{symbol in lower case}.zip

    tick trade      time, price, size, exchange, condition, suspicious
    tick quote      time, bid, bid size, ask, ask size, exchange, condition, suspicious        (0: side not told)
    bar trade       time, open, high, low, close, volume
    bar quote       time, bid open, high, low, close, bid size, ask open, high, low, close, ask size
    hour trade      yyyymmdd HH:MM, open, high, low, close, volume

Times are milliseconds since midnight in New York, of bars those of their begin; prices are in ten-thousandths.
(QuantConnect/Lean, Data/equity/readme.md)
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from simulator.feeds.feed import FeedError

__all__ = ["RESOLUTIONS", "SCALE", "ZONE", "days", "hour_rows", "number", "rows", "whole"]

ZONE = ZoneInfo("America/New_York")
SCALE = 10_000
RESOLUTIONS = {"tick": 0.0, "second": 1.0, "minute": 60.0}
"""name → seconds of a bar; the finest first"""

Row = tuple[str, Sequence[str]]
"""where it is, and its fields"""


def days(folder: Path, resolution: str, symbol: str) -> dict[date, dict[str, Path]]:
    """Return day → kind (trade, quote) → archive, in order of time; empty where there are none."""
    found: dict[date, dict[str, Path]] = {}
    for path in sorted((folder / "equity" / "usa" / resolution / symbol.lower()).glob("*_*.zip")):
        day, _, kind = path.stem.partition("_")
        if kind in ("trade", "quote") and len(day) == 8 and day.isdecimal():
            try:
                found.setdefault(date.fromisoformat(day), {})[kind] = path
            except ValueError as error:
                raise FeedError(f"{path}: {day!r} is no date; expected yyyymmdd") from error
    return found


def hour_rows(folder: Path, symbol: str) -> Iterator[tuple[datetime, list[float]]]:
    """Return the beginning of each hour with a trade, and open, high, low, close, volume; none without the file."""
    path = folder / "equity" / "usa" / "hour" / f"{symbol.lower()}.zip"
    if not path.is_file():
        return
    for place, row in rows(path, 6):
        try:
            begin = datetime.strptime(row[0], "%Y%m%d %H:%M").replace(tzinfo=ZONE)
        except ValueError as error:
            raise FeedError(f"{place}: time {row[0]!r}: expected yyyymmdd HH:MM") from error
        names = ("open", "high", "low", "close")
        prices = [number(place, name, row[at], SCALE) for at, name in enumerate(names, 1)]
        yield begin, [*prices, whole(place, "volume", row[5])]


def rows(path: Path, least: int) -> Iterator[Row]:
    """Return the rows of an archive. Raises FeedError for one that cannot be read, or a row of fewer fields."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(members) != 1:
                raise FeedError(f"{path}: {len(members)} CSV files in it, expected one")
            with archive.open(members[0]) as stream:
                lines = csv.reader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
                for row in lines:
                    place = f"{path}!{members[0]}:{lines.line_num}"
                    if row and len(row) < least:
                        raise FeedError(f"{place}: {len(row)} fields, expected {least}")
                    if row:
                        yield place, row
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise FeedError(f"{path}: {error}") from error


def number(place: str, name: str, written: str, scale: float = 1.0) -> float:
    """Read a number and divide it by `scale`. Raises FeedError."""
    try:
        value = float(written)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e15:
        raise FeedError(f"{place}: {name} {written!r}: expected a number, 0 or more")
    return value / scale


def whole(place: str, name: str, written: str) -> int:
    """Read a quantity; LEAN writes some as 100.0. Raises FeedError."""
    return int(number(place, name, written))
