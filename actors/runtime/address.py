"""Addresses: the names by which actors are reached, whichever incarnation answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from pykka import ActorDeadError, Future
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from actors.runtime.future import ReplyFuture
from actors.runtime.items import Own
from actors.runtime.mailbox import Gate, Mailbox
from actors.runtime.status import UNSETTLED, ActorState, ActorStatus

if TYPE_CHECKING:
    from actors.runtime.base import RunQueueActor
    from actors.runtime.deadletters import DeadLetterOffice
    from actors.runtime.dispatcher import Dispatcher

__all__ = ["Address", "Watcher"]

# (address, what the actor crashed of, or None where it stopped itself in order)
Watcher: TypeAlias = "Callable[[Address, Exception | None], None]"


class Address(Mailbox):
    """A name such as `position/AAPL`, and the mailbox that goes with it. One object per name and system, for ever.

    Messages told while the actor is down or restarting wait. Told when it has stopped for good or is quarantined they
    become dead letters. All of it may be called from any thread.
    """

    __slots__ = ("_again", "_dead_letters", "_on_first", "_state", "actor", "last_error", "name", "restarts", "watcher")

    def __init__(
        self,
        name: str,
        dispatcher: Dispatcher,
        dead_letters: DeadLetterOffice,
        limit: int,
        on_first: Callable[[Address], None] | None = None,
    ) -> None:
        """`on_first(address)` is called with the first message, if no actor was started before it."""
        super().__init__(dispatcher, limit)
        self._on_first = on_first
        self.name = name
        self.actor: RunQueueActor | None = None
        self.watcher: Watcher | None = None
        self.restarts = 0
        self.last_error = ""
        self._state = ActorState.NEW
        self._dead_letters = dead_letters
        self._again: Any = None  # the message that was put back last

    def __repr__(self) -> str:
        return f"<Address {self.name} {self._state}>"

    @property
    def state(self) -> ActorState:
        """Where the actor behind it is in its life."""
        return self._state

    @property
    def alive(self) -> bool:
        """Whether an actor is there and handles messages."""
        return self.gate is Gate.OPEN

    @property
    def mailbox_length(self) -> int:
        """How many messages wait."""
        return len(self.queue)

    def tell(self, message: Any) -> None:
        """Send a message; nothing comes back, and nothing is raised if there is no actor.

        A handler that raises on it crashes its actor. From other threads, once the dispatcher has ended, this raises
        DispatcherEndedError.
        """
        self.post(message)

    def ask(self, message: Any) -> ReplyFuture[Any]:
        """Send a message and return the future of its answer.

        The future raises what the handler raised, which leaves the actor alive, or pykka.ActorDeadError when the
        message became a dead letter. While the actor restarts it waits: set a time-out on the `await`.
        """
        future: ReplyFuture[Any] = ReplyFuture()
        self.post(Envelope(message, reply_to=future))
        return future

    def _keep(self, item: Any) -> None:
        super()._keep(item)
        if self._on_first is not None:
            on_first, self._on_first = self._on_first, None
            on_first(self)

    def status(self) -> ActorStatus:
        """Return what can be seen of it."""
        waiting = len(self.queue)
        return ActorStatus(
            address=self.name,
            state=self._state,
            restarts=self.restarts,
            mailbox=waiting,
            oldest_seconds=max(0.0, self.dispatcher.clock() - self.waiting_since) if waiting else 0.0,
            dropped_ticks=self.dropped_ticks,
            error=self.last_error,
        )

    def put_back(self, message: Any) -> bool:
        """Put a message that crashed its reader before all that wait; False where that has been done before."""
        if message is self._again:
            return False
        self._again = message
        self.queue.appendleft(message)
        return True

    def refuse(self, item: Any, reason: str) -> None:
        """Record a message as a dead letter, and tell who asked. What an actor told itself just ends with it."""
        message: Any
        reply_to: Future[Any] | None
        message, reply_to = (item.message, item.reply_to) if item.__class__ is Envelope else (item, None)
        if message.__class__ is Own:
            return
        if message.__class__ is _ActorStop:
            # asked to stop, and it has: pykka's answer
            if reply_to is not None:
                reply_to.set(None)
            return
        self._dead_letters.record(self.name, message, reason)
        if reply_to is not None:
            error = ActorDeadError(f"{self.name}: {reason}")
            reply_to.set_exception((ActorDeadError, error, None))

    def drop_stops(self) -> None:
        """Answer pykka's requests to stop that still wait: they were meant for the incarnation that has just ended."""
        stops = [item for item in self.queue if item.__class__ is Envelope and item.message.__class__ is _ActorStop]
        for item in stops:
            self.queue.remove(item)
            self.refuse(item, "the actor has stopped")

    def reopen(self) -> None:
        """Keep messages again: a new actor is on its way."""
        super().reopen()
        self.enter(ActorState.STARTING)

    def enter(self, state: ActorState) -> None:
        """Note the next state. For the life cycle alone."""
        self._on_first = None
        self.dispatcher.settle((state in UNSETTLED) - (self._state in UNSETTLED))
        self._state = state
