"""Exchange calendars from exchange_calendars, read once and kept as plain dates."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.exchange_hours import ExchangeHours, Session

__all__ = ["UnknownCalendarError", "exchange_hours"]

_BEFORE, _AFTER = timedelta(days=10), timedelta(days=400)


class UnknownCalendarError(ValueError):
    """There is no calendar of this name."""


def exchange_hours(name: str, now: datetime) -> ExchangeHours:
    """Return the sessions of an exchange (`XNYS`, `XHKG`, …) of the year of `now` and a month around it.

    The first call for a name and a year takes up to a second. Raises UnknownCalendarError.
    """
    return _read(name, now.year)


@lru_cache(maxsize=32)
def _read(name: str, year: int) -> ExchangeHours:
    # imported here because it brings pandas, half a second of start-up that a process without rules on hours does
    # without
    import exchange_calendars

    begin = datetime(year, 1, 1)
    with warnings.catch_warnings():
        # exchange_calendars 4.13 uses what pandas 3.1 is going to change
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            calendar = exchange_calendars.get_calendar(
                name, start=(begin - _BEFORE).date().isoformat(), end=(begin + _AFTER).date().isoformat()
            )
        except exchange_calendars.errors.InvalidCalendarName as error:
            raise UnknownCalendarError(f'"{name}" is not an exchange calendar; New York is "XNYS"') from error
        schedule = calendar.schedule
        sessions = {
            label.date(): Session(opens.to_pydatetime(), closes.to_pydatetime())
            for label, opens, closes in zip(schedule.index, schedule["open"], schedule["close"], strict=True)
        }
    zone = ZoneInfo(str(calendar.tz))
    usual = calendar.close_times[-1][1]
    return ExchangeHours(name, zone, sessions, usual)
