"""Waiting for the books, woken by what changes in them."""

from __future__ import annotations

import trio

from simulator.model import VenueEvent
from simulator.testing.book import book_of
from simulator.testing.paper import Question
from simulator.venue import Venue

__all__ = ["Watch"]


class Watch:
    """Tells when the answer to a question about a venue's books is yes. Lives in the venue's thread."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._changed = trio.Event()
        venue.subscribe(self._on_event, ticks=False)

    async def until(self, question: Question) -> None:
        """Return when the books answer yes; what the question raises is raised here."""
        while not question(book_of(self._venue)):
            await self._changed.wait()

    def _on_event(self, event: VenueEvent) -> None:
        self._changed.set()
        self._changed = trio.Event()
