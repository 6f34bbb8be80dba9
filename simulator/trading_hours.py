"""The trading hours that contract details tell, as text in the contract's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from simulator.calendars import exchange_calendar, session_hours
from simulator.contracts import ContractDefinition

__all__ = ["hours_texts"]

DAYS = 6
_ALL_DAY = (time(0, 0), time(23, 59))
_PRE_MARKET = time(4, 0)
_AFTER_HOURS = timedelta(hours=4)  # 20:00 after a full day, 17:00 after a half day


def hours_texts(definition: ContractDefinition, calendar: str, now: datetime) -> tuple[str, str]:
    """Return trading hours and liquid hours for today and the next five days.

    With calendar `always` every day is open around the clock; else the contract's own exchange calendar is told,
    with holidays and half days. Form: `20261122:CLOSED;20261123:0930-20261123:1600`.
    """
    zone = ZoneInfo(definition.time_zone)
    first = now.astimezone(zone).date()
    days = [first + timedelta(days=ahead) for ahead in range(DAYS)]
    if calendar == "always":
        text = ";".join(_span(day, *_ALL_DAY) for day in days)
        return text, text
    return _exchange_hours(definition.calendar, definition.time_zone, first)


@lru_cache(maxsize=256)
def _exchange_hours(calendar: str, zone_name: str, first: date) -> tuple[str, str]:
    zone = ZoneInfo(zone_name)
    sessions = exchange_calendar(calendar, first - timedelta(days=7), first + timedelta(days=DAYS + 7))
    extended = calendar == "XNYS"
    trading, liquid = [], []
    for day in (first + timedelta(days=ahead) for ahead in range(DAYS)):
        label = day.isoformat()
        if not sessions.is_session(label):
            trading.append(f"{day:%Y%m%d}:CLOSED")
            liquid.append(f"{day:%Y%m%d}:CLOSED")
            continue
        opens, closes = (moment.astimezone(zone) for moment in session_hours(sessions, label))
        liquid.append(f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}")
        if extended:
            opens = opens.replace(hour=_PRE_MARKET.hour, minute=_PRE_MARKET.minute)
            closes += _AFTER_HOURS
        trading.append(f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}")
    return ";".join(trading), ";".join(liquid)


def _span(day: date, begin: time, end: time) -> str:
    return f"{day:%Y%m%d}:{begin:%H%M}-{day:%Y%m%d}:{end:%H%M}"
