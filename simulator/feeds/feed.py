"""What a feed is: something that delivers batches of ticks, in order, at its own pace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import trio

from simulator.model import Ticked
from simulator.past import NO_PAST, Past

__all__ = ["Deliver", "Feed", "FeedError", "ManualFeed"]

Deliver = Callable[[list[Ticked]], None]


class FeedError(ValueError):
    """A feed specification or a file of ticks that cannot be used; the text says what and where."""


class Feed(Protocol):
    """A source of ticks."""

    async def run(self, deliver: Deliver) -> None:
        """Deliver every tick, then return; a feed without an end runs until it is cancelled."""
        ...

    def past(self, con_id: int) -> Past:
        """Return what this feed knows of a contract's time before it began. May take a while; is not called often."""
        ...


class ManualFeed:
    """A feed that delivers what it is handed."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None
        self._waiting: list[Ticked] = []

    def push(self, ticks: Iterable[Ticked]) -> None:
        """Deliver ticks as one batch, at once or, if the feed does not run yet, when it starts."""
        batch = list(ticks)
        if self._deliver is None:
            self._waiting += batch
        else:
            self._deliver(batch)

    async def run(self, deliver: Deliver) -> None:
        """Deliver what is pushed, until cancelled."""
        self._deliver = deliver
        try:
            if self._waiting:
                batch, self._waiting = self._waiting, []
                deliver(batch)
            await trio.sleep_forever()
        finally:
            self._deliver = None

    def past(self, con_id: int) -> Past:
        """Return no past."""
        return NO_PAST
