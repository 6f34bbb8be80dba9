"""When a position is left because of the time alone, over changes of the clocks too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.time_exits import leaves_at, time_of_day
from messages.position import ExitPlan

NEW_YORK = ZoneInfo("America/New_York")
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda one: one.replace(tzinfo=UTC))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("plan", "opened", "expected"),
    [
        (ExitPlan(exit_after_seconds=5400), "2026-11-20T15:00:30+00:00", "2026-11-20T16:30:30+00:00"),
        (ExitPlan(exit_at="15:45"), "2026-11-20T15:00:00+00:00", "2026-11-20T20:45:00+00:00"),
        # at that very moment, and after it: the next day
        (ExitPlan(exit_at="15:45"), "2026-11-20T20:45:00+00:00", "2026-11-21T20:45:00+00:00"),
        # Friday after the clocks went back between: an hour later by UTC, the same on the exchange's clock
        (ExitPlan(exit_at="15:45"), "2026-10-30T20:00:00+00:00", "2026-10-31T19:45:00+00:00"),
        (ExitPlan(exit_at="15:45"), "2026-10-31T20:00:00+00:00", "2026-11-01T20:45:00+00:00"),
        (ExitPlan(exit_at="15:45"), "2026-03-07T21:00:00+00:00", "2026-03-08T19:45:00+00:00"),
        # a time that the clocks leave out is taken as they would have shown it
        (ExitPlan(exit_at="02:30"), "2026-03-08T05:00:00+00:00", "2026-03-08T07:30:00+00:00"),
        # bars of five minutes: the one in which it was opened is the first
        (ExitPlan(exit_after_bars=1, bar_seconds=300), "2026-11-20T15:03:00+00:00", "2026-11-20T15:05:00+00:00"),
        (ExitPlan(exit_after_bars=12, bar_seconds=300), "2026-11-20T15:05:00+00:00", "2026-11-20T16:05:00+00:00"),
        # the first of several
        (ExitPlan(exit_after_seconds=60, exit_at="15:45"), "2026-11-20T20:44:30+00:00", "2026-11-20T20:45:00+00:00"),
    ],
)
def test_the_moment_follows_from_plan_and_opening(plan: ExitPlan, opened: str, expected: str) -> None:
    assert leaves_at(plan, moment(opened), NEW_YORK) == moment(expected)


def test_a_plan_without_times_is_for_ever() -> None:
    assert leaves_at(ExitPlan(), moment("2026-11-20T15:00:00+00:00"), NEW_YORK) is None


@given(moments, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_within_the_next_day_and_shows_on_the_exchanges_clock(
    opened: datetime, hour: int, minute: int
) -> None:
    leaves = leaves_at(ExitPlan(exit_at=f"{hour}:{minute:02}"), opened, NEW_YORK)
    assert leaves is not None
    assert opened < leaves <= opened + timedelta(hours=25)
    local = leaves.astimezone(NEW_YORK)
    skipped = hour in (2, 3) and local.utcoffset() != opened.astimezone(NEW_YORK).utcoffset()
    assert (local.hour, local.minute) == (hour, minute) or skipped


@given(moments, st.integers(1, 100), st.sampled_from([60, 300, 900, 3600]))
def test_bars_end_on_the_clock(opened: datetime, bars: int, seconds: int) -> None:
    leaves = leaves_at(ExitPlan(exit_after_bars=bars, bar_seconds=seconds), opened, NEW_YORK)
    assert leaves is not None
    assert leaves.timestamp() % seconds == 0
    assert timedelta(seconds=(bars - 1) * seconds) < leaves - opened <= timedelta(seconds=bars * seconds)


@pytest.mark.parametrize(
    "plan",
    [
        ExitPlan(exit_after_seconds=0),
        ExitPlan(exit_after_bars=3),
        ExitPlan(bar_seconds=3),
        ExitPlan(exit_after_bars=-1, bar_seconds=60),
        ExitPlan(exit_at="25:00"),
        ExitPlan(exit_at="noon"),
    ],
)
def test_impossible_times_are_refused(plan: ExitPlan) -> None:
    with pytest.raises(ValueError):
        leaves_at(plan, moment("2026-11-20T15:00:00+00:00"), NEW_YORK)


def test_a_time_of_day_is_read() -> None:
    assert time_of_day("9:30").isoformat() == "09:30:00"
