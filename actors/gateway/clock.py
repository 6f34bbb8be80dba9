"""Whether TWS's clock and this machine's agree: what is to happen at a time of day happens by this machine's."""

from __future__ import annotations

from datetime import datetime
from math import inf

from actors.gateway.outlets import Outlets

__all__ = ["ClockWatch"]

_LIMIT = 5.0  # seconds


class ClockWatch:
    """Raises the alarm `clock.apart` while the two are more than five seconds apart, and clears it."""

    def __init__(self, outlets: Outlets) -> None:
        self._outlets = outlets
        # by how much, while the alarm stands; an earlier incarnation may have raised it
        self._said: float | None = inf

    def told(self, seconds: int, took: float, now: datetime) -> None:
        """Take an answer of TWS: whole seconds since 1970, for a round trip that has ended `now`."""
        # it was given at some moment of the round trip, and of the second that it names
        ahead, behind = seconds - now.timestamp(), now.timestamp() - took - (seconds + 1)
        apart = max(ahead, behind, 0.0)
        if apart <= _LIMIT:
            if self._said is not None:
                self._outlets.clear("clock.apart")
            self._said = None
        elif self._said is None or abs(apart - self._said) > _LIMIT:
            self._said = apart
            word = "ahead of" if ahead > behind else "behind"
            self._outlets.alarm("clock.apart", f"TWS's clock is {apart:.0f} s {word} this machine's")
