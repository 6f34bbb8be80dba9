"""Where bars begin, and how hours are joined to days, weeks and months of TWS's time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from simulator.model import Bar
from simulator.wire.order_answers import TWS_ZONE

__all__ = ["DAY", "HOUR", "begin_of", "joined"]

HOUR, DAY, WEEK = 3600, 86400, 604800


def begin_of(moment: datetime, seconds: int) -> datetime:
    """Return when the interval of this length that `moment` falls in begins.

    Up to a day, at whole multiples of the length since 1970; a day at midnight in TWS's zone, a week on Monday, a
    month on its first day.
    """
    if seconds < DAY:
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
    local = moment.astimezone(TWS_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    if seconds == WEEK:
        local -= timedelta(days=local.weekday())
    elif seconds > WEEK:
        local = local.replace(day=1)
    return local.astimezone(UTC)


def joined(bars: Iterable[Bar], seconds: int) -> list[Bar]:
    """Return the bars of longer intervals that these make, oldest first as they are."""
    result: list[Bar] = []
    for bar in bars:
        begin = begin_of(bar.time, seconds)
        if result and result[-1].time == begin:
            result[-1] = _both(result[-1], bar)
        else:
            result.append(Bar(begin, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count))
    return result


def _both(first: Bar, second: Bar) -> Bar:
    high, low = max(first.high, second.high), min(first.low, second.low)
    if first.volume < 0:  # of quotes, which have no volume
        return Bar(first.time, first.open, high, low, second.close, first.volume, first.wap, first.count)
    volume = first.volume + second.volume
    turnover = first.wap * first.volume + second.wap * second.volume
    average = turnover / volume if volume else second.wap
    return Bar(first.time, first.open, high, low, second.close, volume, average, first.count + second.count)
