"""The synthetic market's day where an exchange has one: from the calendar, in seconds of the feed's data.

    closed      nothing is told
    extended    before and after the regular session, where the calendar has that: a tenth of the rate, wide spreads
    regular     high after the open and before the close, low at noon: rate, volume, volatility and spread alike

The hours are those of the paper TWS's clock: at `speed` 60 a session of 6.5 hours holds 390 hours of data. A feed
without a pace (speed 0) goes through the hours of its own data.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from attrs import frozen

from simulator.feeds.walk import DAY
from simulator.venue.sessions import Session, Sessions

__all__ = ["PEAK", "Hours", "Mood", "Phase"]

PEAK = 1.8  # how much livelier than on average the market is at the open and at the close
_NOON = 0.6
_EXTENDED_PACE = 0.1  # of the average rate of ticks
_EXTENDED_LIVELY = 0.03  # of the average variance and volume in the same time
_EXTENDED_SPREAD = 3.0
_MOMENT = timedelta(milliseconds=1)


class Phase(Enum):
    """What hours these are."""

    CLOSED = "closed"
    EXTENDED = "extended"
    REGULAR = "regular"


@frozen(slots=True)
class Mood:
    """How the market behaves: each is 1 on average over a regular session of six and a half hours."""

    phase: Phase
    lively: float = 0.0  # variance and volume in the same time
    pace: float = 0.0  # ticks
    spread: float = 1.0


_CLOSED = Mood(Phase.CLOSED)
_EXTENDED = Mood(Phase.EXTENDED, _EXTENDED_LIVELY, _EXTENDED_PACE, _EXTENDED_SPREAD)


class Hours:
    """The hours of one exchange, asked in order of time."""

    def __init__(self, sessions: Sessions, opened: datetime, speed: float) -> None:
        """`opened` is when the feed began, `speed` how many seconds of its data pass in one of the clock."""
        self._sessions = sessions
        self._opened = opened
        self._speed = speed or 1.0
        self._take(sessions.current(opened))

    @property
    def ends(self) -> float:
        """When the session that is on, or the next one, ends, extended hours included."""
        return self._late

    def mood(self, elapsed: float) -> Mood:
        """Return the mood so many seconds after the feed began."""
        if elapsed >= self._late:
            self._go_on(elapsed)
        if elapsed < self._early:
            return _CLOSED
        if not self._opens <= elapsed < self._closes:
            return _EXTENDED
        part = (elapsed - self._opens) / (self._closes - self._opens)
        level = _NOON + (PEAK - _NOON) * (2 * part - 1) ** 2
        return Mood(Phase.REGULAR, level * self._share, level, level)

    def begins(self, elapsed: float) -> float:
        """Return when the market is open next; `elapsed` if it is."""
        if elapsed >= self._late:
            self._go_on(elapsed)
        return max(elapsed, self._early)

    def _go_on(self, elapsed: float) -> None:
        moment = self._opened + timedelta(seconds=elapsed / self._speed)
        # a moment later, as the end in seconds is not exact
        self._take(self._sessions.current(moment + _MOMENT))

    def _take(self, session: Session) -> None:
        self._early, self._opens = self._after(session.early), self._after(session.opens)
        self._closes, self._late = self._after(session.closes), self._after(session.late)
        length = (session.closes - session.opens).total_seconds()
        self._share = min(1.0, DAY / length)  # a longer day has no more of it

    def _after(self, moment: datetime) -> float:
        return (moment - self._opened).total_seconds() * self._speed
