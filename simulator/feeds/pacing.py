"""Delivers timed ticks at a speed."""

from __future__ import annotations

from collections.abc import Iterable

import trio

from config.environment import Environment
from simulator.feeds.feed import Deliver, FeedError
from simulator.model import Contract, Ticked

__all__ = ["Timed", "check_speed", "play"]

Timed = tuple[float, Contract, int, float, int]
"""seconds since the data began, contract, tick type, price, size"""

FRAME = 0.005  # real seconds whose ticks go out together: less than a timer can keep apart
FRAME_UNPACED = 0.05  # the same in seconds of the data, where there is no pace


def check_speed(speed: float) -> float:
    """Return the speed. Raises FeedError unless it is 0 or positive."""
    if not 0 <= speed < float("inf"):
        raise FeedError(f"speed must be 0 (as fast as possible) or positive, not {speed}")
    return speed


async def play(ticks: Iterable[Timed], deliver: Deliver, environment: Environment, speed: float) -> None:
    """Deliver `ticks`, which are in order of time, `speed` times faster than their times say; 0 does not wait.

    Which ticks form a batch depends on their times and the speed alone, so that it is the same in every run. Ticks
    are stamped with the environment's time: the time of the venue, not of the data. A feed that has fallen behind
    catches up without waiting, but always lets others run between two batches.
    """
    start = trio.current_time()
    frame = FRAME * speed if speed else FRAME_UNPACED
    batch: list[Timed] = []
    for tick in ticks:
        if batch and tick[0] > batch[0][0] + frame:
            await _send(batch, deliver, environment, start, speed)
            batch = []
        batch.append(tick)
    if batch:
        await _send(batch, deliver, environment, start, speed)


async def _send(batch: list[Timed], deliver: Deliver, environment: Environment, start: float, speed: float) -> None:
    due = start + batch[0][0] / speed if speed else 0.0
    if due > trio.current_time():
        await trio.sleep_until(due)
    else:
        await trio.lowlevel.checkpoint()
    now = environment.now()
    deliver([Ticked(contract, tick_type, price, size, now) for _, contract, tick_type, price, size in batch])
