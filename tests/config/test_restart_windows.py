"""Daily windows of local time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.windows import RestartWindow

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (datetime(2026, 11, 22, 23, 39, 59, tzinfo=NEW_YORK), False),
        (datetime(2026, 11, 22, 23, 40, tzinfo=NEW_YORK), True),
        (datetime(2026, 11, 23, 0, 9, 59, tzinfo=NEW_YORK), True),
        (datetime(2026, 11, 23, 0, 10, tzinfo=NEW_YORK), False),
        (datetime(2026, 11, 23, 4, 45, tzinfo=UTC), True),  # winter: UTC−5
        (datetime(2026, 7, 23, 3, 45, tzinfo=UTC), True),  # summer: UTC−4
        (datetime(2026, 7, 23, 4, 45, tzinfo=UTC), False),
    ],
)
def test_a_window_over_midnight_follows_the_clocks_of_its_zone(moment: datetime, inside: bool) -> None:
    assert RestartWindow.parse("23:40-00:10 America/New_York").contains(moment) is inside


def test_a_window_lasts_as_long_on_the_days_when_the_clocks_change_elsewhere_in_the_day() -> None:
    window = RestartWindow.parse("23:40-00:10 America/New_York")
    for day in (datetime(2026, 3, 8, 12, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)):
        minutes = sum(window.contains(day + timedelta(minutes=minute)) for minute in range(24 * 60))
        assert minutes == 30


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        RestartWindow.parse("01:00-02:00 UTC").contains(datetime(2026, 1, 1, 1))


@pytest.mark.parametrize(
    "text", ["", "1-2 UTC", "25:00-01:00 UTC", "01:00-01:00 UTC", "01:00-02:00 ../x", "01:00-02:00"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        RestartWindow.parse(text)
