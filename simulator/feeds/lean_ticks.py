"""Ticks from LEAN's files.

A bar becomes four ticks of each price, a quarter of its length apart: open, then low and high (high and low in a bar
that falls), close; so bars made of these ticks are LEAN's again. Suspicious ticks are left out, as in LEAN's own bars.
Where a day has no quotes, the quote is one increment around each trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from heapq import merge
from pathlib import Path

from simulator.contracts import ContractDefinition
from simulator.feeds.feed import FeedError
from simulator.feeds.lean_files import RESOLUTIONS, SCALE, ZONE, number, rows, whole
from simulator.feeds.packed import TimedTick
from simulator.feeds.span import microseconds

__all__ = ["day_ticks"]

_DAY = 86_400_000  # milliseconds
_ROUND_LOT = 100

Found = tuple[int, int, float, int]
"""microseconds since 1970, tick type, price, size"""


def day_ticks(
    definition: ContractDefinition, day: date, files: Mapping[str, Path], resolution: str, close: float | None
) -> Iterator[TimedTick]:
    """Return one contract's ticks of one day; `close` is the last price of the day before, if known.

    Raises FeedError with the file, the line, the value and what was expected.
    """
    length = round(RESOLUTIONS[resolution] * 1e6)
    midnight = microseconds(datetime.combine(day, time(12), ZONE)) - 12 * 3600 * 1_000_000
    trades: Iterator[Found] = iter(())
    quotes: Iterator[Found] = iter(())
    if "trade" in files:
        read = _trade_bars if length else _trade_ticks
        trades = _in_order(files["trade"], read(files["trade"], midnight, length))
    if "quote" in files:
        read = _quote_bars if length else _quote_ticks
        quotes = _changes(_in_order(files["quote"], read(files["quote"], midnight, length)))
        trades = _with_day(trades, close)
    else:
        trades = _with_quotes(_with_day(trades, close), definition)
    for at, tick_type, price, size in merge(quotes, trades, key=lambda found: found[0]):
        yield at, definition.contract, tick_type, price, size


def _at(place: str, written: str, midnight: int) -> int:
    milliseconds = number(place, "time", written)
    if milliseconds >= _DAY:
        raise FeedError(f"{place}: time {written!r}: expected milliseconds since midnight, below {_DAY:,}")
    return midnight + round(milliseconds * 1000)


def _trade_ticks(path: Path, midnight: int, length: int) -> Iterator[Found]:
    for place, row in rows(path, 3):
        at, price = _at(place, row[0], midnight), number(place, "price", row[1], SCALE)
        size = whole(place, "size", row[2])
        if not _suspicious(row, 5) and price:
            yield at, 4, price, size


def _quote_ticks(path: Path, midnight: int, length: int) -> Iterator[Found]:
    for place, row in rows(path, 5):
        at = _at(place, row[0], midnight)
        bid, ask = number(place, "bid", row[1] or "0", SCALE), number(place, "ask", row[3] or "0", SCALE)
        sizes = whole(place, "bid size", row[2] or "0"), whole(place, "ask size", row[4] or "0")
        if not _suspicious(row, 7):
            if bid:
                yield at, 1, bid, sizes[0]
            if ask:
                yield at, 2, ask, sizes[1]


def _suspicious(row: Sequence[str], position: int) -> bool:
    return len(row) > position and row[position].strip().lower() in ("1", "true")


def _trade_bars(path: Path, midnight: int, length: int) -> Iterator[Found]:
    for place, row in rows(path, 6):
        at, prices = _at(place, row[0], midnight), _prices(place, row, 1)
        volume = whole(place, "volume", row[5])
        for number_, price in enumerate(_path(prices, falls=prices[3] < prices[0])):
            size = volume // 4 if number_ < 3 else volume - volume // 4 * 3
            yield at + number_ * length // 4, 4, price, size


def _quote_bars(path: Path, midnight: int, length: int) -> Iterator[Found]:
    for place, row in rows(path, 11):
        at = _at(place, row[0], midnight)
        bids, asks = _prices(place, row, 1), _prices(place, row, 6)
        sizes = whole(place, "bid size", row[5] or "0"), whole(place, "ask size", row[10] or "0")
        falls = bids[3] + asks[3] < bids[0] + asks[0]  # both sides go the same way
        for number_, (bid, ask) in enumerate(zip(_path(bids, falls), _path(asks, falls), strict=True)):
            if bid:
                yield at + number_ * length // 4, 1, bid, sizes[0]
            if ask:
                yield at + number_ * length // 4, 2, ask, sizes[1]


def _prices(place: str, row: Sequence[str], first: int) -> list[float]:
    """Open, high, low, close; all 0 where the side is empty."""
    if not any(row[first : first + 4]):
        return [0.0] * 4
    names = ("open", "high", "low", "close")
    opens, high, low, close = (number(place, name, row[first + at], SCALE) for at, name in enumerate(names))
    if not low <= min(opens, close) <= max(opens, close) <= high:
        raise FeedError(f"{place}: open {opens}, high {high}, low {low}, close {close}: expected low ≤ both ≤ high")
    return [opens, high, low, close]


def _path(prices: list[float], falls: bool) -> tuple[float, float, float, float]:
    opens, high, low, close = prices
    return (opens, high, low, close) if falls else (opens, low, high, close)


def _in_order(path: Path, ticks: Iterator[Found]) -> Iterator[Found]:
    last = 0
    for tick in ticks:
        if tick[0] < last:
            raise FeedError(f"{path}: {_clock(tick[0])} comes after {_clock(last)}; expected rows in order of time")
        last = tick[0]
        yield tick


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, ZONE).strftime("%H:%M:%S.%f")[:-3]


def _changes(quotes: Iterator[Found]) -> Iterator[Found]:
    told: dict[int, tuple[float, int]] = {}
    for at, tick_type, price, size in quotes:
        if told.get(tick_type) != (price, size):
            told[tick_type] = price, size
            yield at, tick_type, price, size


def _with_day(trades: Iterator[Found], close: float | None) -> Iterator[Found]:
    """Add what TWS tells of the day: its open, high, low and volume, and the close of the day before."""
    volume = 0
    for at, tick_type, price, size in trades:
        if not volume:
            for kind in (14, 6, 7):
                yield at, kind, price, 0
            if close is not None:
                yield at, 9, close, 0
        volume += size
        yield at, tick_type, price, size
        yield at, 8, 0.0, volume


def _with_quotes(trades: Iterator[Found], definition: ContractDefinition) -> Iterator[Found]:
    told = 0.0
    for at, tick_type, price, size in trades:
        if tick_type == 4 and price != told:
            told = price
            bid, ask = _around(definition.increment, price)
            shown = max(size, _ROUND_LOT)
            yield at, 1, bid, shown
            yield at, 2, ask, shown
        yield at, tick_type, price, size


def _around(increment: Callable[[Decimal], Decimal], price: float) -> tuple[float, float]:
    exact = Decimal(repr(price))
    step = increment(exact)
    return float(max(exact - step, step)), float(exact + step)
