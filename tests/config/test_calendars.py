"""Exchange calendars: whole and half days, holidays, daylight saving."""

from datetime import UTC, datetime, time

import pytest

from actors.rules.day import DayEnds
from config.calendars import UnknownCalendarError, exchange_hours
from domain.rules import Facts


def new_york(now):
    return exchange_hours("XNYS", now)


@pytest.mark.parametrize(
    ("day", "flat_at", "closes"),
    [
        (datetime(2026, 10, 30, 15, tzinfo=UTC), (19, 59), (20, 0)),  # Friday before the change of the clocks
        (datetime(2026, 11, 2, 15, tzinfo=UTC), (20, 59), (21, 0)),  # Monday after it
        (datetime(2026, 11, 27, 15, tzinfo=UTC), (17, 59), (18, 0)),  # closes at 13:00
    ],
)
def test_the_day_ends_a_minute_before_the_close(day, flat_at, closes):
    hours = new_york(day)
    due = hours.before_close(time(15, 59), day)
    assert (due.hour, due.minute) == flat_at
    assert (hours.session(day).closes.hour, hours.session(day).closes.minute) == closes
    assert hours.is_open(day)


def test_holidays_and_weekends_have_no_session():
    for day in (datetime(2026, 11, 26, 15, tzinfo=UTC), datetime(2026, 11, 28, 15, tzinfo=UTC)):
        hours = new_york(day)
        assert hours.session(day) is None
        assert hours.before_close(time(15, 59), day) is None
        assert not hours.is_open(day)


def test_the_last_close_is_that_of_an_earlier_day_until_todays():
    friday = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)  # half a day
    for now, last in (
        (datetime(2026, 11, 27, 17, 59, 59, tzinfo=UTC), datetime(2026, 11, 25, 21, 0, tzinfo=UTC)),
        (friday, friday),
        (datetime(2026, 11, 30, 20, 0, tzinfo=UTC), friday),
    ):
        assert new_york(now).last_close(now) == last


def test_other_exchanges_have_their_own_clock():
    noon = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    hours = exchange_hours("XHKG", noon)
    assert str(hours.zone) == "Asia/Hong_Kong"
    assert hours.before_close(time(15, 55), noon) == datetime(2026, 11, 20, 7, 55, tzinfo=UTC)


def test_an_unknown_exchange_is_refused():
    with pytest.raises(UnknownCalendarError, match='"NOWHERE" is not an exchange calendar'):
        exchange_hours("NOWHERE", datetime(2026, 11, 20, tzinfo=UTC))


def test_the_end_of_the_day_is_told_once_a_session_and_made_up_for_after_a_start():
    ends = DayEnds({"AAPL": time(15, 59)}, Facts(lambda symbol, now: new_york(now)))
    told = []
    for day in (20, 23):
        for minute in (58, 59):
            for second in (0, 30, 59):
                now = datetime(2026, 11, day, 20, minute, second, tzinfo=UTC)
                told += [(event.time.day, event.time.minute, event.time.second) for event in ends.due(now)]
                assert ends.over("AAPL", now) is (minute == 59)
    assert told == [(20, 59, 0), (23, 59, 0)]
    late = DayEnds({"AAPL": time(15, 0)}, Facts(lambda symbol, now: new_york(now)))
    assert len(list(late.due(datetime(2026, 11, 20, 20, 50, tzinfo=UTC)))) == 1
    assert list(late.due(datetime(2026, 11, 20, 21, 0, tzinfo=UTC))) == []
