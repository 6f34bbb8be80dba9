"""Where blocking work is done for trio tasks: in a thread, one job at a time; in simulations on the spot."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import outcome
import trio

__all__ = ["Inline", "Place", "Worker"]

T = TypeVar("T")


class Place(Protocol):
    """Does jobs, in the order in which they come."""

    async def run(self, job: Callable[[], T]) -> T:
        """Return what `job` returns, or raise what it raises."""

    def post(self, job: Callable[[], None]) -> None:
        """Have `job` done, and wait for nothing. It must not raise."""

    def end(self) -> None:
        """Give back what it takes, after the jobs that wait."""


class Inline:
    """Does the job within the call: under a virtual clock nothing goes by meanwhile, and no thread may."""

    def __init__(self, name: str) -> None:
        """As `Worker`; the name is nobody's."""

    async def run(self, job: Callable[[], T]) -> T:
        """See `Place.run`."""
        await trio.lowlevel.checkpoint()
        return job()

    def post(self, job: Callable[[], None]) -> None:
        """See `Place.post`."""
        job()

    def end(self) -> None:
        """There is nothing to give back."""


class Worker:
    """One thread of its own: going there and back takes 80 µs, half of what trio's thread pool takes, and what SQLite
    keeps per connection is touched by one thread alone.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], trio.lowlevel.Task | None] | None] = queue.SimpleQueue()
        self._token = trio.lowlevel.current_trio_token()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[], T]) -> T:
        """Return what `job` returns there, or raise what it raises. A cancelled caller still waits for it: work on a
        disk cannot be called back."""
        await trio.lowlevel.checkpoint_if_cancelled()
        self._jobs.put((job, trio.lowlevel.current_task()))
        return cast("T", await trio.lowlevel.wait_task_rescheduled(lambda _: trio.lowlevel.Abort.FAILED))

    def post(self, job: Callable[[], None]) -> None:
        """Have `job` done, and wait for nothing. It must not raise."""
        self._jobs.put((job, None))

    def end(self) -> None:
        """Let the thread end after the jobs that wait."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (next_job := self._jobs.get()) is not None:
            job, task = next_job
            result = outcome.capture(job)
            if task is not None:
                self._token.run_sync_soon(trio.lowlevel.reschedule, task, result)
            else:
                result.unwrap()
            del job, task, next_job, result
