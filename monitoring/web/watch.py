"""Following one process's log, and telling the pages what has changed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import trio

from config.environment import Environment
from config.log_record import timestamp
from monitoring.board import Board
from monitoring.follow import Follower
from monitoring.web.documents import new_lines, sections, symbol_section
from monitoring.web.settings import Place

__all__ = ["Watch"]

_LOOK_SECONDS = 0.5  # between two looks at a log that has nothing new
_SHOW_SECONDS = 0.5  # at least, between two pictures
_CHUNK = 1_000_000  # bytes folded at a time: requests wait no longer than that
_LITTLE = 262_144  # the same, where what has come is folded at once, without a thread

_logger = logging.getLogger("pitboss.web")


class Watch:
    """The picture of one process. Whoever looks at `board` holds `looking`: a thread may fold into it."""

    def __init__(self, place: Place, environment: Environment, cache: Path | None = None) -> None:
        """Look where to begin. Raises OSError where the log cannot be read."""
        self.place = place
        self.looking = trio.Lock()
        self.shown: dict[str, str] = {}  # section → JSON
        self.problem = ""  # why the log cannot be read now
        self._environment = environment
        self._follower = Follower(place.log, environment.now, cache=cache)
        self._changed = trio.Event()

    @property
    def board(self) -> Board:
        """What was folded so far; another one once a whole day was read behind the first picture."""
        return self._follower.board

    @property
    def name(self) -> str:
        """The process's own name, the log's where it is not known."""
        name = self._follower.name.removesuffix(".jsonl").removesuffix(".log")
        return str(self.board.process.about.get("name") or name)

    @property
    def caught_up(self) -> bool:
        """Whether all that is in the log was read."""
        return self._follower.ended

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Follow the log until cancelled; `task_status` is told once there is a first picture."""
        try:
            await self._follow(task_status)
        finally:
            self._follower.close()

    async def _follow(self, task_status: trio.TaskStatus[None]) -> None:
        shown_at = -inf
        pending = True
        while True:
            count = await self._step()
            pending |= count > 0
            if pending and trio.current_time() - shown_at >= _SHOW_SECONDS:
                first, shown_at, pending = not self.shown, trio.current_time(), False
                async with self.looking:
                    self._show()
                if first:
                    task_status.started()
            if count == 0:
                await trio.sleep(_LOOK_SECONDS)

    async def _step(self) -> int:
        try:
            async with self.looking:
                if self.caught_up:  # little has come since: a thread would cost more than it
                    count = self._follower.step(_LITTLE)
                else:
                    count = await trio.to_thread.run_sync(self._follower.step, _CHUNK)
        except OSError as error:
            if not self.problem:
                _logger.warning("%s cannot be read: %s", self._follower.name, error.strerror or error)
            self.problem = error.strerror or str(error)
            return 0
        self.problem = ""
        return count

    async def changed(self) -> None:
        """Wait for the next picture."""
        await self._changed.wait()

    async def symbol(self, symbol: str) -> dict[str, Any]:
        """Return the section of one symbol."""
        async with self.looking:
            return symbol_section(self.board, symbol)

    async def lines(self, board: Board | None, after: int, most: int) -> tuple[Board, int, list[dict[str, Any]]]:
        """Return the newest lines, at most `most`, and where they end: a board, and how many it has had.

        Those after the first `after` where the board is still that one, else all.
        """
        async with self.looking:
            now = self.board
            return now, now.shown, new_lines(now, after if board is now else 0, most)

    async def look(self, what: Callable[[Board], Any]) -> Any:
        """Return what a function makes of the board while nothing is folded."""
        async with self.looking:
            return what(self.board)

    def now(self) -> dict[str, Any]:
        """Return how old the picture is, and how the process that writes the log seems to be."""
        condition = self._follower.condition()
        return {
            "clock": timestamp(self._environment.now()),
            "last": self.board.last,
            "condition": condition.kind,
            "seconds": condition.seconds,
            "progress": self._follower.progress,
            "problem": self.problem,
        }

    def _show(self) -> None:
        fresh = {name: _json(section) for name, section in sections(self.board).items()}
        # the same object where nothing changed, so that comparing costs nothing
        self.shown = {name: self.shown[name] if self.shown.get(name) == text else text for name, text in fresh.items()}
        changed, self._changed = self._changed, trio.Event()
        changed.set()


def _json(value: Any) -> str:
    return json.dumps(value, default=str, separators=(",", ":"))
