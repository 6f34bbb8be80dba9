"""When an order may execute and when it ends: time in force, sessions, good after and good till."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from simulator.model import Order
from simulator.venue.refusal import OrderRefused
from simulator.venue.sessions import NEW_YORK, Session, Sessions
from simulator.venue.terms import ORDER_TYPES
from simulator.venue.working import Stage, Working

__all__ = ["Schedule", "ignores_outside_hours", "locked", "parse_time", "schedule"]

OPENING = timedelta(minutes=15)  # an order on open that has not met a market by then is cancelled
LATEST = timedelta(days=366)  # how far ahead an order may begin: exchange calendars end some time
CLOSING = timedelta(minutes=10)  # how long before the close an order on close is the exchange's


@frozen(slots=True)
class Schedule:
    """When an order enters the market, has to leave it for the night, and ends. None: at once, never, never."""

    starts: datetime | None = None
    pauses: datetime | None = None
    expires: datetime | None = None


def schedule(order: Order, sessions: Sessions, now: datetime) -> Schedule:
    """Return the order's times as seen at `now`. Raises OrderRefused for times that cannot be."""
    good_after = parse_time(order.good_after, "good after") if order.good_after else None
    if good_after is not None and good_after > now + LATEST:
        raise OrderRefused(
            321, f"Error validating request.-'bR' : cause - Invalid good after time: {order.good_after!r}"
        )
    ready = max(now, good_after) if good_after else now
    if order.tif == "OPG":
        opens = _session(sessions, ready, lambda one: one.opens > ready).opens
        return Schedule(opens, None, opens + OPENING)
    if ORDER_TYPES[order.order_type].at_close:
        closes = _session(sessions, ready, lambda one: one.closes > ready).closes
        return Schedule(closes, None, closes)

    extended = order.outside_rth and not ignores_outside_hours(order)
    begins, ends = _session(sessions, ready, lambda one: one.bounds(extended)[1] > ready).bounds(extended)
    enters = max(begins, ready)
    starts = enters if enters > now else None
    expires = None
    if order.tif == "DAY":
        expires = ends
    elif order.tif == "GTD":
        expires = parse_time(order.good_till, "good till")
        if expires <= now:
            raise OrderRefused(201, "Order rejected - reason:The good till date is in the past")
    resumes = _session(sessions, ends, lambda one: one.bounds(extended)[0] >= ends).bounds(extended)[0]
    pauses = ends if order.tif in ("GTC", "GTD") and resumes > ends else None
    return Schedule(starts, pauses, expires)


def locked(working: Working, now: datetime) -> bool:
    """Whether an order on close can no longer be changed or cancelled: from 15:50 on, for US stocks (NYSE, Nasdaq)."""
    contract = working.definition.contract
    listed = (contract.sec_type, contract.currency) == ("STK", "USD")
    waits = working.terms.at_close and working.stage is Stage.SCHEDULED
    return listed and waits and working.starts is not None and now >= working.starts - CLOSING


def ignores_outside_hours(order: Order) -> bool:
    """Whether TWS ignores that the order is wanted outside regular hours, with warning 2109: a market order."""
    return order.outside_rth and order.order_type == "MKT"


def parse_time(text: str, name: str) -> datetime:
    """Read TWS's `YYYYMMDD HH:MM:SS [zone]` or `YYYYMMDD-HH:MM:SS` (UTC); New York where no zone is given.

    A date alone means its end; years beyond 9000 mean that year. Raises OrderRefused (error 321).
    """
    words = text.split()
    try:
        if len(words) == 1 and "-" in text:
            return _reckoned(datetime.strptime(text, "%Y%m%d-%H:%M:%S"), UTC)
        clock = words[1] if len(words) > 1 else "23:59:59"
        zone = ZoneInfo(words[2]) if len(words) > 2 else NEW_YORK
        return _reckoned(datetime.strptime(f"{words[0]} {clock}", "%Y%m%d %H:%M:%S"), zone)
    except (ValueError, IndexError, ZoneInfoNotFoundError) as error:
        raise OrderRefused(321, f"Error validating request.-'bR' : cause - Invalid {name} time: {text!r}") from error


def _reckoned(moment: datetime, zone: tzinfo) -> datetime:
    if moment.year < 1970:
        raise ValueError(f"long ago: {moment}")
    # the last years of datetime cannot be told in every zone
    return moment.replace(year=min(moment.year, 9000), tzinfo=zone).astimezone(UTC)


def _session(sessions: Sessions, at: datetime, wanted: Callable[[Session], bool]) -> Session:
    """Return the first session from `at` on that is wanted."""
    session = sessions.current(at)
    while not wanted(session):
        session = sessions.current(session.late)
    return session
