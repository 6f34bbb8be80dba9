"""Which part of a recording is played: `FROM..TO`, either of which may be left out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from attrs import frozen

from simulator.feeds.feed import FeedError

__all__ = ["EVERYTHING", "Span", "cut_span", "microseconds"]

_SPAN = re.compile(r"(.*)@([-\d:.TZ+ ]*)\.\.([-\d:.TZ+ ]*)", re.DOTALL)
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen(slots=True)
class Span:
    """From `start` on and before `stop`, in microseconds since 1970; None is open."""

    start: int | None = None
    stop: int | None = None


EVERYTHING = Span()


def microseconds(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def cut_span(text: str, zone: tzinfo) -> tuple[str, Span]:
    """Split `…@FROM..TO` into what is before the @ and the span; without one, everything is meant.

    FROM and TO are dates, or times by ISO 8601; in `zone` where they name none. A date as TO includes the day.
    Raises FeedError.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        return text, EVERYTHING
    rest, first, last = found.groups()
    start, stop = _moment(first, zone, end=False), _moment(last, zone, end=True)
    if start is not None and stop is not None and start >= stop:
        raise FeedError(f"feed: the span {first}..{last} ends before it begins")
    return rest, Span(start, stop)


def _moment(written: str, zone: tzinfo, *, end: bool) -> int | None:
    if not written:
        return None
    try:
        if _DATE.fullmatch(written):
            day = date.fromisoformat(written)
            return microseconds(datetime.combine(day + timedelta(days=end), time(), zone))
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        text = f"feed: {written!r} is no time; expected a date such as 2026-11-20 or a time such as 2026-11-20T09:30"
        raise FeedError(text) from error
    return microseconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))
