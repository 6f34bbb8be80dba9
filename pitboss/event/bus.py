"""The event bus for programs: handlers on one side, the system's own bus on the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context

import trio

from actors.bus import EventBus as Routes
from messages.event import BaseEvent
from messages.market import PriceEvent, VolumeEvent
from messages.signal import PredictionSignalEvent
from pitboss.current import find_system
from pitboss.errors import EmitRefusedError
from pitboss.event.subscription import Handler, Overflow, Subscriber, Subscription
from pitboss.system import PitbossSystem

__all__ = ["EventBus"]

_TO_EMIT = (PredictionSignalEvent, PriceEvent, VolumeEvent)


class EventBus:
    """Central event bus for distributing events to subscribers.

    Made inside `async with pitboss.open_system()` it is fed by the system's own bus, and what is emitted on it reaches
    the rules like any other event. Made outside of one it works alone, between the handlers that subscribe to it.

    Each handler has a queue of its own and gets its events in order, one at a time. One that is slow, hangs or raises
    neither delays nor breaks another; what it raises is logged (`subscriber.failed`) and the next event follows. A
    handler may be sync or async. A sync one runs on the thread that trades, so it must not block: give
    `thread=True` for one that does. A queue holds `capacity` events; beyond that one is dropped, the oldest unless
    `overflow="drop_newest"`, counted (`subscribers`) and logged (`subscriber.overflow`).
    """

    def __init__(self, *, capacity: int = 10_000, overflow: Overflow = "drop_oldest") -> None:
        """Bind to the system of the enclosing `async with`, if there is one."""
        if capacity < 1:
            raise ValueError(f"a queue holds at least one event, not {capacity}")
        self._system = find_system()
        self._routes = Routes() if self._system is None else self._system.process.bus
        self._capacity = capacity
        self._overflow: Overflow = overflow
        self._subscriptions: list[Subscription] = []

    @property
    def system(self) -> PitbossSystem | None:
        """The system that feeds it, None for a bus on its own."""
        return self._system

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """How each handler stands, in the order of subscribing."""
        return tuple(subscription.state() for subscription in self._subscriptions)

    async def subscribe(self, event_type: type[BaseEvent], handler: Handler, *, thread: bool = False) -> None:
        """Subscribe to an event type with a handler function.

        Subclasses of the type match. Twice is once: a handler gets each event once, also where several of its types
        match. Its events come in the order in which they happened, over all its types. With `thread` a sync handler
        runs in a worker thread; it must not touch trio then. Raises TypeError and NotRunningError.
        """
        if not (isinstance(event_type, type) and issubclass(event_type, BaseEvent)):
            raise TypeError(f"an event type is a subclass of BaseEvent, not {event_type!r}")
        if not callable(handler):
            raise TypeError(f"a handler is a function, not {handler!r}")
        self._check_running()
        subscription = self._find(handler)
        if subscription is None:
            subscription = Subscription(handler, self._capacity, self._overflow, self._spawn, thread=thread)
            self._subscriptions.append(subscription)
        if event_type not in subscription.event_types:
            subscription.event_types.append(event_type)
            self._routes.subscribe(event_type, subscription)
        await trio.lowlevel.checkpoint()

    async def unsubscribe(self, event_type: type[BaseEvent], handler: Handler) -> None:
        """Unsubscribe a handler from an event type; what is queued for it is not delivered any more.

        A call of the handler that runs already goes on to its end. Raises ValueError where there is no such
        subscription.
        """
        subscription = self._find(handler)
        if subscription is None or event_type not in subscription.event_types:
            raise ValueError(f"{handler!r} is not subscribed to {getattr(event_type, '__name__', event_type)}")
        subscription.event_types.remove(event_type)
        self._routes.unsubscribe(event_type, subscription)
        subscription.forget()
        if not subscription.event_types:
            self._subscriptions.remove(subscription)
        await trio.lowlevel.checkpoint()

    async def emit(self, event: BaseEvent) -> None:
        """Emit an event to all subscribed handlers, and to the system's rules.

        It returns when the event is queued for each; `idle` waits until it is handled. In a running system predictions,
        prices, volumes and events of the program's own may be emitted; what orders, positions, the link and the
        portfolio do is for the system alone to state. Raises TypeError, EmitRefusedError and NotRunningError.
        """
        if not isinstance(event, BaseEvent):
            raise TypeError(f"an event is a BaseEvent, not {event!r}")
        self._check_running()
        if self._system is not None:
            fact = next((cls for cls in type(event).__mro__ if _is_fact(cls)), None)
            if fact is not None:
                raise EmitRefusedError("only the system states what happened to it", fact.__name__)
            if isinstance(event, PredictionSignalEvent):
                self._system.note_prediction(event)
        self._routes.publish(event)
        await trio.lowlevel.checkpoint()

    async def idle(self) -> None:
        """Wait until every handler of this bus has handled what it was given so far."""
        for subscription in list(self._subscriptions):
            await subscription.idle()
        await trio.lowlevel.checkpoint()

    def _find(self, handler: Handler) -> Subscription | None:
        return next((one for one in self._subscriptions if one.handler == handler), None)

    def _check_running(self) -> None:
        if self._system is not None:
            self._system.check_running("this event bus")

    def _spawn(self, function: Callable[[], Awaitable[None]]) -> bool:
        if self._system is not None:
            return self._system.in_background(function)
        trio.lowlevel.spawn_system_task(function, context=copy_context())
        return True


def _is_fact(cls: type) -> bool:
    return cls.__module__.startswith("messages.") and issubclass(cls, BaseEvent) and cls not in (BaseEvent, *_TO_EMIT)
