"""The calendars of the exchanges: whether they know the weeks to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from config.calendars import UnknownCalendarError, exchange_hours
from config.settings import Settings
from supervisors.doctor.finding import Finding, fail, ok, warn

__all__ = ["check_calendars"]

_AHEAD = timedelta(days=30)


def check_calendars(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Each calendar that is used: the next session, and how far it goes."""
    names = dict.fromkeys([settings.defaults.calendar, *(settings.calendar(symbol) for symbol in settings.symbols)])
    for name in names:
        try:
            sessions = exchange_hours(name, now).sessions
        except UnknownCalendarError as error:
            yield fail("calendar", str(error), "correct `calendar` in [defaults] or [symbols.X]")
            continue
        ahead = [session for session in sessions.values() if session.closes > now]
        if not ahead or max(sessions) < (now + _AHEAD).date():
            text = f"{name} knows no session in a month from now"
            yield warn("calendar", text, "install a newer exchange_calendars")
            continue
        following = min(ahead, key=lambda session: session.opens)
        word = "open until" if following.opens <= now else "opens"
        moment = following.closes if following.opens <= now else following.opens
        yield ok("calendar", f"{name}: {word} {moment:%a %Y-%m-%d %H:%M} UTC, known until {max(sessions)}")
