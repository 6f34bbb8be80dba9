"""Bars from the ticks that the venue has seen, for historical requests.

The last hour or so is kept by the second, what is older by the minute, five days in all, packed into arrays: some 70
contracts ticking around the clock stay below 150 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime

from simulator.model import Bar

__all__ = ["History"]

SECONDS_KEPT = 3_600  # seconds with a tick, for each contract and kind; up to half as many more before they are folded
MINUTES_KEPT = 5 * 1_440
MINUTE = 60

_Row = tuple[float, ...]
"""epoch second, open, high, low, close, volume, Σ price × volume, count"""
_WIDTH = 8

_TICKS = {4: "TRADES", 1: "BID", 2: "ASK"}


class History:
    """What was traded and quoted."""

    def __init__(self) -> None:
        self._series: dict[tuple[int, str], _Series] = {}

    def add(self, con_id: int, tick_type: int, price: float, size: int, time: datetime) -> None:
        """Take in a price tick; other ticks make no bar, nor does a price that means none (0 or −1)."""
        kind = _TICKS.get(tick_type)
        if kind is None or not price > 0:
            return
        series = self._series.get((con_id, kind))
        if series is None:
            series = self._series[con_id, kind] = _Series()
        series.add(float(int(time.timestamp())), price, size)

    def bars(self, con_id: int, bar_seconds: int, start: datetime, end: datetime, what: str = "TRADES") -> list[Bar]:
        """Return the bars of `[start, end)`, oldest first, on whole multiples of `bar_seconds` since the epoch.

        `what` is TRADES, BID, ASK or MIDPOINT. An interval without a tick has no bar, as at TWS; bars that are not of
        whole minutes reach back about an hour. Only trades have volume, average and count; TWS tells −1 for the others.
        Raises ValueError for another `what`.
        """
        if what == "MIDPOINT":
            bids = self.bars(con_id, bar_seconds, start, end, "BID")
            asks = {bar.time: bar for bar in self.bars(con_id, bar_seconds, start, end, "ASK")}
            return [_middle(bid, asks[bid.time]) for bid in bids if bid.time in asks]
        if what not in _TICKS.values():
            raise ValueError(f"no bars of {what!r}")
        series = self._series.get((con_id, what))
        first, last = start.timestamp(), end.timestamp()
        merged: list[_Row] = []
        for row in series.rows(by_minute=bar_seconds % MINUTE == 0) if series is not None else ():
            if first <= row[0] < last:
                _merge(merged, row, bar_seconds)
        return [_bar(row, what == "TRADES") for row in merged]


class _Series:
    """One kind of price of one contract."""

    __slots__ = ("_minutes", "_seconds")

    def __init__(self) -> None:
        self._seconds = array("d")
        self._minutes = array("d")

    def add(self, second: float, price: float, size: int) -> None:
        rows = self._seconds
        if not rows or second > rows[-_WIDTH]:
            if len(rows) > SECONDS_KEPT * 3 // 2 * _WIDTH:
                self._fold()
                rows = self._seconds
            rows.extend((second, price, price, price, price, size, price * size, 1.0))
            return
        if price > rows[-6]:
            rows[-6] = price
        if price < rows[-5]:
            rows[-5] = price
        rows[-4] = price
        rows[-3] += size
        rows[-2] += price * size
        rows[-1] += 1

    def rows(self, by_minute: bool) -> Iterator[_Row]:
        """Return the rows, oldest first; those of minutes only where they can be used."""
        if by_minute:
            yield from _rows(self._minutes)
        yield from _rows(self._seconds)

    def _fold(self) -> None:
        rows = list(_rows(self._seconds))
        # whole minutes only, so that none is told in two parts
        limit = rows[-SECONDS_KEPT][0] // MINUTE * MINUTE
        old = [row for row in rows if row[0] < limit]
        merged = list(_rows(self._minutes))
        for row in old:
            _merge(merged, row, MINUTE)
        self._minutes = array("d", (value for row in merged[-MINUTES_KEPT:] for value in row))
        del self._seconds[: len(old) * _WIDTH]


def _rows(packed: array[float]) -> Iterator[_Row]:
    for at in range(0, len(packed), _WIDTH):
        yield tuple(packed[at : at + _WIDTH])


def _merge(merged: list[_Row], row: _Row, seconds: int) -> None:
    """Add a row to the interval of so many seconds in which it lies: the last one, or a new one."""
    second, opens, high, low, close, volume, value, count = row
    begins = second // seconds * seconds
    if not merged or merged[-1][0] != begins:
        merged.append((begins, opens, high, low, close, volume, value, count))
        return
    _, first, highest, lowest, _, volume_before, value_before, count_before = merged[-1]
    merged[-1] = (
        begins,
        first,
        max(highest, high),
        min(lowest, low),
        close,
        volume_before + volume,
        value_before + value,
        count_before + count,
    )


def _bar(row: _Row, traded: bool) -> Bar:
    begins, opens, high, low, close, volume, value, count = row
    return Bar(
        time=datetime.fromtimestamp(begins, UTC),
        open=opens,
        high=high,
        low=low,
        close=close,
        volume=int(volume) if traded else -1,
        wap=(value / volume if volume else close) if traded else -1,
        count=int(count) if traded else -1,
    )


def _middle(bid: Bar, ask: Bar) -> Bar:
    return Bar(
        time=bid.time,
        open=(bid.open + ask.open) / 2,
        high=(bid.high + ask.high) / 2,
        low=(bid.low + ask.low) / 2,
        close=(bid.close + ask.close) / 2,
        volume=-1,
        wap=-1,
        count=-1,
    )
