"""Market data.
A subscription (1) is answered with the tick size (81), the type of the data (58) and the market as it stands, then
with every tick: prices with their sizes (1), sizes (2), numbers (45) and texts (46). A snapshot ends with a message
of its own (57). Trades, quotes and midpoints one by one are 97 and 99; five-second bars 50.
"""

from channel import check
from ib_family.contracts import AAPL, MSFT
from ib_family.library import complained, ib, settle
from ib_family.scene import clock, fault, hearing, tick


@check
def ticks_arrive_with_sizes_and_generic_values() -> None:
    tick("AAPL", bid=99.98, ask=100.0, size=500)
    ticker = ib.reqMktData(AAPL, "233,236,375")
    settle()
    assert (ticker.bid, ticker.ask, ticker.bidSize, ticker.askSize) == (99.98, 100.0, 500, 500)
    assert (ticker.minTick, ticker.marketDataType, ticker.shortableShares) == (0.01, 1, 10_000_000)
    tick("AAPL", open=99.5, high=100.5, low=99.0, close=98.5, size=0, volume=12_000)
    tick("AAPL", bid=99.97, ask=99.99, last=99.98, size=300)
    assert (ticker.bid, ticker.ask, ticker.last, ticker.lastSize) == (99.97, 99.99, 99.98, 300)
    assert (ticker.open, ticker.high, ticker.low, ticker.close) == (99.5, 100.5, 99.0, 98.5)
    assert (ticker.volume, ticker.rtVolume, ticker.rtTradeVolume) == (12_000, 12_000, 12_000)


@check
def a_halt_is_a_generic_tick() -> None:
    ticker = ib.ticker(AAPL)
    tick("AAPL", halted=1)
    assert ticker.halted == 1
    tick("AAPL", halted=0)
    assert ticker.halted == 0


@check
def nothing_comes_after_cancelling() -> None:
    ticker = ib.ticker(AAPL)
    ib.cancelMktData(AAPL)
    tick("AAPL", bid=99.5, ask=99.6, size=100)
    assert ticker.bid == 99.97


@check
def a_snapshot_ends_when_it_is_complete() -> None:
    ends = hearing("tickSnapshotEnd")
    (ticker,) = ib.reqTickers(AAPL)
    assert (ticker.bid, ticker.ask, ticker.last) == (99.5, 99.6, 99.98)
    assert len(ends) == 1


@check
def a_snapshot_without_a_market_ends_after_eleven_seconds() -> None:
    ends = hearing("tickSnapshotEnd")
    ib.reqMktData(MSFT, snapshot=True)
    clock(10)
    assert ends == []
    clock(2)
    assert len(ends) == 1


@check
def unsubscribed_data_is_354_and_delayed_data_10167() -> None:
    settle()
    fault(7, '{ verb = "entitle", symbol = "MSFT", extent = "delayed" }')
    ib.reqMktData(MSFT)
    settle()
    complained("Error 354")
    ib.cancelMktData(MSFT)
    settle()
    complained("Error 300")
    ib.reqMarketDataType(3)
    tick("MSFT", bid=400.0, ask=400.1, last=400.05)
    warnings = hearing("error")
    ticker = ib.reqMktData(MSFT)
    settle()
    assert [one[1] for one in warnings] == [10167]
    assert (ticker.marketDataType, ticker.bid, ticker.ask, ticker.last) == (3, 400.0, 400.1, 400.05)
    ib.cancelMktData(MSFT)
    ib.reqMarketDataType(1)
    settle()
    fault(7, '{ verb = "entitle", symbol = "MSFT", extent = "competing" }')
    ib.reqMktData(MSFT)
    settle()
    complained("Error 10197")
    fault(7, '{ verb = "entitle", symbol = "MSFT", extent = "live" }')


@check
def tick_by_tick_tells_each_kind() -> None:
    kinds = []
    ib.pendingTickersEvent += lambda tickers: kinds.extend(
        (type(one).__name__, getattr(one, "tickType", None)) for ticker in tickers for one in ticker.tickByTicks
    )
    for wanted in (("Last", "BidAsk", "MidPoint"), ("AllLast",)):
        for kind in wanted:
            ib.reqTickByTickData(AAPL, kind)
        tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=100)
        tick("AAPL", bid=99.8, ask=99.9, last=99.85, size=200)
        for kind in wanted:
            ib.cancelTickByTickData(AAPL, kind)
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=100)
    names = {name for name, _ in kinds}
    assert names == {"TickByTickAllLast", "TickByTickBidAsk", "TickByTickMidPoint"}
    assert [number for name, number in kinds if name == "TickByTickAllLast"] == [1, 1, 2, 2]


@check
def a_fourth_tick_by_tick_subscription_is_too_many() -> None:
    for kind in ("Last", "BidAsk", "MidPoint"):
        ib.reqTickByTickData(AAPL, kind)
    settle()
    ib.reqTickByTickData(AAPL, "AllLast")
    settle()
    complained("Error 10190")
    for kind in ("Last", "BidAsk", "MidPoint"):
        ib.cancelTickByTickData(AAPL, kind)
    settle()


@check
def real_time_bars_come_every_five_seconds() -> None:
    clock(3)  # 10:00:15, when a bar begins
    bars = ib.reqRealTimeBars(AAPL, 5, "TRADES", False)
    settle()
    for price in (100.0, 102.0, 101.0):
        tick("AAPL", last=price, size=5)
        clock(5)
    assert [(bar.open_, bar.close, bar.volume, bar.count) for bar in bars] == [
        *((100, 100, 5, 1), (102, 102, 5, 1), (101, 101, 5, 1)),
    ]
    assert [(bar.time - bars[0].time).total_seconds() for bar in bars] == [0, 5, 10]
    ib.cancelRealTimeBars(bars)
    clock(5)
    assert len(bars) == 3


@check
def a_real_time_query_that_is_not_served_is_420() -> None:
    ib.reqRealTimeBars(AAPL, 10, "TRADES", False)
    settle()
    complained("Error 420")
