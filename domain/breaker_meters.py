"""When a figure trips the breaker: beyond its limit several times in a row, over some seconds, and never sooner.

One bad tick makes one bad mark, and one wild account value one wild figure. So a breach counts only when it was seen
again and again, and a peak, from which a drawdown is measured, only when the figure has stayed there.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf

from attrs import define, field, frozen

from messages.risk import BreakerTrigger

__all__ = ["Confirmation", "Meter", "MeterLimits", "Patience", "Peak", "Trip"]


@frozen(slots=True)
class Patience:
    """How often, and over how many seconds, a figure must be seen before it counts."""

    observations: int = 3
    seconds: float = 5.0


@frozen(slots=True)
class Trip:
    """A trigger, and the figures that confirmed it."""

    trigger: BreakerTrigger
    text: str


@frozen(slots=True, kw_only=True)
class MeterLimits:
    """What a figure must not do; None is no limit. `fall_pct` is a fraction of the peak."""

    loss: Decimal | None = None
    fall: Decimal | None = None
    fall_pct: Decimal | None = None


@define(slots=True)
class Confirmation:
    """Counts observations in a row."""

    patience: Patience
    count: int = 0
    since: float = 0.0

    def observe(self, beyond: bool, now: float, seconds: float | None = None) -> bool:
        """Return whether that which was observed is confirmed; one observation to the contrary begins anew.

        `seconds` asks for more time than usual.
        """
        if not beyond:
            self.count = 0
            return False
        if not self.count:
            self.since = now
        self.count += 1
        long_enough = now - self.since >= (self.patience.seconds if seconds is None else seconds)
        return long_enough and self.count >= self.patience.observations


@define(slots=True)
class Peak:
    """The highest level at which a figure has stayed; None before there is one."""

    patience: Patience
    level: Decimal | None = None
    _low: Decimal = Decimal(0)
    _higher: Confirmation = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._higher = Confirmation(self.patience)

    def observe(self, figure: Decimal, now: float) -> Decimal | None:
        """Take a figure and return the peak."""
        higher = self.level is None or figure > self.level
        self._low = min(self._low, figure) if self._higher.count else figure
        if self._higher.observe(higher, now):
            self.level = self._low
            self._higher.count = 0
        return self.level


class Meter:
    """One figure (the broker's P&L, ours, the equity) against its limits."""

    def __init__(self, name: str, limits: MeterLimits, patience: Patience, start: Decimal | None = None) -> None:
        """`start` is the first peak, where the figure begins at a level that is known."""
        self.name = name
        self._limits = limits
        self._patience = patience
        self.begin(start)

    def begin(self, peak: Decimal | None) -> None:
        """Begin anew from this peak; None lets the figure find it."""
        self.peak = Peak(self._patience, peak)
        self._loss = Confirmation(self._patience)
        self._fall = Confirmation(self._patience)
        self.figure: Decimal | None = None
        self.suspicion = ""

    @property
    def watched(self) -> bool:
        """Whether there is any limit."""
        return self._limits != MeterLimits()

    def breach(self, figure: Decimal | None = None) -> Trip | None:
        """Return what a figure (the last one, where none is given) comes to, as if it were confirmed."""
        figure = self.figure if figure is None else figure
        if figure is None:
            return None
        return self._loss_in(figure) or self._fall_in(figure)

    def observe(self, figure: Decimal, now: float, seconds: float | None = None) -> Trip | None:
        """Take the figure; return what it has confirmed, each time until it is within its limits again.

        `seconds` asks for more time than usual.
        """
        self.figure = figure
        self.peak.observe(figure, now)
        loss, fall = self._loss_in(figure), self._fall_in(figure)
        lost = self._loss.observe(loss is not None, now, seconds)
        fallen = self._fall.observe(fall is not None, now, seconds)
        confirmed = (loss if lost else None) or (fall if fallen else None)
        unconfirmed = (None if lost else loss) or (None if fallen else fall)
        self.suspicion = unconfirmed.text if unconfirmed is not None else ""
        return confirmed

    @property
    def unsettled(self) -> bool:
        """Whether it looks for its first peak: the figure is not to be waited for until it changes by itself."""
        return self.watched and self.figure is not None and self.peak.level is None

    @property
    def suspected_since(self) -> float:
        """When the breach that stands now was first seen."""
        return min((each.since for each in (self._loss, self._fall) if each.count), default=inf)

    def _loss_in(self, figure: Decimal) -> Trip | None:
        limit = self._limits.loss
        if limit is None or -figure < limit:
            return None
        return Trip(BreakerTrigger.DAILY_LOSS, f"{self.name} {figure:f} reaches the limit of {limit:f}")

    def _fall_in(self, figure: Decimal) -> Trip | None:
        peak, limits = self.peak.level, self._limits
        if peak is None:
            return None
        fall = peak - figure
        if limits.fall is not None and fall >= limits.fall:
            text = f"{self.name} {figure:f} is {fall:f} below its peak of {peak:f}; the limit is {limits.fall:f}"
            return Trip(BreakerTrigger.DRAWDOWN, text)
        if limits.fall_pct is not None and peak > 0 and fall >= peak * limits.fall_pct:
            text = f"{self.name} {figure:f} is {fall / peak:.2%} below its peak of {peak:f}"
            return Trip(BreakerTrigger.DRAWDOWN, f"{text}; the limit is {limits.fall_pct:.2%}")
        return None
