"""Market data.
A subscription (1) is answered with the tick size (81), the type of the data (58) and the market as it stands, then
with every tick: prices with their sizes (1), sizes (2), numbers (45) and texts (46). All sizes are whole numbers at
version 157: ibapi's reader ends at another. A snapshot ends with a message of its own (57). Trades, quotes and
midpoints one by one are 97 and 99; five-second bars 50.
"""

from channel import check
from ibapi_driver.client import app
from ibapi_driver.scene import AAPL, MSFT, clock, codes, fault, tick

_lines: list[int] = []


@check
def ticks_arrive_with_sizes_and_generic_values() -> None:
    tick("AAPL", bid=99.98, ask=100.0, size=500)
    req_id = app.new_id()
    _lines.append(req_id)
    app.reqMktData(req_id, AAPL, "233,236,375", False, False, [])
    app.settle()
    assert app.wait("tickReqParams", tickerId=req_id).minTick == 0.01
    assert app.wait("marketDataType", reqId=req_id).marketDataType == 1
    bid = app.wait("tickPrice", reqId=req_id, tickType=1)
    assert (bid.price, bid.attrib.canAutoExecute) == (99.98, True)
    assert app.wait("tickSize", reqId=req_id, tickType=0).size == 500
    assert app.wait("tickSize", reqId=req_id, tickType=89).size == 10_000_000
    assert app.wait("tickGeneric", reqId=req_id, tickType=46).value == 3
    tick("AAPL", open=99.5, high=100.5, low=99.0, close=98.5, size=0, volume=12_000)
    tick("AAPL", bid=99.97, ask=99.99, last=99.98, size=300)
    prices = {one.tickType: one.price for one in app.every("tickPrice", reqId=req_id)}
    assert prices == {1: 99.97, 2: 99.99, 4: 99.98, 6: 100.5, 7: 99.0, 9: 98.5, 14: 99.5}
    assert app.wait("tickSize", reqId=req_id, tickType=8).size == 12_000
    assert app.wait("tickString", reqId=req_id, tickType=48).value.startswith("99.98;300;1795446000000;12000;")


@check
def a_halt_is_a_generic_tick() -> None:
    since = app.mark()
    tick("AAPL", halted=1)
    assert app.wait("tickGeneric", since, tickType=49).value == 1
    tick("AAPL", halted=0)


@check
def nothing_comes_after_cancelling() -> None:
    app.cancelMktData(_lines[0])
    app.settle()
    since = app.mark()
    tick("AAPL", bid=99.5, ask=99.6, size=100)
    assert app.every("tickPrice", since) == []
    app.cancelMktData(_lines[0])
    assert codes(_lines[0]) == [300]


@check
def snapshots_end_when_complete_or_after_eleven_seconds() -> None:
    req_id = app.new_id()
    app.reqMktData(req_id, AAPL, "", True, False, [])
    app.wait("tickSnapshotEnd", reqId=req_id)
    assert {one.tickType for one in app.every("tickPrice", reqId=req_id)} >= {1, 2, 4}
    req_id = app.new_id()
    app.reqMktData(req_id, MSFT, "", True, False, [])
    clock(10)
    assert app.every("tickSnapshotEnd", reqId=req_id) == []
    clock(2)
    app.wait("tickSnapshotEnd", reqId=req_id)


@check
def unsubscribed_data_is_354_and_delayed_data_10167() -> None:
    fault(7, '{ verb = "entitle", symbol = "MSFT", extent = "delayed" }')
    tick("MSFT", bid=400.0, ask=400.1, last=400.05)
    req_id = app.new_id()
    app.reqMktData(req_id, MSFT, "", False, False, [])
    assert codes(req_id) == [354]
    app.reqMarketDataType(3)
    app.reqMktData(req_id, MSFT, "", False, False, [])
    assert codes(req_id) == [10167]
    assert app.wait("marketDataType", reqId=req_id).marketDataType == 3
    assert {one.tickType: one.price for one in app.every("tickPrice", reqId=req_id)}.keys() >= {66, 67, 68}
    app.cancelMktData(req_id)
    app.reqMarketDataType(1)
    fault(7, '{ verb = "entitle", symbol = "MSFT", extent = "competing" }')
    app.reqMktData(req_id, MSFT, "", False, False, [])
    assert codes(req_id) == [10197]
    fault(7, '{ verb = "entitle", symbol = "MSFT", extent = "live" }')


@check
def tick_by_tick_tells_each_kind_and_three_at_once() -> None:
    lines = {kind: app.new_id() for kind in ("Last", "AllLast", "BidAsk", "MidPoint")}
    for kind in ("Last", "AllLast", "BidAsk", "MidPoint"):
        app.reqTickByTickData(lines[kind], AAPL, kind, 0, False)
    assert codes(lines["MidPoint"]) == [10190]
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=100)
    app.cancelTickByTickData(lines["BidAsk"])
    app.reqTickByTickData(lines["MidPoint"], AAPL, "MidPoint", 0, False)
    tick("AAPL", bid=99.8, ask=99.9, last=99.85, size=200)
    trades = app.every("tickByTickAllLast", reqId=lines["Last"])
    assert [(one.tickType, one.price, one.size, one.exchange) for one in trades] == [
        (1, 99.95, 100, "NASDAQ"),
        (1, 99.85, 200, "NASDAQ"),
    ]
    assert {one.tickType for one in app.every("tickByTickAllLast", reqId=lines["AllLast"])} == {2}
    quote = app.every("tickByTickBidAsk", reqId=lines["BidAsk"])[-1]
    assert (quote.bidPrice, quote.askPrice, quote.bidSize, quote.askSize) == (99.9, 100.0, 100, 100)
    assert app.every("tickByTickMidPoint", reqId=lines["MidPoint"])[-1].midPoint == 99.85
    for kind in ("Last", "AllLast", "MidPoint"):
        app.cancelTickByTickData(lines[kind])
    app.settle()


@check
def real_time_bars_come_every_five_seconds() -> None:
    clock(3)  # 10:00:15, when a bar begins
    req_id = app.new_id()
    app.reqRealTimeBars(req_id, AAPL, 5, "TRADES", False, [])
    for price in (100.0, 102.0, 101.0):
        tick("AAPL", last=price, size=5)
        clock(5)
    bars = app.every("realtimeBar", reqId=req_id)
    assert [(bar.open_, bar.close, bar.volume, bar.count) for bar in bars] == [
        *((100, 100, 5, 1), (102, 102, 5, 1), (101, 101, 5, 1)),
    ]
    assert [bar.time for bar in bars] == [1795446015, 1795446020, 1795446025]
    app.cancelRealTimeBars(req_id)
    app.reqRealTimeBars(req_id, AAPL, 10, "TRADES", False, [])
    assert codes(req_id) == [420]
