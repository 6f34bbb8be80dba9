"""A paper TWS as a task of the test's own trio run, on a port of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from config.environment import machine
from simulator.app import PaperBroker, Serving, serve
from simulator.testing.options import settings_of
from simulator.testing.paper import Paper, Question
from simulator.testing.unwrapping import unwrapped
from simulator.testing.watch import Watch

__all__ = ["TrioPaper", "open_paper"]


class TrioPaper(Paper):
    """A paper TWS in the same trio run as the test."""

    def __init__(self, broker: PaperBroker, host: str, port: int) -> None:
        super().__init__(broker, host, port)
        self.broker = broker
        self._watch = Watch(broker.venue)

    async def until(self, question: Question, seconds: float = 5.0) -> None:
        """Wait until the books answer yes: `await paper.until(lambda book: book.position("AAPL") == 100)`.

        Raises trio.TooSlowError.
        """
        with trio.fail_after(seconds):
            await self._watch.until(question)


@asynccontextmanager
async def open_paper(folder: Path = Path(), **options: Any) -> AsyncIterator[TrioPaper]:
    """Serve until the end of the block, however that comes; options are those of `settings_of`.

    Raises ValueError and OSError as `simulator.app.serve` does.
    """
    settings = settings_of(options, folder)
    with unwrapped():
        async with trio.open_nursery() as nursery:
            serving: Serving = await nursery.start(serve, settings, machine(settings.seed))
            try:
                yield TrioPaper(serving.broker, serving.host, serving.port)
            finally:
                nursery.cancel_scope.cancel()
