"""A picture of the view for the documentation: `python -m monitoring.terminal.picture LOG 80x24 FILE.svg [KEY …]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from monitoring.follow import Follower
from monitoring.terminal.app import Monitor

__all__ = ["picture"]


def picture(log: Path, size: tuple[int, int], keys: Sequence[str]) -> str:
    """Return the view of a log at its end, in SVG, after these keys; the clock stands at its last line."""
    moment = datetime(1970, 1, 1, tzinfo=UTC)
    follower = Follower(log, lambda: moment)
    while not follower.ended:
        follower.step()
    moment = datetime.fromisoformat(follower.board.last)

    async def draw() -> str:
        app = Monitor([follower], lambda: moment, every=0)
        async with app.run_test(size=size) as pilot:
            app.step()
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
            await pilot.pause()
            return app.export_screenshot(title=" ")

    try:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # leaves the thread's own alone
            return runner.run(draw())
    finally:
        follower.close()


if __name__ == "__main__":
    name, written, out, *pressed = sys.argv[1:]
    width, _, height = written.partition("x")
    Path(out).write_text(picture(Path(name), (int(width), int(height)), pressed))
