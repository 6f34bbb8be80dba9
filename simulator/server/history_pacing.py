"""How often historical data of small bars may be asked for (IB: "Historical Data Limitations").

Bars of thirty seconds or less, and ticks: no identical request within 15 seconds, fewer than six requests for the same
contract, exchange and kind within two seconds, at most sixty within ten minutes, and BID_ASK counts twice. IB has
lifted this for longer bars. What is refused does not count. The limits are of the user, so of all clients together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from datetime import datetime, timedelta

from attrs import frozen

__all__ = ["SMALL_BAR_SECONDS", "HistoryPacing"]

SMALL_BAR_SECONDS = 30

_IDENTICAL = timedelta(seconds=15)
_SAME_KIND, _MOST_OF_A_KIND = timedelta(seconds=2), 5
_ALL, _MOST = timedelta(minutes=10), 60


@frozen(slots=True)
class _Asked:
    """A request that was answered."""

    at: datetime
    kind: Hashable  # contract, exchange and what to show
    whole: Hashable  # with its span and its bars
    count: int


class HistoryPacing:
    """Counts the requests of the last ten minutes."""

    def __init__(self) -> None:
        self._asked: deque[_Asked] = deque()

    def allows(self, kind: Hashable, whole: Hashable, now: datetime, *, double: bool) -> bool:
        """Count a request, or return False for a pacing violation."""
        asked = self._asked
        while asked and now - asked[0].at >= _ALL:
            asked.popleft()
        count = 2 if double else 1
        if sum(one.count for one in asked) + count > _MOST:
            return False
        if any(one.whole == whole and now - one.at < _IDENTICAL for one in asked):
            return False
        alike = sum(one.count for one in asked if one.kind == kind and now - one.at < _SAME_KIND)
        if alike + count > _MOST_OF_A_KIND:
            return False
        asked.append(_Asked(now, kind, whole, count))
        return True
