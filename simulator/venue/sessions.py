"""When the market is open.

`always` is a market without a close: its trading day runs from midnight to midnight in New York, so that DAY orders
still end. With any other calendar each contract has the sessions of its own exchange, with holidays, half days and
daylight saving; hours before and after the regular session exist for New York alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import frozen

from simulator.calendars import exchange_calendar, session_hours
from simulator.contracts import ContractDefinition

__all__ = ["Always", "Calendars", "ExchangeSessions", "Session", "Sessions"]

NEW_YORK = ZoneInfo("America/New_York")
# US stocks trade from 4:00; after the close for four hours, so until 17:00 on a half day that closes at 13:00
_BEFORE = time(4, 0)
_AFTER = timedelta(hours=4)
_EXTENDED = frozenset({"XNYS", "XNAS"})

# how much of a calendar is held at a time, and how near its end it is renewed
_BACK, _AHEAD, _MARGIN = timedelta(days=30), timedelta(days=730), timedelta(days=30)


@frozen(slots=True)
class Session:
    """One trading day; aware times in UTC. Extended hours begin at `early` and end at `late`."""

    early: datetime
    opens: datetime
    closes: datetime
    late: datetime

    def bounds(self, extended: bool) -> tuple[datetime, datetime]:
        """Return the hours in which an order may execute; `extended` is TWS's outsideRth."""
        return (self.early, self.late) if extended else (self.opens, self.closes)


class Sessions(Protocol):
    """A trading calendar."""

    def current(self, now: datetime) -> Session:
        """Return the session that is on at `now`, extended hours included, or else the next one."""
        ...


class Always:
    """Open at any hour."""

    def __init__(self) -> None:
        self._known: Session | None = None

    def current(self, now: datetime) -> Session:
        """Return the day of New York."""
        known = self._known
        if known is not None and known.early <= now < known.late:
            return known
        day = now.astimezone(NEW_YORK).date()
        begins, ends = (
            datetime.combine(date, time(), NEW_YORK).astimezone(UTC) for date in (day, day + timedelta(days=1))
        )
        self._known = Session(begins, begins, ends, ends)
        return self._known


class ExchangeSessions:
    """An exchange's calendar."""

    def __init__(self, name: str, around: datetime) -> None:
        """Raise ValueError if there is no calendar `name`. `around` is a time near which it will be asked."""
        self._name = name
        self._extended = name in _EXTENDED
        self._known: Session | None = None
        self._open_calendar(around)

    def current(self, now: datetime) -> Session:
        """Return the session that is on at `now`, or else the next one."""
        known = self._known
        if known is not None and known.early <= now < known.late:
            return known
        if not self._first <= now.date() <= self._last - _MARGIN:
            self._open_calendar(now)
        # a session may have begun the day before, in UTC
        label = self._calendar.date_to_session((now - timedelta(days=1)).date().isoformat(), direction="next")
        session = self._session(label)
        while session.late <= now:
            label = self._calendar.next_session(label)
            session = self._session(label)
        self._known = session
        return session

    def _open_calendar(self, around: datetime) -> None:
        self._first, self._last = around.date() - _BACK, around.date() + _AHEAD
        self._calendar = exchange_calendar(self._name, self._first - _MARGIN, self._last)

    def _session(self, label: object) -> Session:
        opens, closes = session_hours(self._calendar, label)
        opens, closes = opens.astimezone(UTC), closes.astimezone(UTC)
        if not self._extended:
            return Session(opens, opens, closes, closes)
        early = datetime.combine(opens.astimezone(NEW_YORK).date(), _BEFORE, NEW_YORK).astimezone(UTC)
        return Session(early, opens, closes, closes + _AFTER)


class Calendars:
    """Which sessions a contract has: none that end with `always`, else those of its own exchange."""

    def __init__(self, calendar: str, now: datetime) -> None:
        """`calendar` is `always`, or the exchange by which the accounts' days are counted.

        Raises ValueError for an unknown name.
        """
        self._now = now
        self.main: Sessions = Always() if calendar == "always" else ExchangeSessions(calendar, now)
        self.always = calendar == "always"
        self._by_name: dict[str, Sessions] = {calendar: self.main}
        self._past_by_name: dict[str, Sessions] = {}

    def of(self, definition: ContractDefinition) -> Sessions:
        """Return the contract's sessions."""
        if self.always:
            return self.main
        name = definition.calendar
        if name not in self._by_name:
            self._by_name[name] = ExchangeSessions(name, self._now)
        return self._by_name[name]

    def between(self, definition: ContractDefinition, start: datetime, end: datetime) -> list[Session]:
        """Return the contract's sessions that are on at some time of `[start, end)`, extended hours included."""
        # calendars apart from those of the present, which hold only some time around it
        name = definition.calendar
        sessions = self.main if self.always else self._past_by_name.setdefault(name, ExchangeSessions(name, start))
        found = []
        session = sessions.current(start)
        while session.early < end:
            found.append(session)
            session = sessions.current(session.late)
        return found
