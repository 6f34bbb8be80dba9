"""Whether TWS still answers on this connection."""

from __future__ import annotations

import math

__all__ = ["RoundTrips"]


class RoundTrips:
    """Round trips of reqCurrentTime on one connection. A socket that accepts bytes proves nothing (INC-02).

    The answers carry no id, so at most one request is ever open. An answer proves that TWS was there when it was
    asked, not when its answer came: a round trip is as old as its request. Instants are trio's.
    """

    def __init__(self, liveness_seconds: float) -> None:
        """A round trip is recent for `liveness_seconds`; the link is dead when a request is three times as old."""
        self.seconds = liveness_seconds
        self._asked: float | None = None
        self._proven = -math.inf
        self._answered: float | None = None

    @property
    def last_answer(self) -> float | None:
        """When the last answer came."""
        return self._answered

    @property
    def waiting(self) -> bool:
        """Whether a request is open."""
        return self._asked is not None

    def asked(self, now: float) -> None:
        """A request was written. Raises RuntimeError while one is open."""
        if self._asked is not None:
            raise RuntimeError("two requests for the time cannot be told apart")
        self._asked = now

    def answered(self, now: float) -> float | None:
        """Return the seconds that the round trip took; None for an answer that nobody asked for: it proves nothing."""
        if self._asked is None:
            return None
        self._proven, self._asked, self._answered = self._asked, None, now
        return now - self._proven

    def recent(self, now: float) -> bool:
        """Whether the last round trip is recent enough for an order to leave."""
        return now - self._proven < self.seconds

    def since(self, now: float) -> float:
        """Return the instant after which TWS has said what arrives now.

        What has waited behind a stalled link arrives in one piece, and tells nothing of the present: as long as no
        round trip is recent it may be as old as the request of the last one.
        """
        return now if self.recent(now) or self._proven == -math.inf else self._proven

    def age(self, now: float) -> float | None:
        """Return how long ago the last round trip was asked for; None for none."""
        return None if self._proven == -math.inf else now - self._proven

    def due(self, now: float) -> float:
        """Return the instant of the next request; infinity while one is open, `now` at the earliest.

        It is when half of the time has passed for which a round trip is recent: the answer has the other half.
        """
        if self._asked is not None:
            return math.inf
        return max(now, self._proven + self.seconds / 2)

    def dead_at(self) -> float:
        """Return the instant at which the link counts as dead unless an answer comes; infinity while none is open."""
        return math.inf if self._asked is None else self._asked + 3 * self.seconds
