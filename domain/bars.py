"""Bar sizes as TWS names them, and how far back it answers for each."""

from __future__ import annotations

from math import ceil

__all__ = ["BAR_NAMES", "BAR_SECONDS", "duration", "history_for"]

BAR_SECONDS = {
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1200,
    "30 mins": 1800,
    "1 hour": 3600,
    "2 hours": 7200,
    "3 hours": 10800,
    "4 hours": 14400,
    "8 hours": 28800,
    "1 day": 86400,
}
"""bar size by TWS's name → seconds"""

BAR_NAMES = {seconds: name for name, seconds in BAR_SECONDS.items()}
"""seconds → TWS's name"""

_DAY = 86_400
_SESSION = 23_400  # seconds that a stock exchange is open a day
# "Historical data limitations": the longest duration of a request for small bars
_MOST = {5: 3_600, 10: 14_400, 15: 14_400, 30: 28_800, 60: _DAY, 120: 2 * _DAY, 180: 7 * _DAY}


def history_for(bar_seconds: int, bars: int) -> int:
    """Return how many seconds to ask back for so many bars of regular hours, nights and weekends included."""
    if bar_seconds >= _DAY:
        wanted = ceil(bars * 7 / 5) + 4
    else:
        # the day in progress, and as many whole ones as the bars take, with a weekend and a holiday between
        wanted = 1 + ceil(bars * bar_seconds / _SESSION)
        wanted = wanted if wanted <= 1 else wanted + 4
    return min(wanted * _DAY, _MOST.get(bar_seconds, 365 * _DAY))


def duration(seconds: int) -> str:
    """Return a duration as TWS writes it."""
    return f"{seconds} S" if seconds < _DAY else f"{ceil(seconds / _DAY)} D"
