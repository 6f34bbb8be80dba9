"""Following one process's log, and telling the pages what has changed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from monitoring.board import Board
from monitoring.tail import LogTail
from monitoring.web.documents import new_lines, sections, symbol_section
from monitoring.web.history import History
from monitoring.web.settings import Place

__all__ = ["Watch"]

_LOOK_SECONDS = 0.5  # between two looks at a log that has nothing new
_SHOW_SECONDS = 0.5  # at least, between two pictures
_CHUNK = 1_000_000  # bytes folded at a time: requests wait no longer than that

_logger = logging.getLogger("pitboss.web")


class Watch:
    """The picture of one process. Whoever looks at `board` holds `looking`: a thread folds into it."""

    def __init__(self, place: Place) -> None:
        """Nothing was read yet."""
        self.place = place
        self.board = Board()
        self.history = History()
        self.looking = trio.Lock()
        self.shown: dict[str, str] = {}  # section → JSON
        self.caught_up = False
        self.problem = ""  # why the log cannot be read now
        self._tail = LogTail(place.log)
        self._changed = trio.Event()

    @property
    def name(self) -> str:
        """The process's own name, the log's where it is not known."""
        return str(self.board.process.about.get("name") or _stem(self.place.log))

    async def run(self) -> None:
        """Follow the log until cancelled."""
        try:
            await self._follow()
        finally:
            self._tail.close()

    async def _follow(self) -> None:
        shown_at = -_SHOW_SECONDS
        pending = True
        while True:
            try:
                async with self.looking:
                    count = await trio.to_thread.run_sync(self._read)
                self.problem = ""
            except OSError as error:
                if not self.problem:
                    _logger.warning("%s cannot be read: %s", self.place.log, error.strerror or error)
                count, self.problem = 0, error.strerror or str(error)
            pending |= count > 0
            self.caught_up = self.caught_up or count == 0
            if pending and trio.current_time() - shown_at >= _SHOW_SECONDS:
                shown_at, pending = trio.current_time(), False
                async with self.looking:
                    self._show()
            if count == 0:
                await trio.sleep(_LOOK_SECONDS)

    async def changed(self) -> None:
        """Wait for the next picture."""
        await self._changed.wait()

    async def symbol(self, symbol: str) -> str:
        """Return the section of one symbol, as JSON."""
        async with self.looking:
            return _json(symbol_section(self.board, symbol))

    async def lines(self, after: int, most: int) -> tuple[int, list[dict[str, Any]]]:
        """Return how many lines there ever were, and those after the first `after`, at most the newest `most`."""
        async with self.looking:
            return self.board.shown, new_lines(self.board, after, most)

    async def look(self, what: Callable[[Board], Any]) -> Any:
        """Return what a function makes of the board while nothing is folded."""
        async with self.looking:
            return what(self.board)

    def _read(self) -> int:
        lines = self._tail.read(_CHUNK)
        for line in lines:
            self.board.fold(line)
            self.history.fold(line)
        return len(lines)

    def _show(self) -> None:
        fresh = {name: _json(section) for name, section in sections(self.board, self.history).items()}
        # the same object where nothing changed: streams compare by identity
        self.shown = {name: self.shown[name] if self.shown.get(name) == text else text for name, text in fresh.items()}
        changed, self._changed = self._changed, trio.Event()
        changed.set()


def _stem(path: Path) -> str:
    return path.name.removesuffix(".jsonl").removesuffix(".log")


def _json(value: Any) -> str:
    return json.dumps(value, default=str, separators=(",", ":"))
