"""Bars for historical requests: from the ticks that the venue has seen, and from the past that the feed knows of.

Of the ticks seen, the last hour or so is kept by the second, what is older by the minute, five days in all, packed into
arrays: some 70 contracts ticking around the clock stay below 150 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from simulator.model import Bar
from simulator.past import BAR_KINDS, NO_PAST, Past, Row

__all__ = ["History"]

SECONDS_KEPT = 3_600  # seconds with a tick, for each contract and kind; up to half as many more before they are folded
MINUTES_KEPT = 5 * 1_440
MINUTE, HOUR = 60, 3_600

_WIDTH = 8

_TICKS = {4: "TRADES", 1: "BID", 2: "ASK"}


class History:
    """What was traded and quoted."""

    def __init__(self, past: Callable[[int], Past] = lambda con_id: NO_PAST) -> None:
        """`past` returns a contract's past; it is asked once, when somebody first asks for bars of the contract."""
        self._series: dict[tuple[int, str], _Series] = {}
        self._past_of = past
        self._pasts: dict[int, _PastSeries] = {}
        self._time: datetime | None = None  # of the last tick; all of one batch share it
        self._second = 0.0

    def add(self, con_id: int, tick_type: int, price: float, size: int, time: datetime) -> None:
        """Take in a price tick; other ticks make no bar, nor does a price that means none (0 or −1)."""
        kind = _TICKS.get(tick_type)
        if kind is None or not price > 0:
            return
        series = self._series.get((con_id, kind))
        if series is None:
            series = self._series[con_id, kind] = _Series()
        if time is not self._time:
            self._time, self._second = time, float(int(time.timestamp()))
        series.add(self._second, price, size)

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
        first, last = start.timestamp(), end.timestamp()
        merged: list[Row] = []
        for row in self._rows(con_id, what, bar_seconds):
            if first <= row[0] < last:
                _merge(merged, row, bar_seconds)
        return [_bar(row, what == "TRADES") for row in merged]

    def begins(self, con_id: int, what: str) -> datetime | None:
        """Return when the oldest bar of a kind begins, None if there is none. Raises ValueError for another `what`."""
        kinds = ("BID", "ASK") if what == "MIDPOINT" else (what,)
        firsts = [next(self._rows(con_id, kind, HOUR), None) for kind in kinds]
        known = [row[0] for row in firsts if row is not None]
        return datetime.fromtimestamp(max(known), UTC) if len(known) == len(kinds) else None

    def _rows(self, con_id: int, what: str, bar_seconds: int) -> Iterator[Row]:
        if what not in BAR_KINDS:
            raise ValueError(f"no bars of {what!r}")
        past = self._pasts.get(con_id)
        if past is None:
            past = self._pasts[con_id] = _PastSeries(self._past_of(con_id))
        yield from past.rows(what, bar_seconds)
        series = self._series.get((con_id, what))
        if series is not None:
            yield from series.rows(by_minute=bar_seconds % MINUTE == 0)


class _PastSeries:
    """One contract's past."""

    def __init__(self, past: Past) -> None:
        self._bars = past.bars
        self._series = {kind: _Series() for kind in BAR_KINDS}
        for tick in past.ticks:
            kind = _TICKS.get(tick.tick_type)
            if kind is not None and tick.price > 0:
                self._series[kind].add(float(int(tick.time.timestamp())), tick.price, tick.size)

    def rows(self, what: str, bar_seconds: int) -> Iterator[Row]:
        """Return the rows that bars of this length can be made of, oldest first."""
        for resolution in (HOUR, MINUTE):
            if bar_seconds % resolution == 0:
                yield from self._bars(what, resolution)
        yield from self._series[what].rows(by_minute=bar_seconds % MINUTE == 0)


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

    def rows(self, by_minute: bool) -> Iterator[Row]:
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


def _rows(packed: array[float]) -> Iterator[Row]:
    for at in range(0, len(packed), _WIDTH):
        yield tuple(packed[at : at + _WIDTH])


def _merge(merged: list[Row], row: Row, seconds: int) -> None:
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


def _bar(row: Row, traded: bool) -> Bar:
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
