"""Smooth random curves that can be read at any time without the times before: value noise in several octaves."""

from __future__ import annotations

import math
import random

__all__ = ["PricePath"]

_OCTAVES = ((21_600.0, 0.02), (3_600.0, 0.008), (600.0, 0.003), (60.0, 0.001))
"""(period in seconds, amplitude as a part of the price)"""
_KEPT = 4096  # points of the curves, which cost more to draw than to keep


class PricePath:
    """A price that moves smoothly and is the same for the same seed."""

    def __init__(self, name: str, seed: int) -> None:
        self._name = f"{seed}/{name}"
        self._base = 20.0 * math.exp(random.Random(self._name).uniform(0, 3))
        self._knots: dict[tuple[float, int], float] = {}

    def at(self, seconds: float) -> float:
        """Return the price at `seconds` since the epoch."""
        shift = sum(amplitude * self._curve(period, seconds) for period, amplitude in _OCTAVES)
        return self._base * math.exp(shift)

    def _curve(self, period: float, seconds: float) -> float:
        knot = math.floor(seconds / period)
        part = seconds / period - knot
        weight = part * part * (3 - 2 * part)
        return self._knot(period, knot) * (1 - weight) + self._knot(period, knot + 1) * weight

    def _knot(self, period: float, knot: int) -> float:
        value = self._knots.get((period, knot))
        if value is None:
            if len(self._knots) >= _KEPT:
                self._knots.clear()
            value = self._knots[period, knot] = random.Random(f"{self._name}/{period}/{knot}").uniform(-1, 1)
        return value
