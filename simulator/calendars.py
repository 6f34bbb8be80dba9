"""Opens the calendars of exchange_calendars."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from typing import Any

__all__ = ["exchange_calendar", "session_hours"]


def exchange_calendar(name: str, first: date, last: date) -> Any:
    """Return the calendar of an exchange (`XNYS`, `XHKG`, …) for these days. Raises ValueError for an unknown name."""
    # imported here because it brings pandas, half a second of start-up that most runs do without
    import exchange_calendars

    with warnings.catch_warnings():
        # exchange_calendars 4.13 uses what pandas 3.1 is going to change
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return exchange_calendars.get_calendar(name, start=first.isoformat(), end=last.isoformat())
        except exchange_calendars.errors.InvalidCalendarName as error:
            raise ValueError(f"no exchange calendar is named {name!r}; New York is XNYS") from error


def session_hours(calendar: Any, label: object) -> tuple[datetime, datetime]:
    """Return when a session of the calendar opens and closes, aware."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        opens: datetime = calendar.session_open(label).to_pydatetime()
        closes: datetime = calendar.session_close(label).to_pydatetime()
    return opens, closes
