"""A link without a socket: the server's side of an in-memory twin of ib_insync's `Connection`.

Whoever twins the client gives two callables, one for bytes and one for the end of the link. Bytes cross in order,
each way in batches: all that was written in one turn arrives as one read, as over TCP. Nothing is delivered inside
the call that wrote it, so neither side is entered again from its own call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

import trio

from config.clock import Alarm
from simulator.server.paper_tws import PaperTws

__all__ = ["LATENCY", "MemoryLink"]

LATENCY = 0.00005
"""Seconds from one side to the other, as on a loopback."""


class MemoryLink:
    """One client's link to a paper TWS in the same trio run. It is the session's transport."""

    def __init__(
        self,
        tws: PaperTws,
        on_data: Callable[[bytes], object],
        on_lost: Callable[[str], object],
        *,
        latency: float = LATENCY,
    ) -> None:
        """`on_lost` gets '' for an orderly end and a reason for a reset. `latency` is seconds each way.

        It must be above 0: a client that begins to wait for an answer only after its call has returned would
        otherwise find in virtual time that the answer has been there already. Raises ValueError.
        """
        if latency <= 0:
            raise ValueError(f"latency must be positive, not {latency}")
        self._on_data = on_data
        self._on_lost = on_lost
        self._latency = latency
        self._clock = trio.lowlevel.current_clock().current_time
        self._to_client: deque[tuple[float, bytearray]] = deque()  # each with its instant, in their order
        self._to_server: deque[tuple[float, bytearray]] = deque()
        self._timer = Alarm()  # rings when there is something to do
        self._client_closed = False
        self._server_closed = False
        self._reset = False
        self._session = tws.connect(self)

    # the client's side

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""
        if not (self._client_closed or self._reset):
            self._queue(self._to_server, data)

    def disconnect(self) -> None:
        """End the link from the client's side; what was sent before still arrives."""
        self._client_closed = True
        self._timer.deadline = -inf

    # Transport

    def write(self, data: bytes) -> None:
        """Send bytes to the client."""
        if not (self._server_closed or self._reset):
            self._queue(self._to_client, data)

    def close(self) -> None:
        """End the link after what was written."""
        self._server_closed = True
        self._timer.deadline = -inf

    def abort(self) -> None:
        """Reset the link; what is on its way is lost."""
        self._reset = True
        self._to_client.clear()
        self._to_server.clear()
        self._timer.deadline = -inf

    # the wire between them

    async def run(self) -> None:
        """Carry bytes until the link ends, then tell both sides."""
        try:
            while not self._ended():
                await self._timer.until(self._due())
                self._deliver(self._to_server, self._session.feed)
                self._deliver(self._to_client, self._on_data)
        finally:
            self._session.lost()
        self._on_lost("Connection reset by peer" if self._reset else "")

    def _ended(self) -> bool:
        if self._reset:
            return True
        if self._client_closed:
            return not self._to_server
        return self._server_closed and not self._to_client

    def _due(self) -> float:
        return min((queue[0][0] for queue in (self._to_server, self._to_client) if queue), default=inf)

    def _queue(self, queue: deque[tuple[float, bytearray]], data: bytes) -> None:
        due = self._clock() + self._latency
        if queue and queue[-1][0] == due:
            queue[-1][1].extend(data)
            return
        if not queue and due < self._timer.deadline:
            self._timer.deadline = due
        queue.append((due, bytearray(data)))

    def _deliver(self, queue: deque[tuple[float, bytearray]], take: Callable[[bytes], object]) -> None:
        now = self._clock()
        data = bytearray()
        while queue and queue[0][0] <= now:
            data += queue.popleft()[1]
        if data:
            take(bytes(data))
