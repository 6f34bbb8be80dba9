"""Historical requests: regular hours, what is shown, schedules, dates; as the real client sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import ib_insync as ibi
import pytest
import trio
from trio_asyncio import aio_as_trio as aio

from simulator.faults.verbs import Jump
from simulator.venue.history import History

AAPL = ibi.Stock("AAPL", "SMART", "USD")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, ten in New York, as in the fixture
HOUR = timedelta(hours=1)


def bars(ib: ibi.IB, **terms: Any) -> Any:
    chosen = {"endDateTime": "", "durationStr": "1 D", "whatToShow": "TRADES", "useRTH": True, "formatDate": 2, **terms}
    return aio(ib.reqHistoricalDataAsync)(AAPL, **chosen)


def test_regular_hours_leave_out_nights_mornings_and_week_ends(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            regular = await bars(ib, durationStr="280800 S", barSizeSetting="1 min")
            friday = [bar.date for bar in regular if bar.date < NOW - timedelta(days=1)]
            assert (friday[0], friday[-1]) == (
                datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
                datetime(2026, 11, 20, 20, 59, tzinfo=UTC),
            )
            assert len(friday) == 390
            monday = [bar.date for bar in regular if bar.date > NOW - timedelta(days=1)]
            assert monday[0] == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
            whole = await bars(ib, durationStr="280800 S", barSizeSetting="1 min", useRTH=False)
            assert len(whole) == pytest.approx(78 * 60, abs=1)
            assert [one for one in whole if one.date in {bar.date for bar in regular}] == list(regular)

    in_memory(scenario, feed="synthetic:AAPL", calendar="XNYS")


def test_the_first_hour_begins_with_the_session_and_days_are_of_the_session_alone(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            end = "20261120 23:59:00 US/Eastern"
            hours = await bars(ib, endDateTime=end, durationStr="57600 S", barSizeSetting="1 hour")
            assert [f"{bar.date:%H:%M}" for bar in hours] == [
                *("14:30", "15:00", "16:00", "17:00", "18:00", "19:00", "20:00")
            ]
            *_, day = await bars(ib, endDateTime=end, barSizeSetting="1 day", formatDate=1)
            assert day.date == date(2026, 11, 20)
            assert (day.open, day.close, day.volume) == (hours[0].open, hours[-1].close, sum(b.volume for b in hours))
            assert (day.high, day.low) == (max(b.high for b in hours), min(b.low for b in hours))

    in_memory(scenario, feed="synthetic:AAPL", calendar="XNYS")


def test_a_half_day_ends_at_one(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.do(Jump(4 * 86_400 + 7 * 3_600))  # the day after Thanksgiving, five in the afternoon
        await trio.sleep(1)
        async with paper.client() as ib:
            schedule = await aio(ib.reqHistoricalScheduleAsync)(AAPL, 5, "", True)
            assert (schedule.timeZone, schedule.startDateTime, schedule.endDateTime) == (
                *("US/Eastern", "20261123-09:30:00", "20261127-13:00:00"),
            )
            assert [(one.refDate, one.endDateTime[9:]) for one in schedule.sessions] == [
                *(("20261123", "16:00:00"), ("20261124", "16:00:00"), ("20261125", "16:00:00")),
                ("20261127", "13:00:00"),
            ]
            extended = await aio(ib.reqHistoricalScheduleAsync)(AAPL, 1, "", False)
            assert [(one.startDateTime, one.endDateTime) for one in extended.sessions] == [
                ("20261127-04:00:00", "20261127-17:00:00")
            ]

    in_memory(scenario, calendar="XNYS")


def test_both_sides_in_one_bar(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.0, ask=101.0)
            await trio.sleep(15)
            paper.tick("AAPL", bid=99.4, ask=100.2)
            await trio.sleep(15)
            paper.tick("AAPL", bid=98.0, ask=103.0)
            await trio.sleep(30)
            (bar,) = await bars(ib, barSizeSetting="1 min", whatToShow="BID_ASK")
            assert (bar.low, bar.high) == (98.0, 103.0), "the lowest bid, the highest ask"
            assert bar.open == pytest.approx((99.0 + 99.4 + 2 * 98.0) / 4), "the average bid over time"
            assert bar.close == pytest.approx((101.0 + 100.2 + 2 * 103.0) / 4), "the average ask"
            assert bar.volume == -1

    in_memory(scenario)


@pytest.mark.parametrize("what", ["TRADES", "BID", "ASK", "MIDPOINT"])
def test_each_kind_is_kept_up_to_date_in_the_session_alone(in_memory: Any, settle: Any, what: str) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.0, ask=101.0, last=100.0)
            found = await bars(ib, barSizeSetting="1 min", whatToShow=what, keepUpToDate=True)
            close = {"TRADES": 103.0, "BID": 102.0, "ASK": 104.0, "MIDPOINT": 103.0}[what]
            await trio.sleep(60)
            paper.tick("AAPL", bid=102.0, ask=104.0, last=103.0)
            await trio.sleep(1)
            assert (found[-1].close, found[-1].date) == (close, NOW + timedelta(minutes=1))
            paper.broker.faults.do(Jump(7 * 3600))  # five in the afternoon
            await trio.sleep(1)
            paper.tick("AAPL", bid=109.0, ask=111.0, last=110.0)
            await trio.sleep(1)
            assert found[-1].close == close

    in_memory(scenario, calendar="XNYS")


def test_ticks_and_five_second_bars_keep_the_hours_too(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            regular, every = (ib.reqRealTimeBars(AAPL, 5, "TRADES", useRTH) for useRTH in (True, False))
            await trio.sleep(1)
            paper.tick("AAPL", last=100.0)
            await trio.sleep(10)
            assert len(regular) == len(every) > 0
            paper.broker.faults.do(Jump(7 * 3600))
            await trio.sleep(5.5)
            told = len(regular)
            paper.tick("AAPL", last=110.0)
            await trio.sleep(20)
            assert len(regular) == told
            assert every[-1].close == 110.0
            until = "20991231 00:00:00 UTC"
            prices = {
                hours: [
                    tick.price for tick in await aio(ib.reqHistoricalTicksAsync)(AAPL, "", until, 9, "TRADES", hours)
                ]
                for hours in (True, False)
            }
            assert prices == {True: [100.0], False: [100.0, 110.0]}

    in_memory(scenario, calendar="XNYS")


def test_dates_are_text_or_seconds_as_asked(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", last=100.0)
            told: list[str] = []
            ib.wrapper.historicalData = lambda req_id, bar: told.append(bar.date)
            for date_format in (1, 2):
                for size in ("1 min", "1 day"):
                    ib.client.reqHistoricalData(
                        ib.client.getReqId(), AAPL, "", "1 D", size, "TRADES", True, date_format, False, []
                    )
            await trio.sleep(1)
            assert told == ["20261123 10:00:00 US/Eastern", "20261123", "1795446000", "20261123"]

    in_memory(scenario)


def test_rows_on_the_edge_of_the_hours() -> None:
    history = History()
    for second in (-1, 0, 59, 3599, 3600):
        history.add(1, 4, 100.0 + second, 1, NOW + timedelta(seconds=second))
    opens = NOW.timestamp()
    (bar,) = history.bars(1, 3600, NOW - HOUR, NOW + 2 * HOUR, hours=[(opens, opens + 3600)])
    assert (bar.time, bar.open, bar.close, bar.count) == (NOW, 100.0, 3699.0, 3)
    late = [(opens + 30, opens + 3600)]
    (bar,) = history.bars(1, 3600, NOW - HOUR, NOW + 2 * HOUR, hours=late)
    assert (bar.time, bar.count) == (NOW + timedelta(seconds=30), 2)
    assert history.bars(1, 3600, NOW - HOUR, NOW + 2 * HOUR, hours=[]) == []


@pytest.mark.parametrize("what", ["TRADES", "SCHEDULE"])
@pytest.mark.parametrize(
    ("end", "duration", "code"),
    [
        ("00010101 00:00:00", "1 Y", 10314),
        ("19000101 00:00:00", "1 Y", 10314),
        ("19710101 00:00:00", "1 Y", None),
        ("20991231 00:00:00", "1 Y", None),
        ("90001231 00:00:00", "1 D", None),
        ("", "50 Y", 321),
        ("", "999999 Y", 321),
    ],
)
def test_times_beyond_all_data_end_nothing_but_the_request(
    in_memory: Any, settle: Any, what: str, end: str, duration: str, code: int | None
) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", last=100.0)
            codes: list[int] = []
            ib.wrapper.error = lambda req_id, code, text, *rest: codes.append(code)
            ib.client.reqHistoricalData(9001, AAPL, end, duration, "1 day", what, True, 1, False, [])
            await settle(ib)
            assert codes == ([code] if code else [162] if what == "TRADES" else [])

    in_memory(scenario, calendar="XNYS")
