"""The terminal view on a log, driven by keys."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitoring.follow import Follower
from monitoring.terminal.app import Monitor

DAY = datetime(2026, 11, 20, 15, tzinfo=UTC)


class Screen:
    """What stands on the terminal, and the keys."""

    def __init__(self, app: Monitor, pilot: Any, write: Callable[..., None]) -> None:
        self.app, self.pilot, self.write = app, pilot, write

    @property
    def text(self) -> str:
        """All lines, as they are drawn."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)

    async def press(self, *keys: str) -> str:
        """Press keys; return what stands there then."""
        await self.pilot.press(*keys)
        return await self.look()

    async def look(self) -> str:
        """Read what is new and draw it."""
        self.app.step()
        await self.pilot.pause()
        return self.text


@pytest.fixture
def on_screen(tmp_path: Path) -> Callable[..., None]:
    """Run `body(screen)` on a log of these lines (event and fields each); more can be written meanwhile."""

    def run(
        body: Callable[[Screen], Any], *logs: list[tuple[str, dict[str, Any]]], size: tuple[int, int] = (80, 24)
    ) -> None:
        seconds = 0

        def write(event: str, log: int = 0, /, **fields: Any) -> None:
            nonlocal seconds
            seconds += 1
            moment = f"2026-11-20T14:{seconds // 60:02}:{seconds % 60:02}.000000Z"
            line = {"ts": moment, "level": "INFO", "event": event, "actor": "process", **fields}
            with (tmp_path / f"{log}.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")

        for number, lines in enumerate(logs):
            (tmp_path / f"{number}.jsonl").touch()
            for event, fields in lines:
                write(event, number, **fields)
        followers = [Follower(tmp_path / f"{number}.jsonl", lambda: DAY) for number in range(len(logs))]

        async def main() -> None:
            app = Monitor(followers, lambda: DAY, every=0)
            async with app.run_test(size=size) as pilot:
                screen = Screen(app, pilot, write)
                await screen.look()
                await screen.look()
                await body(screen)

        try:
            with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # leaves the thread's own alone
                runner.run(main())
        finally:
            for follower in followers:
                follower.close()

    return run
