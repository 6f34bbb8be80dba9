"""The actor: a pykka actor that is run by the dispatcher and owned by an address."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

import pykka
import trio
from attrs import frozen

from actors.runtime.future import ReplyFuture
from actors.runtime.items import PYKKA_MESSAGES, Own, Tick
from actors.runtime.tasks import OwnedTasks

if TYPE_CHECKING:
    import threading

    from actors.runtime.address import Address
    from actors.runtime.system import System
    from actors.runtime.timers import Timer
    from config.environment import Environment

__all__ = ["ActorContext", "RunQueueActor", "UnknownMessageError"]


class UnknownMessageError(TypeError):
    """An actor received a message of a kind that it does not handle: a bug of the sender, or of the actor."""


@frozen(slots=True)
class ActorContext:
    """What an actor is given when it is made."""

    system: System
    address: Address

    @property
    def environment(self) -> Environment:
        """Wall clock, random numbers and ids."""
        return self.system.environment


class _Stopped:
    """What pykka keeps a threading.Event for, in a twentieth of its memory. Nobody waits for it."""

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def set(self) -> None:
        self._flag = True


class RunQueueActor(pykka.Actor):
    """An actor whose handlers are run one at a time by the dispatcher. They are synchronous and never block.

    One incarnation runs through: constructor, `on_start`, `prepare`, then the mailbox opens and `on_receive` is called
    with each message until it stops (`on_stop`, `finish`) or crashes (`on_failure`). What raises in the constructor,
    `on_start`, `prepare`, a task or timer of its own, or a handler of a told message is a crash: the supervisor starts
    a new incarnation with the same address and mailbox, and the message that crashed it is a dead letter, unless it is
    `repeatable`. A handler of an asked message answers the asker with the exception and goes on.

    An actor class may define `on_tick(kind: int, price: float, size: float) -> None` to be handed ticks by a direct
    call. pykka's `ActorRef` (`self.actor_ref`: tell, ask, proxy, stop) refers to this incarnation alone; others should
    hold the address.
    """

    becomes_ready: ClassVar[bool] = False
    """Whether it is started only once it has called `self.ready()`: the ones started after it wait for that."""

    repeatable: ClassVar[tuple[type, ...]] = ()
    """Kinds of told messages that the next incarnation is handed once more, before all others, where this one crashed
    over them: what may be handled any number of times, and is said only once."""

    on_tick: Callable[[int, float, float], None]

    address: Address
    system: System
    environment: Environment

    def __init__(self, context: ActorContext) -> None:
        # Not pykka's constructor: it takes a random uuid, which would make two runs of one seed differ, and a queue
        # and an event, which no thread waits for.
        self.address = context.address
        self.system = context.system
        self.environment = context.environment
        self.actor_urn = f"urn:actor:{context.address.name}"
        self.actor_inbox = context.address
        self.actor_stopped: threading.Event = _Stopped()  # type: ignore[assignment]
        self._tasks: OwnedTasks | None = None
        self._promises: dict[ReplyFuture[Any], None] | None = None
        self._ready = not self.becomes_ready
        self._on_ready: Callable[[], None] | None = None
        self._ref: pykka.ActorRef[Any] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("on_start", "on_receive", "on_tick", "on_stop", "on_failure"):
            if inspect.iscoroutinefunction(getattr(cls, name, None)):
                raise TypeError(
                    f"{cls.__qualname__}.{name} must not be async: a handler that needs to wait spawns a task"
                )

    @classmethod
    def start(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not the way to start one: pykka would keep it in its global registry, whose cost grows with each actor."""
        raise TypeError(f"{cls.__qualname__} is started by System.start or by a supervisor")

    @staticmethod
    def _create_actor_inbox() -> NoReturn:
        raise TypeError("the inbox is the address's mailbox, and comes with the context")

    @staticmethod
    def _create_future() -> ReplyFuture[Any]:
        return ReplyFuture()

    def _start_actor_loop(self) -> NoReturn:
        raise TypeError("the dispatcher is the loop of all actors")

    @property
    def actor_ref(self) -> pykka.ActorRef[Self]:
        """pykka's reference to this incarnation."""
        if self._ref is None:
            self._ref = pykka.ActorRef(self)
        return self._ref

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.address.name}"

    async def prepare(self) -> None:
        """Do what takes time before the mailbox opens, such as replaying the journal. By default nothing."""

    async def finish(self) -> None:
        """Do what takes time after the last message, with the owned tasks still running. By default nothing."""

    def on_receive(self, message: Any) -> Any:
        """Handle a message, and return the answer if it may be asked.

        A subclass ends its `match` with `case _: return super().on_receive(message)`. Raises UnknownMessageError.
        """
        raise UnknownMessageError(f"{self} does not handle {type(message).__name__}")

    def repeats(self, message: Any) -> bool:
        """Whether the next incarnation is handed this told message once more, where this one crashed over it."""
        return isinstance(message, self.repeatable)

    def receive_tick(self, tick: Tick) -> None:
        """Handle a tick that had to wait: `on_tick` where the class has one, else `on_receive`."""
        on_tick = getattr(self, "on_tick", None)
        if on_tick is None:
            self.on_receive(tick)
        else:
            on_tick(*tick)

    def describe(self) -> dict[str, Any]:
        """Return its inner state for a dump, as plain values. By default nothing."""
        return {}

    def ready(self) -> None:
        """Say that it is ready, where the class `becomes_ready`; those after it start now. Once is enough."""
        self._ready = True
        if self._on_ready is not None:
            self._on_ready()

    async def wait_ready(self) -> None:
        """Wait until `ready` was called. For the life cycle."""
        if not self._ready:
            called = trio.Event()
            self._on_ready = called.set
            await called.wait()

    def tell_self(self, message: Any) -> None:
        """Put a message into the own mailbox. It ends with this incarnation: a later one never sees it.

        This is how an owned task hands in its results.
        """
        if not self.actor_stopped.is_set():
            self.address.post(Own(self, message))

    def spawn(self, function: Callable[..., Awaitable[Any]], *args: Any, name: str | None = None) -> trio.CancelScope:
        """Run a trio task that this actor owns: it is cancelled when the actor ends, and its failure is a crash.

        Returns the scope that cancels this task alone.
        """
        if self._tasks is None:
            self._tasks = OwnedTasks(self.address.dispatcher, self._task_failed)
        label = name or getattr(function, "__qualname__", repr(function))
        return self._tasks.spawn(function, *args, name=f"{self.address.name}: {label}")

    def after(self, seconds: float, message: Any) -> Timer:
        """Receive `message` in `seconds` of trio's clock, unless this incarnation ends or the timer is cancelled."""
        return self.address.dispatcher.timers.add(seconds, lambda: self._timed(message))

    def every(self, seconds: float, message: Any) -> Timer:
        """Receive `message` each `seconds`, first in `seconds`; intervals that were missed are not made up for."""
        return self.address.dispatcher.timers.add(seconds, lambda: self._timed(message), interval=seconds)

    def promise(self) -> ReplyFuture[Any]:
        """Return a future to answer with later: a handler returns it, and its asker gets what is set on it one day.

        When this incarnation ends first, the asker gets ActorDeadError.
        """
        future: ReplyFuture[Any] = ReplyFuture()
        if self._promises is None:
            self._promises = {}
        promises = self._promises
        promises[future] = None
        future.when_settled(lambda: promises.pop(future, None))
        return future

    def stop(self) -> None:
        """Stop after the messages that wait now. A permanent actor is then started again by its supervisor."""
        self.tell_self(pykka.messages._ActorStop())

    def _handle_receive(self, message: Any) -> Any:
        kind = message.__class__
        if kind is Tick:
            return self.receive_tick(message)
        if kind in PYKKA_MESSAGES:
            return super()._handle_receive(message)
        return self.on_receive(message)

    def _stop(self) -> ReplyFuture[None]:  # type: ignore[override]
        return self.system.lifecycle.begin_stop(self)

    def break_promises(self, error: pykka.ActorDeadError) -> None:
        """Fail what `promise` returned and is still open. For the life cycle."""
        for future in list(self._promises or ()):
            future.fail(error)

    def _timed(self, message: Any) -> bool:
        self.tell_self(message)
        return not self.actor_stopped.is_set()

    def _task_failed(self, error: Exception) -> None:
        self.system.lifecycle.crash(self, None, error)
