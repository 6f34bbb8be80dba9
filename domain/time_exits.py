"""When a position is left because of the time alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from messages.position import ExitPlan

__all__ = ["check_times", "leaves_at", "time_of_day", "zone_of"]


def time_of_day(text: str) -> time:
    """Return "15:45" as a time. Raises ValueError."""
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if match is None:
        raise ValueError(f'"{text}" is not a time of day such as 15:45')
    return time(int(match[1]), int(match[2]))


def zone_of(name: str) -> ZoneInfo:
    """Return the exchange's time zone by the broker's name for it, New York's where that is none."""
    try:
        return ZoneInfo(name) if name else ZoneInfo("America/New_York")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("America/New_York")


def check_times(plan: ExitPlan) -> None:
    """Raise ValueError where the times of a plan make no sense."""
    for name in ("exit_after_seconds", "exit_after_bars", "bar_seconds"):
        value = getattr(plan, name)
        if value is not None and value <= 0:
            raise ValueError(f"{name} is a number above 0, not {value}")
    if (plan.exit_after_bars is None) != (plan.bar_seconds is None):
        raise ValueError("bars have a number and a length")
    if plan.exit_at is not None:
        time_of_day(plan.exit_at)


def leaves_at(plan: ExitPlan, opened: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant (UTC) at which a position opened then (aware) is left, the first of several; None for never.

    Minutes count on, whether or not the exchange is open. Bars are those of the clock: of five minutes, at :00, :05, …
    of the exchange's day. A time of day is the next one after the first fill, on the exchange's clock: the same wall
    time on a day on which the clocks change.

    Raises:
        ValueError: as `check_times`.
    """
    check_times(plan)
    found = []
    if plan.exit_after_seconds is not None:
        found.append(opened + timedelta(seconds=plan.exit_after_seconds))
    if plan.exit_after_bars is not None and plan.bar_seconds is not None:
        local = opened.astimezone(zone)
        midnight = datetime.combine(local.date(), time(0), zone).astimezone(UTC)
        bar = (opened - midnight) // timedelta(seconds=plan.bar_seconds)
        found.append(midnight + (bar + plan.exit_after_bars) * timedelta(seconds=plan.bar_seconds))
    if plan.exit_at is not None:
        clock, day = time_of_day(plan.exit_at), opened.astimezone(zone).date()
        first = datetime.combine(day, clock, zone).astimezone(UTC)
        if first <= opened:
            first = datetime.combine(day + timedelta(days=1), clock, zone).astimezone(UTC)
        found.append(first)
    return min(found).astimezone(UTC) if found else None
