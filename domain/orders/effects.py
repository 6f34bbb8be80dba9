"""What follows from a fact about an order. The order actor carries effects out; replay drops them."""

from __future__ import annotations

from typing import Any, TypeAlias

from attrs import frozen

from messages.order import CommissionBooked, OrderEvent

__all__ = ["Alarm", "AlarmOver", "Effect", "Happened", "SendCancel", "ToJournal", "Verify", "Watch"]


@frozen(slots=True)
class ToJournal:
    """This is news: append it to that stream."""

    stream: str
    payload: Any


@frozen(slots=True)
class Happened:
    """Tell `position/SYMBOL`; an event goes to the bus and the log too."""

    symbol: str
    message: OrderEvent | CommissionBooked


@frozen(slots=True)
class Verify:
    """Only the broker's complete lists can tell: ask for them. The reference is "" where no order is known."""

    order_ref: str
    reason: str


@frozen(slots=True)
class Watch:
    """More must be heard of this order soon; if not, ask."""

    order_ref: str


@frozen(slots=True)
class SendCancel:
    """Write a cancellation: one was wanted and the order is seen to live. `urgent` where the last one was answered
    and something of the order lives on."""

    order_ref: str
    urgent: bool = False


@frozen(slots=True)
class Alarm:
    """Something a person must know. With `hold` the symbol takes no new risk; with `halt` nothing does."""

    kind: str
    text: str
    symbol: str
    order_ref: str | None = None
    perm_id: int | None = None
    hold: bool = False
    halt: bool = False


@frozen(slots=True)
class AlarmOver:
    """What an alarm of that kind told of has ended with its order."""

    kind: str
    symbol: str
    order_ref: str


Effect: TypeAlias = ToJournal | Happened | Verify | Watch | SendCancel | Alarm | AlarmOver
