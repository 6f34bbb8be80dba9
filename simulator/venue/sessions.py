"""When the market is open.

`always` is a market without a close: its trading day runs from midnight to midnight in New York, so that DAY orders
still end. Anything else is a calendar of exchange_calendars (`XNYS`, `XHKG`, …) with its holidays, half days and
daylight saving; hours before and after the regular session exist for New York alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import frozen

__all__ = ["Always", "ExchangeSessions", "Session", "Sessions", "open_sessions"]

NEW_YORK = ZoneInfo("America/New_York")
# US stocks trade from 4:00; after the close for four hours, so until 17:00 on a half day that closes at 13:00
_BEFORE = time(4, 0)
_AFTER = timedelta(hours=4)


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

    def current(self, now: datetime) -> Session:
        """Return the day of New York."""
        day = now.astimezone(NEW_YORK).date()
        begins, ends = (
            datetime.combine(date, time(), NEW_YORK).astimezone(UTC) for date in (day, day + timedelta(days=1))
        )
        return Session(begins, begins, ends, ends)


class ExchangeSessions:
    """An exchange's calendar."""

    def __init__(self, name: str) -> None:
        """Raise ValueError if exchange_calendars has no calendar `name`."""
        # imported here because it brings pandas, a second of start-up that `always` does not need
        import exchange_calendars

        try:
            self._calendar = exchange_calendars.get_calendar(name)
        except exchange_calendars.errors.InvalidCalendarName as error:
            raise ValueError(f"no exchange calendar is named {name!r}; New York is XNYS") from error
        self._extended = name in ("XNYS", "XNAS")
        self._known: Session | None = None

    def current(self, now: datetime) -> Session:
        """Return the session that is on at `now`, or else the next one."""
        known = self._known
        if known is not None and known.early <= now < known.late:
            return known
        label = self._calendar.date_to_session(now.date() - timedelta(days=1), direction="next")
        session = self._session(label)
        while session.late <= now:
            label = self._calendar.next_session(label)
            session = self._session(label)
        self._known = session
        return session

    def _session(self, label: object) -> Session:
        opens: datetime = self._calendar.session_open(label).to_pydatetime().astimezone(UTC)
        closes: datetime = self._calendar.session_close(label).to_pydatetime().astimezone(UTC)
        if not self._extended:
            return Session(opens, opens, closes, closes)
        early = datetime.combine(opens.astimezone(NEW_YORK).date(), _BEFORE, NEW_YORK).astimezone(UTC)
        return Session(early, opens, closes, closes + _AFTER)


def open_sessions(calendar: str) -> Sessions:
    """Return the sessions of `always` or of an exchange. Raises ValueError for an unknown name."""
    return Always() if calendar == "always" else ExchangeSessions(calendar)
