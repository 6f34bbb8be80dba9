"""The mailbox: messages in order of arrival, and the shortcut that ticks take past it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from actors.runtime.items import Tick

if TYPE_CHECKING:
    from pykka._envelope import Envelope

    from actors.runtime.base import RunQueueActor
    from actors.runtime.dispatcher import Dispatcher

__all__ = ["Gate", "Mailbox"]


class Gate(Enum):
    """What becomes of a message put into a mailbox."""

    OPEN = "open"  # handled
    SUSPENDED = "suspended"  # kept, up to the limit
    CLOSED = "closed"  # refused: a dead letter


class Mailbox(ABC):
    """A queue that belongs to an address, not to an actor: it survives the crash of its reader.

    It is what pykka calls an inbox (`put`, `get`, `empty`). While it is not open it keeps at most `limit` messages;
    open, its length is bounded only by memory, and visible.
    """

    __slots__ = (
        "_direct",
        "deliver",
        "dispatcher",
        "dropped_ticks",
        "gate",
        "limit",
        "queue",
        "reader",
        "scheduled",
        "waiting_since",
    )

    def __init__(self, dispatcher: Dispatcher, limit: int) -> None:
        self.dispatcher = dispatcher
        self.limit = limit
        self.queue: deque[Any] = deque()
        self.gate = Gate.SUSPENDED
        self.reader: RunQueueActor | None = None
        # whether it stands in the dispatcher's run queue, or its messages are being handled
        self.scheduled = False
        self.waiting_since = 0.0
        self.dropped_ticks = 0
        # Where a tick goes now: straight into the reader's on_tick while nothing is queued before it, else into the
        # queue. Publishing costs one attribute and one call; all the rest is decided when the state changes.
        self.deliver: Callable[[int, float, float], None] = self.queue_tick
        self._direct: Callable[[int, float, float], None] = self.queue_tick

    @abstractmethod
    def refuse(self, item: Any, reason: str) -> None:
        """Record `item` as a dead letter."""

    def put(self, item: Envelope[Any], /) -> None:
        """Append a message, from any thread."""
        self.post(item)

    def post(self, item: Any) -> None:
        """Append a message, from any thread. Messages of one thread are handled in the order in which it put them."""
        dispatcher = self.dispatcher
        if threading.get_ident() != dispatcher.thread:
            dispatcher.post_from_thread(self, item)
        elif self.gate is Gate.OPEN:
            self.queue.append(item)
            if not self.scheduled:
                self._schedule()
        else:
            self._hold(item)

    def queue_tick(self, kind: int, price: float, size: float) -> None:
        """Append a tick. One that cannot be kept is counted in `dropped_ticks`: there may be thousands a second."""
        if self.gate is Gate.OPEN:
            self.queue.append(Tick(kind, price, size))
            if not self.scheduled:
                self._schedule()
        else:
            self._hold(Tick(kind, price, size))

    def get(self) -> Any:
        """Take the oldest message out."""
        return self.queue.popleft()

    def empty(self) -> bool:
        """Whether no message waits."""
        return not self.queue

    def open(self, reader: RunQueueActor) -> None:
        """Let the dispatcher hand the messages, those kept included, to `reader`."""
        self.reader = reader
        self.gate = Gate.OPEN
        self._direct = getattr(reader, "on_tick", self.queue_tick)
        if self.queue:
            if not self.scheduled:
                self._schedule()
        elif not self.scheduled:
            self.deliver = self._direct

    def suspend(self) -> None:
        """Keep what comes from now on until the next `open`."""
        self.gate = Gate.SUSPENDED
        self.reader = None
        self.deliver = self._direct = self.queue_tick

    def close(self, reason: str) -> None:
        """Refuse what waits and what comes from now on; ticks are counted in `dropped_ticks`, as ever."""
        self.suspend()
        self.gate = Gate.CLOSED
        waiting = list(self.queue)
        self.queue.clear()
        for item in waiting:
            if item.__class__ is Tick:
                self.dropped_ticks += 1
            else:
                self.refuse(item, reason)

    def reopen(self) -> None:
        """Keep messages again after `close`: a new actor is on its way."""
        if self.gate is Gate.CLOSED:
            self.suspend()

    def drained(self) -> None:
        """The dispatcher's word that it has handled everything: ticks may go straight in again."""
        self.scheduled = False
        if self.gate is Gate.OPEN:
            self.deliver = self._direct

    def _schedule(self) -> None:
        self.scheduled = True
        self.deliver = self.queue_tick
        dispatcher = self.dispatcher
        self.waiting_since = dispatcher.clock()
        dispatcher.ready.append(self)
        if dispatcher.parked:
            dispatcher.wake()

    def _hold(self, item: Any) -> None:
        if item.__class__ is Tick:
            # half of the room is for messages, which matter more
            if self.gate is Gate.SUSPENDED and len(self.queue) < self.limit // 2:
                self._keep(item)
            else:
                self.dropped_ticks += 1
        elif self.gate is Gate.CLOSED:
            self.refuse(item, "the actor has stopped for good")
        elif len(self.queue) >= self.limit:
            self.refuse(item, f"the actor is not running and {self.limit} messages wait for it")
        else:
            self._keep(item)

    def _keep(self, item: Any) -> None:
        if not self.queue:
            self.waiting_since = self.dispatcher.clock()
        self.queue.append(item)
