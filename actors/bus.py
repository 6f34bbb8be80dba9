"""The event bus: who wants to be told of which events.

It is wiring, not state: what it holds are addresses, and delivery is a `tell` into each one's mailbox, so a slow or
crashing subscriber delays nobody and each receives the events of one publisher in order.
"""

from __future__ import annotations

from typing import Any, Protocol

from messages.event import BaseEvent

__all__ = ["EventBus", "Subscriber"]


class Subscriber(Protocol):
    """Anything with a mailbox; an `Address` is one, and it stays valid across restarts of the actor behind it."""

    def tell(self, message: Any) -> None:
        """Queue a message."""


class EventBus:
    """Routes events by class: a subscriber to a class is told of its subclasses too, once each."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: dict[type[BaseEvent], list[Subscriber]] = {}
        self._routes: dict[type[BaseEvent], tuple[Subscriber, ...]] = {}  # concrete class → subscribers

    def subscribe(self, event_type: type[BaseEvent], subscriber: Subscriber) -> None:
        """Tell `subscriber` of events of this type from now on; doing it twice is doing it once."""
        known = self._subscribers.setdefault(event_type, [])
        if subscriber not in known:
            known.append(subscriber)
            self._routes.clear()

    def unsubscribe(self, event_type: type[BaseEvent], subscriber: Subscriber) -> None:
        """End a subscription; raises ValueError where there is none."""
        known = self._subscribers.get(event_type, [])
        if subscriber not in known:
            raise ValueError(f"{subscriber!r} is not subscribed to {event_type.__name__}")
        known.remove(subscriber)
        self._routes.clear()

    def publish(self, event: BaseEvent) -> None:
        """Tell every subscriber of the event's class and of its base classes."""
        for subscriber in self._route(type(event)):
            subscriber.tell(event)

    def wanted(self, event_type: type[BaseEvent]) -> bool:
        """Whether publishing an event of this class would reach anybody: ask before building a costly one."""
        route = self._routes.get(event_type)
        return bool(self._route(event_type) if route is None else route)

    def _route(self, event_type: type[BaseEvent]) -> tuple[Subscriber, ...]:
        route = self._routes.get(event_type)
        if route is None:
            found: list[Subscriber] = []
            for base in event_type.__mro__:
                for subscriber in self._subscribers.get(base, ()):
                    if subscriber not in found:
                        found.append(subscriber)
            route = self._routes[event_type] = tuple(found)
        return route
