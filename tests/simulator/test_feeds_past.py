"""History from before the feed began: by the seed, or from the recording; and how contracts move together."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from statistics import correlation
from typing import Any

import ib_insync as ibi
import pytest
from trio_asyncio import aio_as_trio as aio

from config.environment import Environment
from simulator.contract_files import built_in, load
from simulator.feeds import open_feed
from simulator.feeds.synthetic import SyntheticFeed

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # as in the fixture in_memory
AAPL = ibi.Stock("AAPL", "SMART", "USD")


def bars(ib: ibi.IB, contract: ibi.Contract, **terms: Any) -> Any:
    chosen = {"endDateTime": "", "whatToShow": "TRADES", "useRTH": False, "formatDate": 2, **terms}
    return aio(ib.reqHistoricalDataAsync)(contract, **chosen)


def test_a_fresh_paper_tws_has_a_past(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            *minutes, now = await bars(ib, AAPL, durationStr="1 D", barSizeSetting="1 min")
            assert now.date == START, "from the feed itself"
            assert [bar.date for bar in minutes] == [START - timedelta(minutes=m) for m in range(1439, 0, -1)]
            assert all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in minutes)
            assert all(b.volume > 0 and b.volume % 100 == 0 for b in minutes)
            (quote,) = [d.reference_price for d in built_in().find("AAPL", "STK")]
            assert minutes[-1].close == pytest.approx(quote, abs=0.011), "it leads up to where the feed begins"
            *again, _ = await bars(ib, AAPL, durationStr="1 D", barSizeSetting="1 min")
            assert again == minutes
            for what, side in (("BID", -1), ("ASK", 1)):
                *quotes, _ = await bars(ib, AAPL, durationStr="1 D", barSizeSetting="1 min", whatToShow=what)
                assert all(0 <= (q.close - t.close) * side <= 0.02 for q, t in zip(quotes, minutes, strict=True))
            days = await bars(ib, AAPL, durationStr="30 D", barSizeSetting="1 day", formatDate=1)
            assert len(days) == 31
            assert all(0 < abs(b.close / a.close - 1) < 0.2 for a, b in pairwise(days))
            fives = await bars(ib, AAPL, durationStr="1 D", barSizeSetting="5 mins")
            five = next(bar for bar in fives if bar.date == START - timedelta(hours=5))
            within = [bar for bar in minutes if timedelta(0) <= bar.date - five.date < timedelta(minutes=5)]
            assert (five.open, five.close) == (within[0].open, within[-1].close)
            assert five.volume == sum(bar.volume for bar in within)
            hours = await bars(ib, AAPL, durationStr="1 W", barSizeSetting="1 hour")
            assert [b.date - a.date for a, b in pairwise(hours)] == [timedelta(hours=1)] * (len(hours) - 1)
            begins = await aio(ib.reqHeadTimeStampAsync)(AAPL, "TRADES", False, 2)
            assert timedelta(days=364) < START - begins < timedelta(days=366)

    in_memory(scenario, feed="synthetic:AAPL,MSFT")


def test_the_past_is_the_seed_s_whoever_asks_first() -> None:
    def past(seed: int, *symbols: str) -> dict[str, Any]:
        book = built_in()
        feed = open_feed("synthetic:AAPL,MSFT", book, Environment(lambda: START, 1), 1.0, seed)
        pasts = {s: feed.past(book.find(s, "STK")[0].contract.con_id) for s in symbols}
        return {s: [*past.bars("TRADES", 3600), *past.bars("TRADES", 60)][::100] for s, past in pasts.items()}

    assert past(1, "AAPL", "MSFT")["MSFT"] == past(1, "MSFT")["MSFT"]
    assert past(1, "AAPL") != past(2, "AAPL")
    assert past(1, "AAPL")["AAPL"] != past(1, "MSFT")["MSFT"]


def test_a_year_of_past_is_made_in_no_time() -> None:
    feed = open_feed("synthetic:AAPL", built_in(), Environment(lambda: START, 1), 1.0, 5)
    began = time.perf_counter()
    feed.past(built_in().find("AAPL", "STK")[0].contract.con_id).bars("TRADES", 60)
    assert time.perf_counter() - began < 1.0, "0.1 s on an idle machine"


def test_a_recording_s_part_before_the_span_is_history(in_memory: Any, tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    rows = [
        f"{1795185000 + second},{kind},{price + second / 100:.2f},{100 + second}"
        for second in range(180)
        for kind, price in (("bid", 230.0), ("ask", 230.1), ("last", 230.05))
    ]
    path.write_text("\n".join(["time,tick_type,price,size", *rows]), encoding="utf-8")

    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            found = await bars(ib, AAPL, durationStr="600 S", barSizeSetting="1 min")
            assert [bar.date - START for bar in found] == [timedelta(minutes=-2), timedelta(minutes=-1), timedelta(0)][
                : len(found)
            ]
            assert [(bar.open, bar.close, bar.barCount) for bar in found[:2]] == [
                (230.05, 230.64, 60),
                (230.65, 231.24, 60),
            ]
            ticks = await aio(ib.reqHistoricalTicksAsync)(AAPL, "", START, 1000, "TRADES", False)
            assert [(tick.time - START, tick.price) for tick in ticks[:: len(ticks) - 1]] == [
                (timedelta(seconds=-120), 230.05),
                (timedelta(seconds=-1), 231.24),
            ]
            quotes = await aio(ib.reqHistoricalTicksAsync)(AAPL, START - timedelta(seconds=2), "", 2, "BID_ASK", False)
            assert [(tick.priceBid, tick.priceAsk, tick.sizeBid) for tick in quotes] == [
                (231.18, 231.27, 218),
                (231.18, 231.28, 218),
            ]
            begins = await aio(ib.reqHeadTimeStampAsync)(AAPL, "MIDPOINT", False, 2)
            assert begins == START - timedelta(seconds=120)

    in_memory(scenario, feed=f"recorded:{path}:AAPL@2026-11-20T14:32..", speed=1000)


def moves(*symbols: str, contracts: Any = None) -> dict[str, list[float]]:
    book = contracts or built_in()
    feed = SyntheticFeed([book.find(s, "STK")[0] for s in symbols], Environment(lambda: START, 1), seed=7, factor=10)
    latest: dict[str, float] = {}
    values: dict[str, list[float]] = {symbol: [] for symbol in symbols}
    for number, (_, contract, tick_type, price, _) in enumerate(islice(feed.ticks(), 60_000)):
        if tick_type == 1:
            latest[contract.symbol] = price
        if number % 300 == 299:
            for symbol, price in latest.items():
                values[symbol].append(price)
    return {symbol: [math.log(b / a) for a, b in pairwise(prices)] for symbol, prices in values.items()}


def test_funds_follow_the_market_and_inverse_ones_go_against_it() -> None:
    found = moves("SPY", "QQQ", "SQQQ", "GLD")
    assert correlation(found["SPY"], found["QQQ"]) > 0.8
    assert correlation(found["QQQ"], found["SQQQ"]) < -0.75
    assert abs(correlation(found["SPY"], found["GLD"])) < 0.3


def test_a_contract_file_says_how_a_contract_moves(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("con_id,symbol,market_correlation\n990001,UP,0.99\n990002,DOWN,-0.99\n", encoding="utf-8")
    book = built_in()
    for definition in load(path):
        book.add(definition)
    found = moves("UP", "DOWN", contracts=book)
    assert correlation(found["UP"], found["DOWN"]) < -0.9
    path.write_text("con_id,symbol,market_correlation\n990001,UP,1.5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.csv: contract 1 \(UP\)"):
        load(path)


def test_a_day_is_livelier_at_both_ends() -> None:
    book = built_in()
    feed = SyntheticFeed([book.find("AAPL", "STK")[0]], Environment(lambda: START, 1), seed=7, rate=0.5)
    volumes = [0] * 13  # half hours
    for seconds, _, tick_type, _, size in feed.ticks():
        if seconds >= 23_400:
            break
        if tick_type == 4 and seconds:
            volumes[int(seconds // 1_800)] += size
    assert min(volumes[0], volumes[-1]) > 1.5 * max(volumes[5:8])


def test_jumps_come_a_few_times_a_day() -> None:
    book = built_in()
    feed = SyntheticFeed([book.find("SPY", "STK")[0]], Environment(lambda: START, 1), seed=7, rate=0.5)
    bids = []
    for seconds, _, tick_type, price, _ in feed.ticks():
        if seconds >= 10 * 23_400:
            break
        if tick_type == 1:
            bids.append(price)
    steps = sorted(abs(math.log(b / a)) for a, b in pairwise(bids))
    usual = steps[len(steps) // 2]
    assert 5 < sum(step > 15 * usual for step in steps) < 60
