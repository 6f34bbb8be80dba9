"""The rate of messages that TWS allows a client: 50 a second, then error 100, then the end of the link."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from enum import Enum

from attrs import frozen

__all__ = ["Pacing", "PacingLimits", "Verdict"]

_SECOND = timedelta(seconds=1)


class Verdict(Enum):
    """What happens to a message."""

    TAKEN = "taken"
    REFUSED = "refused"
    LAST_STRAW = "last straw"  # refused, and the link ends


@frozen(slots=True)
class PacingLimits:
    """`per_second` 0 switches the limit off, and with it that of historical requests.

    IB says only that the link is closed "eventually", so that many seconds with a breach are a parameter.
    """

    per_second: int = 50  # messages of one client
    breaches: int = 3


class Pacing:
    """Counts one client's messages over the last second."""

    def __init__(self, limits: PacingLimits) -> None:
        self._limits = limits
        self._times: deque[datetime] = deque()
        self._breached: datetime | None = None
        self._breaches = 0

    def count(self, now: datetime) -> Verdict:
        """Count a message that arrived at `now`. All that is refused within a second is one breach."""
        limit = self._limits.per_second
        if not limit:
            return Verdict.TAKEN
        times = self._times
        while times and now - times[0] >= _SECOND:
            times.popleft()
        if len(times) < limit:
            times.append(now)
            return Verdict.TAKEN
        if self._breached is None or now - self._breached >= _SECOND:
            self._breached = now
            self._breaches += 1
            if self._breaches >= self._limits.breaches:
                return Verdict.LAST_STRAW
        return Verdict.REFUSED
