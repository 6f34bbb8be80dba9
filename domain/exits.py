"""When a price ends a position: the local mirror of the exits that rest at the broker."""

from __future__ import annotations

from enum import StrEnum
from math import inf

__all__ = ["ExitMonitor", "ExitReason"]


class ExitReason(StrEnum):
    """Which exit a price reached."""

    STOP = "stop"
    TARGET = "target"
    TRAILING_STOP = "trailing_stop"


class ExitMonitor:
    """Watches the prices of one position and moves its trailing stop; one per position, on the path of every tick.

    Between two thresholds, computed beforehand, nothing happens, so that a tick usually costs one chained
    comparison. The trailing stop is the broker's own rule for TRAIL orders: it follows the price at its distance
    where that is tighter than where it stands, and never loosens.
    """

    __slots__ = ("_amount", "_factor", "_long", "_lower", "_upper", "stop", "target", "trailed")

    def __init__(
        self,
        side_sign: int,
        stop: float | None,
        target: float | None,
        trailing_pct: float | None = None,
        trailing_amount: float | None = None,
    ) -> None:
        """`side_sign` is +1 for a long position and -1 for a short one.

        `stop` is also where a trailing stop starts; without one it starts at its distance from the first price. At
        most one of `trailing_pct` (0.02 = 2 %) and `trailing_amount` is given.

        Raises:
            ValueError: both trailing distances, or one that is not above zero, or a percentage of 1 or more.
        """
        if trailing_pct is not None and trailing_amount is not None:
            raise ValueError("a stop trails by a percentage or by an amount, not by both")
        if trailing_pct is not None and not 0 < trailing_pct < 1:
            raise ValueError(f"trailing_pct must be above 0 and below 1, not {trailing_pct}")
        if trailing_amount is not None and not 0 < trailing_amount < inf:
            raise ValueError(f"trailing_amount must be above 0, not {trailing_amount}")
        self._long = side_sign > 0
        self._factor = None if trailing_pct is None else 1.0 - trailing_pct if self._long else 1.0 + trailing_pct
        self._amount = None if trailing_amount is None else trailing_amount if self._long else -trailing_amount
        self.stop = stop
        """Where the stop stands now, its trailing included; None while there is none."""
        self.target = target
        self.trailed = False
        """Whether trailing has moved the stop from where it started."""
        self._watch()

    def on_price(self, price: float) -> ExitReason | None:
        """Return the exit that this price reaches, if any. A price that is no positive finite number is ignored."""
        if self._lower < price < self._upper:
            return None
        return self._beyond(price)

    def _beyond(self, price: float) -> ExitReason | None:
        if not 0.0 < price < inf:
            return None
        stop, target = self.stop, self.target
        if self._long:
            if stop is not None and price <= stop:
                return ExitReason.TRAILING_STOP if self.trailed else ExitReason.STOP
            if target is not None and price >= target:
                return ExitReason.TARGET
        else:
            if stop is not None and price >= stop:
                return ExitReason.TRAILING_STOP if self.trailed else ExitReason.STOP
            if target is not None and price <= target:
                return ExitReason.TARGET
        self._ratchet(price)
        return None

    def _ratchet(self, price: float) -> None:
        if self._factor is not None:
            candidate = price * self._factor
        elif self._amount is not None:
            candidate = price - self._amount
        else:
            return
        stop = self.stop
        if stop is None:
            self.stop = candidate
        elif (candidate > stop) if self._long else (candidate < stop):
            self.stop = candidate
            self.trailed = True
        self._watch()

    def _watch(self) -> None:
        """Compute the prices between which there is nothing to do."""
        stop = self.stop
        if self._factor is None and self._amount is None:
            tighten: float | None = None
        elif stop is None:
            tighten = 0.0 if self._long else inf
        else:
            tighten = stop / self._factor if self._factor is not None else stop + (self._amount or 0.0)
        if self._long:
            ahead = (inf if self.target is None else self.target, inf if tighten is None else tighten)
            self._lower = 0.0 if stop is None else stop
            self._upper = min(ahead)
        else:
            ahead = (0.0 if self.target is None else self.target, 0.0 if tighten is None else tighten)
            self._lower = max(0.0, *ahead)
            self._upper = inf if stop is None else stop
