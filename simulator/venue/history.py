"""Bars for historical requests: from the ticks that the venue has seen, and from the past that the feed knows of.

Of the ticks seen, the last hour or so is kept by the second, what is older by the minute, five days in all, packed into
arrays: some 70 contracts ticking around the clock stay below 150 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from simulator.model import Bar
from simulator.past import BAR_KINDS, NO_PAST, Past, Row

__all__ = ["History"]

SECONDS_KEPT = 3_600  # seconds with a tick, for each contract and kind; up to half as many more before they are folded
MINUTES_KEPT = 5 * 1_440
MINUTE, HOUR = 60, 3_600

_WIDTH = 8

Hours = tuple[float, float]
"""when an exchange opens and closes, in seconds since 1970"""

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

    def bars(
        self,
        con_id: int,
        bar_seconds: int,
        start: datetime,
        end: datetime,
        what: str = "TRADES",
        hours: Sequence[Hours] | None = None,
    ) -> list[Bar]:
        """Return the bars of `[start, end)`, oldest first, on whole multiples of `bar_seconds` since the epoch.

        `what` is TRADES, BID, ASK, MIDPOINT or BID_ASK: its open is the average bid, its close the average ask, its
        high the highest ask, its low the lowest bid. With `hours`, oldest first, only what lies in them counts, and no
        bar begins before they do; of an hour from before the feed it is enough that it overlaps.
        An interval without a tick has no bar, as at TWS; bars that are not of whole minutes reach back about an hour.
        Only trades have volume, average and count; TWS tells −1 for the others. Raises ValueError for another `what`.
        """
        if what == "MIDPOINT":
            bids = self.bars(con_id, bar_seconds, start, end, "BID", hours)
            asks = {bar.time: bar for bar in self.bars(con_id, bar_seconds, start, end, "ASK", hours)}
            return [_middle(bid, asks[bid.time]) for bid in bids if bid.time in asks]
        first, last = start.timestamp(), end.timestamp()
        if what == "BID_ASK":
            return self._both_sides(con_id, bar_seconds, first, last, hours)
        merged: list[Row] = []
        for row, opens in self._rows(con_id, what, bar_seconds, hours):
            if first <= row[0] < last:
                _merge(merged, row, bar_seconds, opens)
        return [_bar(row, what == "TRADES") for row in merged]

    def _both_sides(
        self, con_id: int, bar_seconds: int, first: float, last: float, hours: Sequence[Hours] | None
    ) -> list[Bar]:
        sides: list[dict[float, list[Row]]] = []
        for kind in ("BID", "ASK"):
            rows: dict[float, list[Row]] = {}
            for row, opens in self._rows(con_id, kind, bar_seconds, hours):
                if first <= row[0] < last:
                    rows.setdefault(max(row[0] // bar_seconds * bar_seconds, opens), []).append(row)
            sides.append(rows)
        bids, asks = sides
        return [
            _bar(
                (
                    begins,
                    _average(bids[begins], begins, bar_seconds),
                    max(row[2] for row in asks[begins]),
                    min(row[3] for row in bids[begins]),
                    _average(asks[begins], begins, bar_seconds),
                    *(0.0, 0.0, 0.0),
                ),
                traded=False,
            )
            for begins in bids
            if begins in asks
        ]

    def begins(self, con_id: int, what: str) -> datetime | None:
        """Return when the oldest bar of a kind begins, None if there is none. Raises ValueError for another `what`."""
        kinds = ("BID", "ASK") if what in ("MIDPOINT", "BID_ASK") else (what,)
        firsts = [next(self._rows(con_id, kind, HOUR), None) for kind in kinds]
        known = [found[0][0] for found in firsts if found is not None]
        return datetime.fromtimestamp(max(known), UTC) if len(known) == len(kinds) else None

    def _rows(
        self, con_id: int, what: str, bar_seconds: int, hours: Sequence[Hours] | None = None
    ) -> Iterator[tuple[Row, float]]:
        """Return the rows within `hours`, each with when those began."""
        if what not in BAR_KINDS:
            raise ValueError(f"no bars of {what!r}")
        past = self._pasts.get(con_id)
        if past is None:
            past = self._pasts[con_id] = _PastSeries(self._past_of(con_id))
        for rows, length in past.rows(what, bar_seconds):
            yield from _within(rows, length, hours)
        series = self._series.get((con_id, what))
        if series is not None:
            yield from _within(series.rows(by_minute=bar_seconds % MINUTE == 0), 1, hours)


class _PastSeries:
    """One contract's past."""

    def __init__(self, past: Past) -> None:
        self._bars = past.bars
        self._series = {kind: _Series() for kind in BAR_KINDS}
        for tick in past.ticks:
            kind = _TICKS.get(tick.tick_type)
            if kind is not None and tick.price > 0:
                self._series[kind].add(float(int(tick.time.timestamp())), tick.price, tick.size)

    def rows(self, what: str, bar_seconds: int) -> Iterator[tuple[Iterable[Row], int]]:
        """Return the rows that bars of this length can be made of, oldest first, with what counts as their length.

        What is shorter than an hour lies either inside or outside the hours of an exchange.
        """
        for resolution in (HOUR, MINUTE):
            if bar_seconds % resolution == 0:
                yield self._bars(what, resolution), resolution if resolution == HOUR else 1
        yield self._series[what].rows(by_minute=bar_seconds % MINUTE == 0), 1


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


def _within(rows: Iterable[Row], length: int, hours: Sequence[Hours] | None) -> Iterator[tuple[Row, float]]:
    """Return the rows that overlap the hours, each with when those began; all of them if there are no hours."""
    if hours is None:
        yield from ((row, 0.0) for row in rows)
        return
    spans = iter(hours)
    span = next(spans, None)
    for row in rows:
        while span is not None and span[1] <= row[0]:
            span = next(spans, None)
        if span is None:
            return
        if row[0] + length > span[0]:
            yield row, span[0]


def _average(rows: Sequence[Row], begins: float, seconds: int) -> float:
    """Return the average over the time of one bar: each price stands until the next."""
    total = rows[0][1] * max(rows[0][0] - begins, 0)
    ends = [*(row[0] for row in rows[1:]), max(begins // seconds * seconds + seconds, rows[-1][0] + 1)]
    total += sum(row[4] * (until - max(row[0], begins)) for row, until in zip(rows, ends, strict=True))
    return round(total / (ends[-1] - begins), 6)


def _merge(merged: list[Row], row: Row, seconds: int, earliest: float = 0.0) -> None:
    """Add a row to the interval of so many seconds in which it lies: the last one, or a new one."""
    second, opens, high, low, close, volume, value, count = row
    begins = max(second // seconds * seconds, earliest)
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
