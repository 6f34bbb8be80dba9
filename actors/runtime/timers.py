"""Timers of all actors: one heap, one trio task."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

import trio

from config.clock import Alarm

__all__ = ["Timer", "Timers"]


RESOLUTION = 1e-6
"""Seconds; a timer that is set for less, but not for at once, waits so long."""


class Timer:
    """A pending call. `cancel()` makes it never fire (again); calling it twice does no harm."""

    __slots__ = ("_fire", "_timers", "deadline", "interval", "queued")

    def __init__(self, timers: Timers, deadline: float, interval: float | None, fire: Callable[[], bool]) -> None:
        self._timers = timers
        self._fire: Callable[[], bool] | None = fire
        self.deadline = deadline
        self.interval = interval
        self.queued = False  # whether it stands in the heap

    @property
    def active(self) -> bool:
        """Whether it will still fire."""
        return self._fire is not None

    def cancel(self) -> None:
        """Never fire again."""
        if self._fire is not None:
            self._fire = None
            if self.queued:
                self._timers.cancelled()

    def fire(self, now: float) -> bool:
        """Fire; return whether it is to fire again, with the deadline set: late by several intervals, it fires once."""
        if self._fire is None:
            return False
        wanted = self._fire()
        if self.interval is None or not wanted:
            self._fire = None
        elif self._fire is not None:
            missed = max(0, math.floor((now - self.deadline) / self.interval))
            self.deadline += (missed + 1) * self.interval
        return self._fire is not None


class Timers:
    """Fires callbacks at instants of trio's clock; those of one instant in the order in which they were set."""

    def __init__(self) -> None:
        # (deadline, number, timer): the number keeps the order of equal deadlines
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = 0
        self._dead = 0
        self._sleep = Alarm()

    def __len__(self) -> int:
        return len(self._heap) - self._dead

    def add(self, seconds: float, fire: Callable[[], bool], interval: float | None = None) -> Timer:
        """Call `fire` in `seconds` (0: at once, else at least RESOLUTION), then each `interval` while it returns True.

        Raises ValueError.
        """
        if not seconds >= 0 or (interval is not None and not interval >= 0.001):
            raise ValueError(
                f"a timer needs a time from now on and an interval of a millisecond or more, not {seconds}, {interval}"
            )
        # What is left of a wait may round to less than the clock can tell: it would fire in the same instant, for ever.
        wait = max(seconds, RESOLUTION) if seconds else 0.0
        timer = Timer(self, trio.current_time() + wait, interval, fire)
        self._push(timer)
        if timer.deadline < self._sleep.deadline:
            self._sleep.deadline = timer.deadline
        return timer

    def cancelled(self) -> None:
        """Count a cancelled timer; once they are the greater part of the heap they are taken out."""
        self._dead += 1
        if self._dead > 64 and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].active]
            heapq.heapify(self._heap)
            self._dead = 0

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            await trio.lowlevel.checkpoint()
            self._fire_due()
            await self._sleep.until(self._heap[0][0] if self._heap else math.inf)

    def _fire_due(self) -> None:
        now = trio.current_time()
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            timer.queued = False
            if not timer.active:
                self._dead -= 1
            elif timer.fire(now):
                self._push(timer)

    def _push(self, timer: Timer) -> None:
        self._number += 1
        timer.queued = True
        heapq.heappush(self._heap, (timer.deadline, self._number, timer))
