"""History.
Bars come in one message (17) whose end is implied; a request that keeps them up to date goes on with single bars
(90), in which close comes before high and low. Ticks of the past are 96 (midpoints), 97 (quotes) and 98 (trades),
the beginning of the data 88. What is not there is error 162. Volumes are whole numbers.
"""

from typing import Any

from channel import check
from ibapi_driver.client import app
from ibapi_driver.scene import AAPL, clock, codes, contract, pace, tick


def _bars(duration: str, size: str, what: str = "TRADES", date_format: int = 1) -> list[Any]:
    req_id = app.new_id()
    app.reqHistoricalData(req_id, AAPL, "", duration, size, what, 0, date_format, False, [])
    app.wait("historicalDataEnd", reqId=req_id)
    return [one.bar for one in app.every("historicalData", reqId=req_id)]


@check
def bars_of_days_and_of_seconds_arrive() -> None:
    (day,) = _bars("1 D", "1 day")
    assert (day.date, day.open, day.high, day.low, day.close) == ("20261123", 99.98, 102, 99.85, 101)
    assert (day.volume, day.barCount) == (615, 6)
    bars = _bars("3600 S", "5 secs", date_format=2)
    assert [(bar.date, bar.close, bar.volume) for bar in bars[-3:]] == [
        *(("1795446015", 100, 5), ("1795446020", 102, 5), ("1795446025", 101, 5)),
    ]
    assert _bars("3600 S", "5 secs")[-1].date == "20261123 10:00:25 US/Eastern"
    assert _bars("3600 S", "1 min", "MIDPOINT")[-1].close == 99.85
    (bid,), (ask,), (both,) = (_bars("3600 S", "1 min", what) for what in ("BID", "ASK", "BID_ASK"))
    assert (both.high, both.low) == (ask.high, bid.low)


@check
def bars_are_kept_up_to_date() -> None:
    req_id = app.new_id()
    app.reqHistoricalData(req_id, AAPL, "", "3600 S", "1 min", "TRADES", 0, 2, True, [])
    tick("AAPL", last=103.0, size=10)
    clock(1)
    bar = app.wait("historicalDataUpdate", reqId=req_id).bar
    assert (bar.date, bar.open, bar.high, bar.low, bar.close) == ("1795446000", 99.98, 103, 99.85, 103)
    clock(60)
    tick("AAPL", last=104.0, size=10)
    clock(1)
    bar = app.every("historicalDataUpdate", reqId=req_id)[-1].bar
    assert (bar.date, bar.open, bar.volume, bar.barCount) == ("1795446060", 104, 10, 1)
    app.cancelHistoricalData(req_id)
    assert codes(req_id) == [162]
    app.cancelHistoricalData(req_id)
    assert codes(req_id) == [366]


@check
def ticks_of_the_past_come_in_three_kinds() -> None:
    for kind, name in (
        ("TRADES", "historicalTicksLast"),
        ("BID_ASK", "historicalTicksBidAsk"),
        ("MIDPOINT", "historicalTicks"),
    ):
        req_id = app.new_id()
        app.reqHistoricalTicks(req_id, AAPL, "", "20261123 23:00:00 UTC", 4, kind, 0, False, [])
        told = app.wait(name, reqId=req_id)
        assert (len(told.ticks), told.done) == (4, True)
    req_id = app.new_id()
    app.reqHistoricalTicks(req_id, AAPL, "20261123 10:00:00 US/Eastern", "", 3, "TRADES", 0, False, [])
    trades = app.wait("historicalTicksLast", reqId=req_id).ticks
    assert [(one.price, one.size) for one in trades] == [(99.98, 300), (99.95, 100), (99.85, 200)]


@check
def the_data_begin_with_the_first_tick() -> None:
    req_id = app.new_id()
    app.reqHeadTimeStamp(req_id, AAPL, "TRADES", 0, 2)
    assert app.wait("headTimestamp", reqId=req_id).headTimestamp == "1795446000"
    app.cancelHeadTimeStamp(req_id)


@check
def what_is_not_there_or_makes_no_sense_is_refused() -> None:
    req_id = app.new_id()
    app.reqHistoricalData(req_id, contract("IBM"), "", "1 D", "1 day", "TRADES", 0, 1, False, [])
    app.reqHistoricalData(req_id, AAPL, "", "1 D", "7 parsecs", "TRADES", 0, 1, False, [])
    app.reqHistoricalData(req_id, AAPL, "tomorrow", "1 D", "1 day", "TRADES", 0, 1, False, [])
    app.reqHistoricalTicks(req_id, AAPL, "", "", 3, "TRADES", 0, False, [])
    assert codes(req_id) == [162, 321, 10314, 10187]


@check
def small_bars_asked_for_too_often_are_162() -> None:
    pace(50, 3)
    req_id = app.new_id()
    for _ in range(2):
        app.reqHistoricalData(req_id, AAPL, "", "60 S", "1 secs", "TRADES", 0, 1, False, [])
    assert codes(req_id) == [162]
    req_id = app.new_id()
    for seconds in range(61, 66):  # with the first above, six of a kind
        app.reqHistoricalData(req_id, AAPL, "", f"{seconds} S", "5 secs", "TRADES", 0, 1, False, [])
    assert codes(req_id) == [162]
    pace(0, 0)
