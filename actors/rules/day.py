"""The end of a symbol's day: when it is to be flat, and that nothing is opened after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from domain.rules import Facts
from messages.schedule import SessionEndingEvent

__all__ = ["DayEnds"]

AGAIN = timedelta(seconds=15)


class DayEnds:
    """Tells when `flatten_at` has come for a symbol, by its exchange's clock and calendar.

    After a start in between it is told too. Pure: time is given.
    """

    def __init__(self, times: Mapping[str, time], facts: Facts) -> None:
        """`times` maps a symbol to its time on a whole day; `facts` know the exchange's hours, and what is held."""
        self._times = times
        self._facts = facts
        self._told: dict[str, tuple[date, datetime]] = {}  # symbol → session, and when it was told last
        self._looked: datetime | None = None  # for what is held over a close

    def __len__(self) -> int:
        return len(self._times)

    def due(self, now: datetime) -> Iterator[SessionEndingEvent]:
        """Yield what is to be told now: once a session, and again while something is held."""
        for symbol in self._times:
            closes = self._ending(symbol, now)
            if closes is None:
                continue
            day, last = self._told.get(symbol, (None, now))
            view = self._facts.position(symbol)
            held = view is not None and bool(view.quantity)
            if day != closes.date() or (held and now - last >= AGAIN):
                self._told[symbol] = (closes.date(), now)
                yield SessionEndingEvent(symbol, now, closes)

    def held_over(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        """Yield each symbol that is held since before its exchange's last close, and that close; at most every 15 s.

        `flatten_at` came and went while nothing ran, or the clock was set beyond it, or nobody bought.
        """
        if self._looked is not None and abs(now - self._looked) < AGAIN:
            return
        self._looked = now
        for symbol in self._times:
            view = self._facts.position(symbol)
            if view is None or not view.quantity or view.opened is None:
                continue
            closed = self._facts.hours(symbol, now).last_close(now)
            if closed is not None and view.opened < closed:
                yield symbol, closed

    def over(self, symbol: str, now: datetime) -> bool:
        """Whether the symbol is to be flat until the session's close."""
        return symbol in self._times and self._ending(symbol, now) is not None

    def _ending(self, symbol: str, now: datetime) -> datetime | None:
        """Return when the session closes, where `flatten_at` has come and the close has not."""
        hours = self._facts.hours(symbol, now)
        session, at = hours.session(now), hours.before_close(self._times[symbol], now)
        if session is None or at is None or not at <= now < session.closes:
            return None
        return session.closes
