"""The frames of one tick: made once, however many clients are told it under the same request id."""

from __future__ import annotations

from simulator.model import Ticked
from simulator.wire import market_answers as say

__all__ = ["TickFrames"]


class TickFrames:
    """Remembers the frames of the tick that is being told."""

    def __init__(self) -> None:
        self._tick: Ticked | None = None
        self._made: dict[tuple[int, int], bytes] = {}  # request, tick type told → frame

    def price(self, tick: Ticked, req_id: int, told: int, firm: bool) -> bytes:
        """Return the frame of a price with its size."""
        if tick is not self._tick:
            self._tick = tick
            self._made.clear()
        frame = self._made.get((req_id, told))
        if frame is None:
            frame = self._made[req_id, told] = say.tick_price_frame(req_id, told, tick.price, tick.size, int(firm))
        return frame

    def size(self, tick: Ticked, req_id: int, told: int) -> bytes:
        """Return the frame of a size."""
        if tick is not self._tick:
            self._tick = tick
            self._made.clear()
        frame = self._made.get((req_id, told))
        if frame is None:
            frame = self._made[req_id, told] = say.tick_size_frame(req_id, told, tick.size)
        return frame
