"""How long to wait before the next attempt to connect."""

from __future__ import annotations

from random import Random

__all__ = ["BackOff"]


class BackOff:
    """Doubling pauses up to a limit, each drawn from its upper half, so that clients do not come back in step."""

    def __init__(self, random: Random, *, first: float = 0.25, limit: float = 15.0) -> None:
        """`first` and `limit` are seconds."""
        self._random = random
        self._first = first
        self._limit = limit
        self._next = first

    def pause(self) -> float:
        """Return the seconds to wait now, and lengthen the next pause."""
        pause, self._next = self._next, min(self._next * 2, self._limit)
        return pause * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the first pause."""
        self._next = self._first
