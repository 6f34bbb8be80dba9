"""What a process measures of itself, kept beside its actors: it outlives their restarts."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Any

__all__ = ["Histogram", "Measures"]


class Histogram:
    """How many of the durations so far took at most so long, in seconds."""

    __slots__ = ("_counts", "bounds", "total")

    def __init__(self, *bounds: float) -> None:
        """`bounds` rise."""
        self.bounds = bounds
        self.total = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def plain(self) -> dict[str, Any]:
        """Return the upper bounds, how many took at most that long, the sum of all and their number."""
        counts = list(accumulate(self._counts))
        return {"bounds": list(self.bounds), "counts": counts[:-1], "sum": round(self.total, 6), "count": counts[-1]}


class Measures:
    """All of it. Whoever measures adds to one of these; nobody else writes."""

    __slots__ = ("fsync", "order_latency", "reconciled_at", "round_trip", "round_trip_seconds", "ticks")

    def __init__(self) -> None:
        self.ticks = 0
        """Delivered to actors so far."""
        self.fsync = Histogram(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
        """From a group of records being given to the disk until they are durable."""
        self.order_latency = Histogram(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
        """From an order's arrival at `orders` until its bytes have left."""
        self.round_trip = Histogram(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
        """From a request for the broker's time until its answer."""
        self.round_trip_seconds: float | None = None
        """The last one of these."""
        self.reconciled_at: str | None = None
        """When `orders` last compared everything with the broker, ISO 8601."""
