"""Noticing that a feed has gone silent: TWS may say nothing when a farm comes back and a subscription does not."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio
from attrs import frozen

from domain.sessions import in_liquid_hours
from messages.market import FeedSilent

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["FeedWatch", "LookAtFeed"]

SILENT_SECONDS = 30.0
"""Without a tick for so long, while its contract trades, a feed is taken for dead. Quotes grow stale much sooner."""
MOST_SECONDS = 600.0
"""Between two requests for a contract that hardly trades."""


@frozen(slots=True)
class LookAtFeed:
    """To oneself: see whether ticks still come."""


class FeedWatch:
    """Asks for the data anew, under another request id, ever more rarely while nothing comes (INC-37)."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._pause = SILENT_SECONDS
        self._next = trio.current_time() + SILENT_SECONDS

    def begin(self) -> None:
        """Look from now on, whenever the feed may have fallen silent."""
        quiet = self._actor.quote.heard + SILENT_SECONDS - trio.current_time()
        self._actor.after(quiet if quiet > 0 else SILENT_SECONDS / 2, LookAtFeed())

    def look(self) -> None:
        """Ask for the feed again if it is silent. A halted contract, and one that does not trade now, may be."""
        self._look()
        self.begin()

    def _look(self) -> None:
        actor, now = self._actor, trio.current_time()
        instrument, quote = actor.instrument, actor.quote
        if now - quote.heard < SILENT_SECONDS:
            self._pause = SILENT_SECONDS
            self._next = -inf
            return
        if instrument is None or quote.halted or now < self._next:
            return
        if in_liquid_hours(instrument, actor.environment.now()):
            self._next = now + self._pause
            self._pause = min(2 * self._pause, MOST_SECONDS)
            actor.system.address("gateway").tell(FeedSilent(actor.symbol))
