"""What the bus tells the portfolio of orders, beside what their positions tell it."""

from __future__ import annotations

from attrs import frozen

from actors.runtime.address import Address
from messages.event import BaseEvent
from messages.order import OrderEvent

__all__ = ["Heard", "Hearsay"]


@frozen(slots=True)
class Heard:
    """An event from the bus: it moves no reservation, which waits for the position's own word."""

    event: OrderEvent


@frozen(slots=True)
class Hearsay:
    """Subscribes in the portfolio's name; equal for every incarnation, so that none hears a thing twice."""

    address: Address

    def tell(self, message: BaseEvent) -> None:
        """Pass an event of an order on, marked."""
        if isinstance(message, OrderEvent):
            self.address.tell(Heard(message))
