"""Things to do later, by trio's clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import trio

__all__ = ["Timers"]


class Timers:
    """A queue of calls, each at its time; calls for the same time are made in the order in which they were set."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._wake = trio.Event()

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        """Make the call `seconds` from now; it is not made before `run` runs."""
        heapq.heappush(self._due, (trio.current_time() + seconds, next(self._order), call))
        self._wake.set()

    async def run(self) -> None:
        """Make the calls until cancelled."""
        while True:
            self._wake = trio.Event()
            due = self._due[0][0] if self._due else float("inf")
            with trio.move_on_at(due):
                await self._wake.wait()
            while self._due and self._due[0][0] <= trio.current_time():
                heapq.heappop(self._due)[2]()
