"""Replays ticks recorded from TWS.

The file is JSON: a list of `{"time": ISO 8601, "price": number, "size": number, "tickType": number}` in order of
arrival, of one contract. A size tick that carries the price of its side, as such recordings do, also tells that price
where it is new. A price of −1 means none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from config.environment import Environment
from simulator.feeds.feed import Deliver, FeedError
from simulator.feeds.pacing import Timed, check_speed, play
from simulator.model import Contract

__all__ = ["RecordedFeed", "read_ticks"]

_PRICE_OF_SIZE = {0: 1, 3: 2, 5: 4}  # size tick → price tick of the same side
_KNOWN = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 49})
_PAUSE = 1.0  # seconds between the end and the next round of a loop


class RecordedFeed:
    """The ticks of a file for one contract; once, or over and over."""

    def __init__(
        self,
        path: Path,
        contract: Contract,
        environment: Environment,
        *,
        speed: float = 1.0,
        loop: bool = False,
    ) -> None:
        """Read the file. Raises FeedError with the place if it cannot be read."""
        self._ticks = read_ticks(path, contract)
        self._environment = environment
        self._speed = check_speed(speed)
        self._loop = loop

    async def run(self, deliver: Deliver) -> None:
        """Deliver the ticks; with `loop`, until cancelled."""
        await play(self._rounds(), deliver, self._environment, self._speed)

    def _rounds(self) -> Iterator[Timed]:
        offset = 0.0
        while True:
            for elapsed, contract, tick_type, price, size in self._ticks:
                yield elapsed + offset, contract, tick_type, price, size
            if not self._loop:
                return
            offset += self._ticks[-1][0] + _PAUSE


def read_ticks(path: Path, contract: Contract) -> list[Timed]:
    """Return the ticks with seconds since the first. Raises FeedError, naming the line or the tick."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FeedError(f"{path}: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise FeedError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise FeedError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from error
    if not isinstance(rows, list) or not rows:
        raise FeedError(f"{path}: expected a list of ticks with at least one")

    ticks: list[Timed] = []
    prices: dict[int, float] = {}  # price tick type → price last told
    start: datetime | None = None
    elapsed = 0.0
    for number, row in enumerate(rows, 1):
        try:
            time, price, size, tick_type = _fields(row)
            start = start or time
            seconds = (time - start).total_seconds()
        except (KeyError, TypeError, ValueError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise FeedError(f"{path}: tick {number}: {reason}: {json.dumps(row)[:120]}") from error
        if seconds < elapsed:
            raise FeedError(f"{path}: tick {number}: its time lies before that of the tick before it")
        elapsed = seconds
        side = _PRICE_OF_SIZE.get(tick_type)
        if side is not None and price > 0 and prices.get(side) != price and tick_type != 5:
            tick_type = side
        if tick_type in (1, 2, 4):
            prices[tick_type] = price
        ticks.append((elapsed, contract, tick_type, 0.0 if tick_type in (0, 3, 5, 8) else price, size))
    return ticks


def _fields(row: Any) -> tuple[datetime, float, int, int]:
    if not isinstance(row, dict):
        raise TypeError("expected an object")
    time = datetime.fromisoformat(row["time"])
    if time.tzinfo is None:
        raise ValueError("its time has no zone")
    price, size, tick_type = float(row["price"]), int(row["size"]), row["tickType"]
    if price != price or abs(price) == float("inf"):
        raise ValueError("its price is not a number")
    if tick_type not in _KNOWN:
        raise ValueError(f"unknown tickType {tick_type!r}")
    return time, price, size, tick_type
