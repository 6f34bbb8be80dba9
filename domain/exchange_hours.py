"""When an exchange is open: its sessions by day, half days included. Pure; `config.calendars` reads the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

__all__ = ["ExchangeHours", "Session"]


@frozen(slots=True)
class Session:
    """One day's trading; both times are aware."""

    opens: datetime
    closes: datetime


@frozen(slots=True, eq=False)
class ExchangeHours:
    """The sessions of an exchange by its own dates. A date without one is a day on which it does not open."""

    name: str
    zone: ZoneInfo
    sessions: Mapping[date, Session]
    usual_close: time  # in the exchange's zone, on a whole day

    def local(self, now: datetime) -> datetime:
        """Return this instant as the exchange's clock shows it."""
        return now.astimezone(self.zone)

    def session(self, now: datetime) -> Session | None:
        """Return the session of the exchange's date of this instant."""
        return self.sessions.get(self.local(now).date())

    def is_open(self, now: datetime) -> bool:
        """Whether this instant lies in a session."""
        session = self.session(now)
        return session is not None and session.opens <= now < session.closes

    def last_close(self, now: datetime) -> datetime | None:
        """Return the last close before this instant; None where there was none in ten days."""
        today = self.local(now).date()
        for back in range(10):
            session = self.sessions.get(today - timedelta(days=back))
            if session is not None and session.closes <= now:
                return session.closes
        return None

    def before_close(self, at: time, now: datetime) -> datetime | None:
        """Return the instant of today's session that is as long before its close as `at` is before the usual one.

        15:59 is 12:59 on a day that ends at 13:00. None on a day without a session.
        """
        session = self.session(now)
        if session is None:
            return None
        day = self.local(now).date()
        early = datetime.combine(day, self.usual_close) - datetime.combine(day, at)
        return session.closes - early
