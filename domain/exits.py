"""When a price ends a position: the local mirror of the exits that rest at the broker."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import inf

from attrs import frozen

__all__ = ["ExitMonitor", "ExitReason", "MonitorStep"]


class ExitReason(StrEnum):
    """Which exit a price reached; a stop that was moved is named by what moved it last."""

    STOP = "stop"
    TARGET = "target"
    TRAILING_STOP = "trailing_stop"
    BREAK_EVEN = "break_even"
    STEP = "step"


@frozen(slots=True)
class MonitorStep:
    """Once a price has reached `trigger`, the stop stands at `stop`."""

    trigger: float
    stop: float
    reason: ExitReason = ExitReason.STEP


class ExitMonitor:
    """Watches the prices of one position and moves its stop; one per position, on the path of every tick.

    Between two thresholds, computed beforehand, nothing happens, so that a tick usually costs one chained
    comparison. The trailing stop is the broker's own rule for TRAIL orders: it follows the price at its distance
    where that is tighter than where it stands. Whatever moves the stop, it never loosens.
    """

    __slots__ = (
        "_amount",
        "_factor",
        "_least",
        "_long",
        "_lower",
        "_steps",
        "_upper",
        "moved",
        "news",
        "stop",
        "target",
    )

    def __init__(
        self,
        side_sign: int,
        stop: float | None,
        target: float | None,
        trailing_pct: float | None = None,
        trailing_amount: float | None = None,
        steps: Iterable[MonitorStep] = (),
        least: float | None = None,
    ) -> None:
        """`side_sign` is +1 for a long position and -1 for a short one.

        `stop` is also where a trailing stop starts; without one it starts at its distance from the first price. At
        most one of `trailing_pct` (0.02 = 2 %) and `trailing_amount` is given. `least` says that no broker follows the
        price: the stop trails in moves of at least so much, and each of them is `news`.

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
        self._least = least
        # the nearest last, where it is taken off
        self._steps = sorted(steps, key=lambda step: step.trigger, reverse=self._long)
        self.stop = stop
        """Where the stop stands now; None while there is none."""
        self.target = target
        self.moved: ExitReason | None = None
        """What moved the stop last from where it started."""
        self.news = False
        """Whether the stop has moved to where the broker does not move it by itself."""
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
                return self.moved or ExitReason.STOP
            if target is not None and price >= target:
                return ExitReason.TARGET
        else:
            if stop is not None and price >= stop:
                return self.moved or ExitReason.STOP
            if target is not None and price <= target:
                return ExitReason.TARGET
        self._climb(price)
        self._ratchet(price)
        self._watch()
        return None

    def _climb(self, price: float) -> None:
        """Take the steps that this price has reached."""
        steps = self._steps
        while steps and (price >= steps[-1].trigger if self._long else price <= steps[-1].trigger):
            step = steps.pop()
            if self._tighten(step.stop, step.reason):
                self.news = True

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
        elif self._least is None:
            self._tighten(candidate, ExitReason.TRAILING_STOP)
        elif abs(candidate - stop) >= self._least and self._tighten(candidate, ExitReason.TRAILING_STOP):
            self.news = True

    def _tighten(self, candidate: float, reason: ExitReason) -> bool:
        stop = self.stop
        if stop is not None and ((candidate <= stop) if self._long else (candidate >= stop)):
            return False
        self.stop = candidate
        self.moved = reason
        return True

    def _watch(self) -> None:
        """Compute the prices between which there is nothing to do."""
        stop, target = self.stop, self.target
        if self._factor is None and self._amount is None:
            tighten: float | None = None
        elif stop is None:
            tighten = 0.0 if self._long else inf
        else:
            least = (self._least or 0.0) if self._long else -(self._least or 0.0)
            beyond = stop + least
            tighten = beyond / self._factor if self._factor is not None else beyond + (self._amount or 0.0)
        step = self._steps[-1].trigger if self._steps else None
        ahead = [price for price in (target, tighten, step) if price is not None]
        if self._long:
            self._lower = 0.0 if stop is None else stop
            self._upper = min(ahead, default=inf)
        else:
            self._lower = max(ahead, default=0.0)
            self._upper = inf if stop is None else stop
