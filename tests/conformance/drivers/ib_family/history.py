"""History.
Bars come in one message (17) whose end is implied; a request that keeps them up to date goes on with single bars
(90), in which close comes before high and low. Ticks of the past are 96 (midpoints), 97 (quotes) and 98 (trades),
the beginning of the data 88. What is not there is error 162,
and so is what was asked for too often. The hours of an exchange (106) are told since version 165.
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import VERSION, complained, ib, ibi, settle, unasked
from ib_family.scene import clock, hearing, pace, tick


@check
def day_bars_are_dated_by_day() -> None:
    (bar,) = ib.reqHistoricalData(AAPL, "", "1 D", "1 day", "TRADES", False)
    assert str(bar.date) == "2026-11-23"
    assert (bar.open, bar.high, bar.low, bar.close) == (99.98, 102, 99.85, 101)


@check
def bars_within_a_day_have_their_time() -> None:
    bars = ib.reqHistoricalData(AAPL, "", "3600 S", "5 secs", "TRADES", False, formatDate=2)
    assert [(bar.close, bar.volume) for bar in bars[-3:]] == [(100, 5), (102, 5), (101, 5)]
    assert bars[-1].date.isoformat() == "2026-11-23T15:00:25+00:00"
    same = ib.reqHistoricalData(AAPL, "", "3600 S", "5 secs", "TRADES", False, formatDate=1)
    assert same[-1].date == bars[-1].date
    quotes = ib.reqHistoricalData(AAPL, "", "3600 S", "1 min", "MIDPOINT", False)
    assert quotes[-1].close == 99.95
    (bid,) = ib.reqHistoricalData(AAPL, "", "3600 S", "1 min", "BID", False)
    (ask,) = ib.reqHistoricalData(AAPL, "", "3600 S", "1 min", "ASK", False)
    (both,) = ib.reqHistoricalData(AAPL, "", "3600 S", "1 min", "BID_ASK", True)
    assert (both.high, both.low) == (ask.high, bid.low)
    assert bid.low <= both.open < both.close <= ask.high


@check
def bars_are_kept_up_to_date() -> None:
    bars = ib.reqHistoricalData(AAPL, "", "3600 S", "1 min", "TRADES", False, keepUpToDate=True)
    count, updates = len(bars), []
    bars.updateEvent += lambda bars, new: updates.append((bars[-1].close, new))
    tick("AAPL", last=103.0, size=10)
    clock(1)
    assert (bars[-1].high, bars[-1].close, updates) == (103, 103, [(103, False)])
    clock(60)
    tick("AAPL", last=104.0, size=10)
    clock(1)
    assert (bars[-1].open, len(bars), updates[-1]) == (104, count + 1, (104, True))
    ib.cancelHistoricalData(bars)
    settle()
    complained("Error 162", "query cancelled")
    tick("AAPL", last=105.0, size=10)
    clock(1)
    assert bars[-1].close == 104


@check
def ticks_of_the_past_come_in_three_kinds() -> None:
    for kind, name in (
        ("TRADES", "HistoricalTickLast"),
        ("BID_ASK", "HistoricalTickBidAsk"),
        ("MIDPOINT", "HistoricalTick"),
    ):
        ticks = ib.reqHistoricalTicks(AAPL, "", "20261123 23:00:00 UTC", 5, kind, False)
        assert [type(one).__name__ for one in ticks] == [name] * 5, ticks
    trades = ib.reqHistoricalTicks(AAPL, "20261123 10:00:00 US/Eastern", "", 3, "TRADES", False)
    assert [(one.price, one.size) for one in trades] == [(99.98, 300), (99.95, 100), (99.85, 200)]


@check
def the_data_begin_with_the_first_tick() -> None:
    assert ib.reqHeadTimeStamp(AAPL, "TRADES", False, 2).isoformat() == "2026-11-23T15:00:00+00:00"


@check
def what_is_not_there_is_error_162() -> None:
    assert ib.reqHistoricalData(ibi.Stock("IBM", "SMART", "USD"), "", "1 D", "1 day", "TRADES", False)[:] == []
    complained("Error 162")


@check
def terms_that_make_no_sense_are_refused() -> None:
    assert ib.reqHistoricalData(AAPL, "tomorrow", "1 D", "1 day", "TRADES", False)[:] == []
    complained("Error 10314")
    ends = hearing("error")
    ib.reqHistoricalTicks(AAPL, "", "", 3, "TRADES", False)
    settle()
    assert [one[1] for one in ends] == [10187]
    complained("10187")


@check
def the_schedule_of_an_exchange_is_told() -> None:
    if VERSION < 165:
        errors = hearing("error")
        ib.client.reqHistoricalData(ib.client.getReqId(), AAPL, "", "2 D", "1 day", "SCHEDULE", True, 1, False, [])
        settle()
        unasked()
        assert [code for _, code, *_ in errors] == [321]
        return
    schedule = ib.reqHistoricalSchedule(AAPL, 2)
    assert schedule.timeZone == "US/Eastern"
    assert [one.refDate for one in schedule.sessions] == ["20261121", "20261122", "20261123"]


@check
def small_bars_asked_for_too_often_are_162() -> None:
    pace(50, 3)
    for _ in range(2):
        ib.reqHistoricalData(AAPL, "", "60 S", "1 secs", "TRADES", False)
    complained("Error 162", "pacing violation")
    for seconds in range(61, 66):  # with the first above, six of a kind
        ib.reqHistoricalData(AAPL, "", f"{seconds} S", "5 secs", "TRADES", False)
    complained("Error 162", "pacing violation")
    for _ in range(2):
        ib.reqHistoricalData(AAPL, "", "60 S", "1 min", "TRADES", False)
    pace(0, 0)
