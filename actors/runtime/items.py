"""What stands in a mailbox besides plain messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pykka import messages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from actors.runtime.address import Address
    from actors.runtime.base import RunQueueActor

__all__ = ["PYKKA_MESSAGES", "Own", "Tick", "TickBatch", "TickDelivery"]

# what pykka's own references and proxies send besides the message itself
PYKKA_MESSAGES = frozenset({messages._ActorStop, messages.ProxyCall, messages.ProxyGetAttr, messages.ProxySetAttr})

# (to, kind, price, size): made once per tick by the gateway's wrapper, and unpacked in the hot loop as it is
TickDelivery: TypeAlias = "tuple[Address, int, float, float]"
TickBatch: TypeAlias = "Sequence[TickDelivery]"


class Tick(NamedTuple):
    """A tick that had to wait in a mailbox. An actor without `on_tick` receives it as a message.

    `kind` is IB's tickType (1 bid, 2 ask, 4 last, 0, 3, 5, 8 sizes, 9 close, 66 and up delayed). A price tick carries
    the size that came with it, or 0.0; a size tick carries the price 0.0.
    """

    kind: int
    price: float
    size: float


class Own:
    """A message from an actor to itself: by a timer, or by a task that it owns. It ends with that incarnation."""

    __slots__ = ("message", "sender")

    def __init__(self, sender: RunQueueActor, message: Any) -> None:
        self.sender = sender
        self.message = message

    def __repr__(self) -> str:
        return repr(self.message)
