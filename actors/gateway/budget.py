"""How many messages a second may be written."""

from __future__ import annotations

from collections import deque

__all__ = ["RateBudget"]

_WINDOW = 1.0


class RateBudget:
    """At most `limit` messages in any window of one second.

    TWS accepts 50 messages a second and in the end hangs up on who sends more (INC-39). A bucket of tokens would let a
    full bucket and its refill through within one second; counting the window does not. Instants are trio's.
    """

    def __init__(self, limit: int) -> None:
        """Raises ValueError for a limit below 1."""
        if limit < 1:
            raise ValueError(f"a budget needs at least one message a second, not {limit}")
        self.limit = limit
        # When each message of the window leaves it. The instant itself is kept and compared, never a difference:
        # whoever sleeps until it and finds it a rounding error away would sleep for ever in virtual time.
        self._leaves: deque[float] = deque()

    def available(self, now: float) -> int:
        """Return how many messages may be written now; never negative."""
        self._forget(now)
        return max(0, self.limit - len(self._leaves))

    def when(self, count: int, now: float) -> float:
        """Return the instant at which `count` messages may be written: `now`, or later. A count above the limit is
        taken for the limit, so that a unit larger than a second's budget leaves in the end."""
        self._forget(now)
        excess = min(count, self.limit) + len(self._leaves) - self.limit
        return now if excess <= 0 else self._leaves[excess - 1]

    def spend(self, count: int, now: float) -> None:
        """Count messages that were written, whether or not they were within the budget."""
        self._leaves.extend([now + _WINDOW] * count)

    def _forget(self, now: float) -> None:
        while self._leaves and self._leaves[0] <= now:
            self._leaves.popleft()
