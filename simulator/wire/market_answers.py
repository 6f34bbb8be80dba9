"""Messages of market data and history.

At version 157 sizes, volumes and counts must be whole numbers: ibapi 9.81.1 ends its reader at `100.5`.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.model import Bar
from simulator.wire.fields import encode
from simulator.wire.framing import frame
from simulator.wire.session_answers import Fields

DatedBar = tuple[str, Bar]
"""A bar and its date as the client asked for it: text, or seconds since 1970."""


def tick_price(req_id: int, tick_type: int, price: float, size: int, mask: int = 0) -> Fields:
    """A price with its size."""
    return [1, 6, req_id, tick_type, price, size, mask]


def tick_size(req_id: int, tick_type: int, size: int) -> Fields:
    """A size."""
    return [2, 6, req_id, tick_type, size]


def tick_price_frame(req_id: int, tick_type: int, price: float, size: int, mask: int) -> bytes:
    """The frame of `tick_price`, written directly: there are more of these than of all other messages."""
    written = repr(price)
    if "e" in written or "n" in written:  # an exponent, NaN or infinity
        return encode(tick_price(req_id, tick_type, price, size, mask))
    return frame(f"1\0006\0{req_id}\0{tick_type}\0{written}\0{size}\0{mask}\0".encode())


def tick_size_frame(req_id: int, tick_type: int, size: int) -> bytes:
    """The frame of `tick_size`, written directly."""
    return frame(f"2\0006\0{req_id}\0{tick_type}\0{size}\0".encode())


def tick_generic(req_id: int, tick_type: int, value: float) -> Fields:
    """A number, such as halted (49)."""
    return [45, 6, req_id, tick_type, value]


def tick_string(req_id: int, tick_type: int, value: str) -> Fields:
    """A text, such as the last trade's time (45)."""
    return [46, 6, req_id, tick_type, value]


def market_data_type(req_id: int, kind: int) -> Fields:
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return [58, 1, req_id, kind]


def tick_req_params(req_id: int, min_tick: object, exchange: str, snapshot: int) -> Fields:
    """The tick and the map of exchanges of a subscription."""
    return [81, req_id, min_tick, exchange, snapshot]


def tick_snapshot_end(req_id: int) -> Fields:
    """The snapshot is complete."""
    return [57, 1, req_id]


def tick_by_tick_last(req_id: int, kind: int, epoch: int, price: float, size: int, exchange: str) -> Fields:
    """A trade; kind 1 Last, 2 AllLast."""
    return [99, req_id, kind, epoch, price, size, 0, exchange, ""]


def tick_by_tick_quote(req_id: int, epoch: int, bid: float, ask: float, bid_size: int, ask_size: int) -> Fields:
    """A change of bid or ask."""
    return [99, req_id, 3, epoch, bid, ask, bid_size, ask_size, 0]


def tick_by_tick_midpoint(req_id: int, epoch: int, price: float) -> Fields:
    """A change of the midpoint."""
    return [99, req_id, 4, epoch, price]


def real_time_bar(req_id: int, epoch: int, bar: Bar) -> Fields:
    """Five seconds."""
    fields: Fields = [50, 3, req_id, epoch, bar.open, bar.high, bar.low, bar.close]
    return [*fields, bar.volume, bar.wap, bar.count]


def historical_data(req_id: int, start: str, end: str, bars: Iterable[DatedBar]) -> Fields:
    """All bars of a request; their end is implied."""
    rows = [
        value
        for date, bar in bars
        for value in (date, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count)
    ]
    return [17, req_id, start, end, len(rows) // 8, *rows]


def historical_schedule(
    req_id: int, start: str, end: str, time_zone: str, sessions: Iterable[tuple[str, str, str]]
) -> Fields:
    """Trading sessions: when each begins and ends, and its date. Since version 165."""
    rows = [value for session in sessions for value in session]
    return [106, req_id, start, end, time_zone, len(rows) // 3, *rows]


def historical_data_update(req_id: int, date: str, bar: Bar) -> Fields:
    """The bar in progress; note the order close, high, low."""
    fields: Fields = [90, req_id, bar.count, date, bar.open, bar.close, bar.high, bar.low]
    return [*fields, bar.wap, bar.volume]


def historical_ticks(req_id: int, rows: Iterable[tuple[int, float]]) -> Fields:
    """Midpoints: (epoch, price)."""
    listed = list(rows)
    values = [value for epoch, price in listed for value in (epoch, 0, price, 0)]
    return [96, req_id, len(listed), *values, 1]


def historical_ticks_quote(req_id: int, rows: Iterable[tuple[int, float, float, int, int]]) -> Fields:
    """Quotes: (epoch, bid, ask, bid size, ask size)."""
    listed = list(rows)
    values = [value for epoch, *rest in listed for value in (epoch, 0, *rest)]
    return [97, req_id, len(listed), *values, 1]


def historical_ticks_last(req_id: int, rows: Iterable[tuple[int, float, int, str]]) -> Fields:
    """Trades: (epoch, price, size, exchange)."""
    listed = list(rows)
    values = [value for epoch, *rest in listed for value in (epoch, 0, *rest, "")]
    return [98, req_id, len(listed), *values, 1]


def head_timestamp(req_id: int, date: str) -> Fields:
    """Where the data of a contract begin."""
    return [88, req_id, date]
