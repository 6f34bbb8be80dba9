"""So many requests a minute."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = ["RateLimit"]

WINDOW = timedelta(minutes=1)


class RateLimit:
    """Lets `limit` requests through in any minute."""

    def __init__(self, limit: int, now: Callable[[], datetime]) -> None:
        self.limit = limit
        self._now = now
        self._times: deque[datetime] = deque()

    def admit(self) -> bool:
        """Count a request; False if it is one too many, which is then not counted."""
        now = self._now()
        while self._times and self._times[0] <= now - WINDOW:
            self._times.popleft()
        if len(self._times) >= self.limit:
            return False
        self._times.append(now)
        return True

    def headers(self) -> dict[str, str]:
        """Return the headers that tell the limit, what is left, and the epoch second when there is more again."""
        resets = self._times[0] + WINDOW if self._times else self._now()
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - len(self._times)),
            "X-RateLimit-Reset": str(math.ceil(resets.timestamp())),
        }
