"""Reads the query parameters of the API."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from simulator.signals.problem import Problem

__all__ = ["EASTERN", "flag", "number", "required", "span", "whole"]

EASTERN = ZoneInfo("America/New_York")


def required(query: QueryParams, name: str) -> str:
    """Return a parameter. Raises Problem 400 if it is missing."""
    if not (value := query.get(name, "").strip()):
        raise Problem(400, f"Missing required parameter: {name}")
    return value


def whole(query: QueryParams, name: str, default: int, least: int = 1, most: int = 10_000) -> int:
    """Return a whole number. Raises Problem 400."""
    text = query.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise Problem(400, f"Parameter {name} must be a whole number from {least} to {most}, not {text!r}")
    return value


def number(query: QueryParams, name: str, default: float | None) -> float | None:
    """Return a number. Raises Problem 400."""
    text = query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Problem(400, f"Parameter {name} must be a number, not {text!r}")
    return value


def flag(query: QueryParams, name: str) -> bool:
    """Return a yes or no. Raises Problem 400."""
    text = query.get(name, "false").lower()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise Problem(400, f"Parameter {name} must be true or false, not {text!r}")
    return text in ("true", "1", "yes")


def span(query: QueryParams, now: datetime, default: timedelta) -> tuple[datetime, datetime]:
    """Return start and end from start_date, start_time, end_date and end_time, Eastern; the last `default` without.

    A date alone means its beginning as a start, its end as an end; the future is cut off. Raises Problem 400.
    """
    end = _moment(query, "end", time.max) or now
    start = _moment(query, "start", time.min) or end - default
    if start > end:
        raise Problem(400, "The start lies after the end")
    return start, min(end, now)


def _moment(query: QueryParams, which: str, clock: time) -> datetime | None:
    day_text, clock_text = query.get(f"{which}_date"), query.get(f"{which}_time")
    if day_text is None:
        if clock_text is not None:
            raise Problem(400, f"Parameter {which}_time needs {which}_date")
        return None
    try:
        day = date.fromisoformat(day_text)
        clock = datetime.strptime(clock_text, "%H:%M").time() if clock_text is not None else clock
    except ValueError as error:
        raise Problem(400, f"Parameter {which}_date must be YYYY-MM-DD and {which}_time HH:MM") from error
    return datetime.combine(day, clock, EASTERN).astimezone(UTC)
