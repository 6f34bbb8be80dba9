"""A virtual clock that jumps, and an alarm by which one task waits for an instant that may be moved.

Under `JumpingClock` hours go by in seconds: as soon as no task can go on, it is the instant for which one waits.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf

import trio

__all__ = ["Alarm", "JumpingClock"]


class JumpingClock(trio.abc.Clock):
    """Time that moves only while nothing else does, and then at once.

    trio's `MockClock(autojump_threshold=0)` tells the same time, but looks at the machine's sockets and threads before
    it jumps, which costs as much as most of what a simulation does in between. So this one is for runs that wait for
    neither, nor for `trio.testing.wait_all_tasks_blocked`.
    """

    def __init__(self) -> None:
        self._now = 0.0
        # (instant, number, alarm): the number keeps the order of equal instants
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._number = 0

    def start_clock(self) -> None:
        """Nothing is to be done."""

    def current_time(self) -> float:
        """Return the seconds since the beginning of the run."""
        return self._now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Jump to the next instant for which anybody waits: no task can go on when this is asked."""
        alarms = self._alarms
        while alarms and alarms[0][1] != alarms[0][2].number:
            heappop(alarms)  # it was moved, or is not waited for any more
        if alarms:
            deadline = min(deadline, alarms[0][0])
        if deadline == inf:
            return inf  # only a signal of the system can help
        self._now = max(self._now, deadline)
        while alarms and alarms[0][0] <= self._now:
            _, number, alarm = heappop(alarms)
            if number == alarm.number:
                alarm.ring()
        return 0.0

    def wake(self, alarm: Alarm, instant: float) -> None:
        """Let the alarm ring then, and not when it was to ring before."""
        self._number += 1
        alarm.number = self._number
        if instant < inf:
            heappush(self._alarms, (instant, self._number, alarm))


class Alarm:
    """What one task waits for: an instant, which others may move meanwhile. Under any clock of trio."""

    __slots__ = ("_clock", "_deadline", "_scope", "_task", "number")

    def __init__(self) -> None:
        self.number = 0  # of what the clock has of it; 0 for nothing
        self._clock: JumpingClock | None = None
        self._deadline = inf
        self._scope: trio.CancelScope | None = None
        self._task: trio.lowlevel.Task | None = None

    @property
    def deadline(self) -> float:
        """The instant (trio's clock) at which the wait ends; to be set only while the task waits, else without effect.

        An instant that has been is as good as now.
        """
        return self._deadline

    @deadline.setter
    def deadline(self, instant: float) -> None:
        if instant == self._deadline:
            return
        self._deadline = instant
        if self._scope is not None:
            self._scope.deadline = instant
        elif self._clock is not None:
            self._clock.wake(self, instant)

    async def until(self, deadline: float) -> None:
        """Wait until then, or until what it is moved to. For one task at a time."""
        self._deadline = deadline
        clock = trio.lowlevel.current_clock()
        if not isinstance(clock, JumpingClock):
            try:
                with trio.CancelScope(deadline=deadline) as self._scope:
                    await trio.sleep_forever()
            finally:
                self._scope = None
            return
        self._task, self._clock = trio.lowlevel.current_task(), clock
        clock.wake(self, deadline)
        try:
            await trio.lowlevel.wait_task_rescheduled(self._abort)
        finally:
            self._clock = None
            self.number = 0  # it may have been moved after it rang: the task waits for something else by now

    def ring(self) -> None:
        """Let the task go on; the clock calls it."""
        self.number = 0
        assert self._task is not None
        trio.lowlevel.reschedule(self._task)

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self.number = 0
        return trio.lowlevel.Abort.SUCCEEDED
