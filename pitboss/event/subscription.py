"""One handler's own queue: what keeps a slow or failing handler from anybody else."""

from __future__ import annotations

import contextvars
import inspect
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

import trio
from attrs import frozen

from config.logging import log
from messages.event import BaseEvent

__all__ = ["Handler", "Overflow", "Spawn", "Subscriber", "Subscription"]

Handler: TypeAlias = Callable[[Any], Awaitable[object] | object]
Overflow: TypeAlias = Literal["drop_oldest", "drop_newest"]
Spawn: TypeAlias = Callable[[Callable[[], Awaitable[None]]], bool]
"""Runs an async function in the background; False where there is no background any more."""

_SLOW_SECONDS = 0.05  # a sync handler that takes longer keeps everything else in the process waiting


@frozen(slots=True)
class Subscriber:
    """How a subscription stands: `waiting` events are queued; `dropped` ones did not fit into the queue."""

    handler: str
    event_types: tuple[str, ...]
    waiting: int
    delivered: int
    failed: int
    dropped: int


class Subscription:
    """Takes events at once and hands them to its handler one after the other, in order, in a task of its own.

    It is told from inside the actors: `tell` only queues, and never raises.
    """

    def __init__(self, handler: Handler, capacity: int, overflow: Overflow, spawn: Spawn, *, thread: bool) -> None:
        self.handler = handler
        self.event_types: list[type[BaseEvent]] = []
        self._capacity = capacity
        self._overflow = overflow
        self._spawn = spawn
        self._thread = thread
        # the handler sees the context variables of whoever subscribed it
        self._context = contextvars.copy_context()
        self._queue: deque[BaseEvent] = deque()
        self._idle: trio.Event | None = None  # there while a task hands events over
        self._delivered = self._failed = self._dropped = 0
        self._slow = False

    @property
    def name(self) -> str:
        """The handler's name, for the log."""
        return str(getattr(self.handler, "__qualname__", None) or repr(self.handler))

    def state(self) -> Subscriber:
        """Return how it stands."""
        types = tuple(event_type.__name__ for event_type in self.event_types)
        return Subscriber(self.name, types, len(self._queue), self._delivered, self._failed, self._dropped)

    def tell(self, event: BaseEvent) -> None:
        """Queue an event; where the queue is full, drop one by the declared policy, count it and log it."""
        if len(self._queue) >= self._capacity:
            self._drop()
            if self._overflow == "drop_newest":
                return
            self._queue.popleft()
        self._queue.append(event)
        if self._idle is None:
            self._idle = trio.Event()
            if not self._context.run(self._spawn, self._hand_over):
                self._abandon()

    async def idle(self) -> None:
        """Wait until nothing is queued and the handler is not running."""
        while self._idle is not None:
            await self._idle.wait()

    def forget(self) -> None:
        """Drop what is queued for types that are not subscribed to any more."""
        wanted = tuple(self.event_types)
        self._queue = deque(event for event in self._queue if isinstance(event, wanted))

    def _drop(self) -> None:
        self._dropped += 1
        if self._dropped & (self._dropped - 1) == 0:  # the 1st, 2nd, 4th, 8th, …
            log("subscriber.overflow", level="WARNING", handler=self.name, dropped=self._dropped, policy=self._overflow)

    async def _hand_over(self) -> None:
        try:
            while self._queue:
                event = self._queue.popleft()
                try:
                    await self._call(event)
                except Exception as error:  # noqa: BLE001 - a handler may raise anything; the others go on
                    self._failed += 1
                    log(
                        "subscriber.failed",
                        level="ERROR",
                        handler=self.name,
                        event_type=type(event).__name__,
                        error=f"{type(error).__name__}: {error}",
                        traceback="".join(traceback.format_exception(error)),
                    )
                else:
                    self._delivered += 1
                # a handler that never waits leaves room for the others all the same
                await trio.lowlevel.checkpoint()
        finally:
            self._abandon()

    async def _call(self, event: BaseEvent) -> None:
        if self._thread:
            await trio.to_thread.run_sync(self.handler, event)
            return
        began = trio.current_time()
        answer = self.handler(event)
        took = trio.current_time() - began
        if took > _SLOW_SECONDS and not self._slow:
            self._slow = True
            log("subscriber.slow", level="WARNING", handler=self.name, seconds=round(took, 3))
        if inspect.isawaitable(answer):
            await answer

    def _abandon(self) -> None:
        """The task has ended: in order with an empty queue, or because its background did."""
        if self._queue:
            self._dropped += len(self._queue)
            log("subscriber.undelivered", level="WARNING", handler=self.name, events=len(self._queue))
            self._queue.clear()
        if self._idle is not None:
            self._idle.set()
            self._idle = None
