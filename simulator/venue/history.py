"""Bars from the ticks that the venue has seen, for historical requests.

Kept by the second, for trades, bids and asks; older seconds are dropped.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

from simulator.model import Bar

__all__ = ["History"]

KEPT = 4 * 86_400  # seconds with a tick, for each contract and kind

_Second = list[float]
"""[epoch second, open, high, low, close, volume, Σ price × volume, count]"""

_TICKS = {4: "TRADES", 1: "BID", 2: "ASK"}


class History:
    """What was traded and quoted, second by second."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[int, str], deque[_Second]] = {}

    def add(self, con_id: int, tick_type: int, price: float, size: int, time: datetime) -> None:
        """Take in a price tick; other ticks make no bar, nor does a price that means none (0 or −1)."""
        kind = _TICKS.get(tick_type)
        if kind is None or not price > 0:
            return
        series = self._seconds.get((con_id, kind))
        if series is None:
            series = self._seconds[con_id, kind] = deque(maxlen=KEPT)
        second = float(int(time.timestamp()))
        if not series or second > series[-1][0]:
            series.append([second, price, price, price, price, 0, 0.0, 0])
        latest = series[-1]
        latest[2] = max(latest[2], price)
        latest[3] = min(latest[3], price)
        latest[4] = price
        latest[5] += size
        latest[6] += price * size
        latest[7] += 1

    def bars(self, con_id: int, bar_seconds: int, start: datetime, end: datetime, what: str = "TRADES") -> list[Bar]:
        """Return the bars of `[start, end)`, oldest first, on whole multiples of `bar_seconds` since the epoch.

        `what` is TRADES, BID, ASK or MIDPOINT. An interval without a tick has no bar, as at TWS. Only trades have
        volume, average and count; TWS tells −1 for the others. Raises ValueError for another `what`.
        """
        first, last = start.timestamp(), end.timestamp()
        if what == "MIDPOINT":
            bids = self.bars(con_id, bar_seconds, start, end, "BID")
            asks = {bar.time: bar for bar in self.bars(con_id, bar_seconds, start, end, "ASK")}
            return [_middle(bid, asks[bid.time]) for bid in bids if bid.time in asks]
        if what not in _TICKS.values():
            raise ValueError(f"no bars of {what!r}")
        grouped: dict[float, list[_Second]] = {}
        for second in self._seconds.get((con_id, what), ()):
            if first <= second[0] < last:
                grouped.setdefault(second[0] // bar_seconds * bar_seconds, []).append(second)
        return [_bar(begins, seconds, what == "TRADES") for begins, seconds in grouped.items()]


def _bar(begins: float, seconds: list[_Second], traded: bool) -> Bar:
    volume = sum(second[5] for second in seconds)
    close = seconds[-1][4]
    return Bar(
        time=datetime.fromtimestamp(begins, UTC),
        open=seconds[0][1],
        high=max(second[2] for second in seconds),
        low=min(second[3] for second in seconds),
        close=close,
        volume=int(volume) if traded else -1,
        wap=(sum(second[6] for second in seconds) / volume if volume else close) if traded else -1,
        count=int(sum(second[7] for second in seconds)) if traded else -1,
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
