"""What a historical request asks: its span, its bars and how dates are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from simulator.server.intervals import DAY
from simulator.wire.order_answers import TWS_ZONE
from simulator.wire.requests import ReqHistoricalData

__all__ = ["BAR_SECONDS", "KINDS", "BadTerms", "HistoryTerms", "parse_moment", "read_terms", "tell_date"]

BAR_SECONDS = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1200,
    "30 mins": 1800,
    "1 hour": 3600,
    "2 hours": 7200,
    "3 hours": 10800,
    "4 hours": 14400,
    "8 hours": 28800,
    "1 day": 86400,
    "1 week": 604800,
    "1 month": 2592000,
}
"""bar size as TWS names it → seconds"""

_UNITS = {"S": 1, "D": 86400, "W": 604800, "M": 2592000, "Y": 31536000}
KINDS = frozenset({"TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"})
"""what to show, as far as the venue keeps it"""

_LONGEST = timedelta(days=40 * 366)

_SPELLINGS = {"1 sec": "1 secs", "1 hours": "1 hour", "1D": "1 day", "1 days": "1 day", "1 mins": "1 min"}
_DURATION = re.compile(r"(\d{1,6}) ?([SDWMY])?", re.ASCII)


class BadTerms(ValueError):
    """What TWS answers with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@frozen(slots=True)
class HistoryTerms:
    """A historical request in seconds and times."""

    start: datetime
    end: datetime
    bar_seconds: int
    what: str
    regular_hours: bool

    @property
    def intraday(self) -> bool:
        """Whether bars are shorter than a day; the dates of others have no time."""
        return self.bar_seconds < DAY


def read_terms(request: ReqHistoricalData, now: datetime) -> HistoryTerms:
    """Return what is asked at `now`. Raises BadTerms."""
    bar_size = _SPELLINGS.get(request.bar_size, request.bar_size)
    seconds = BAR_SECONDS.get(bar_size)
    if seconds is None:
        text = "Historical data bar size setting is invalid. Legal ones are: " + ",".join(BAR_SECONDS)
        raise BadTerms(321, f"Error validating request.-'bL' : cause - {text}")
    if request.what not in KINDS and request.what != "SCHEDULE":
        raise BadTerms(321, f"Error validating request.-'bL' : cause - Unsupported data type {request.what}")
    duration = _DURATION.fullmatch(request.duration.strip())
    if duration is None or int(duration[1]) == 0:
        raise BadTerms(321, "Error validating request.-'bL' : cause - Invalid duration")
    if request.keep_up_to_date and request.end:
        raise BadTerms(321, "Error validating request.-'bL' : cause - End date not supported with keepUpToDate")
    if request.keep_up_to_date and request.what in ("BID_ASK", "SCHEDULE"):
        raise BadTerms(321, f"Error validating request.-'bL' : cause - {request.what} cannot be kept up to date")
    end = parse_moment(request.end) if request.end else now
    span = timedelta(seconds=int(duration[1]) * _UNITS[duration[2] or "S"])
    if span > _LONGEST:
        raise BadTerms(321, "Error validating request.-'bL' : cause - Duration is too long")
    return HistoryTerms(end - span, end, seconds, request.what, request.regular_hours)


def parse_moment(written: str) -> datetime:
    """Read `yyyymmdd hh:mm:ss [zone]` in TWS's zone, or `yyyymmdd-hh:mm:ss` in UTC. Raises BadTerms."""
    try:
        if "-" in written[:9]:
            return _told(datetime.strptime(written, "%Y%m%d-%H:%M:%S"), UTC)
        date, clock, *zone = written.split()
        moment = datetime.strptime(f"{date} {clock}", "%Y%m%d %H:%M:%S")
        return _told(moment, ZoneInfo(zone[0]) if zone else TWS_ZONE)
    except (ValueError, ZoneInfoNotFoundError) as error:
        text = f"Error validating request.-'bL' : cause - Invalid date or time: {written}"
        raise BadTerms(10314, text) from error


def _told(moment: datetime, zone: tzinfo) -> datetime:
    if not 1970 <= moment.year <= 9000:  # what lies beyond cannot be reckoned with in every zone
        raise ValueError(f"no such year: {moment.year}")
    return moment.replace(tzinfo=zone)


def tell_date(moment: datetime, date_format: int, *, intraday: bool) -> str:
    """Return a bar's date: `20261122 09:30:00 US/Eastern`, seconds since 1970 for format 2, a date for days."""
    if not intraday:
        return moment.astimezone(TWS_ZONE).strftime("%Y%m%d")
    if date_format == 2:
        return str(int(moment.timestamp()))
    return moment.astimezone(TWS_ZONE).strftime("%Y%m%d %H:%M:%S ") + TWS_ZONE.key
