"""How often is too often."""

from __future__ import annotations

from collections import deque

__all__ = ["RestartWindow"]


class RestartWindow:
    """Counts restarts within the last `period` seconds."""

    __slots__ = ("_instants", "period")

    def __init__(self, period: float) -> None:
        self.period = period
        self._instants: deque[float] = deque()

    def record(self, now: float) -> int:
        """Count one at `now`, and return how many there were in the period that ends now."""
        self._instants.append(now)
        while self._instants[0] <= now - self.period:
            self._instants.popleft()
        return len(self._instants)

    def clear(self) -> None:
        """Forget all."""
        self._instants.clear()
