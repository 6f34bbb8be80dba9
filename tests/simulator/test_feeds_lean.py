"""LEAN's zipped data from a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from config.environment import Environment, virtual
from simulator.app import PaperBroker, SimulatorSettings
from simulator.contract_files import built_in
from simulator.feeds import FeedError, open_feed
from simulator.model import Bar, Ticked

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
OPEN = 9 * 3_600_000 + 30 * 60_000  # milliseconds since midnight
AAPL, MSFT = (built_in().find(symbol, "STK")[0].contract.con_id for symbol in ("AAPL", "MSFT"))

Write = Callable[..., Path]
Played = list[tuple[float, str, int, float, int]]


@pytest.fixture
def lean(tmp_path: Path) -> Write:
    """Write an archive as LEAN does; returns it."""

    def write(resolution: str, symbol: str, day: str, kind: str, *rows: tuple[object, ...]) -> Path:
        path = tmp_path / "equity" / "usa" / resolution / symbol.lower() / f"{day}_{kind}.zip"
        if resolution == "hour":
            path = path.parent.with_suffix(".zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            text = "".join(",".join(map(str, row)) + "\n" for row in rows)
            archive.writestr(f"{day}_{symbol.lower()}_{resolution}_{kind}.csv", text)
        return path

    return write


def play(spec: str, speed: float = 1.0) -> Played:
    found: Played = []

    async def main() -> None:
        feed = open_feed(spec, built_in(), virtual(START, seed=1), speed, 1)
        began = trio.current_time()

        def deliver(batch: list[Ticked]) -> None:
            at = round(trio.current_time() - began, 6)
            found.extend((at, t.contract.symbol, t.tick_type, t.price, t.size) for t in batch)

        await feed.run(deliver)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    return found


def test_ticks_of_trades_and_quotes_come_in_order_of_time(lean: Write, tmp_path: Path) -> None:
    lean(
        *("tick", "AAPL", "20131007", "trade"),
        (OPEN + 1000.25, 4873100, 100, "P", "0", "0"),
        (OPEN + 1500, 9999900, 500, "P", "0", "1"),
        (OPEN + 2000, 4873200, 50.0, "P", "0", "0"),
    )
    lean(
        *("tick", "AAPL", "20131007", "quote"),
        (OPEN, 4872900, 300, 0, 0, "P", "1", "0"),
        (OPEN + 500, 0, 0, 4873300, 400, "P", "1", "0"),
        (OPEN + 1800, 4873000, 300, 4873300, 400, "P", "1", "0"),
    )
    assert play(f"lean:{tmp_path}:AAPL") == [
        (0.0, "AAPL", 1, 487.29, 300),
        (0.5, "AAPL", 2, 487.33, 400),
        (1.00025, "AAPL", 14, 487.31, 0),
        (1.00025, "AAPL", 6, 487.31, 0),
        (1.00025, "AAPL", 7, 487.31, 0),
        (1.00025, "AAPL", 4, 487.31, 100),
        (1.00025, "AAPL", 8, 0.0, 100),
        (1.8, "AAPL", 1, 487.3, 300),
        (2.0, "AAPL", 4, 487.32, 50),
        (2.0, "AAPL", 8, 0.0, 150),
    ]


def minute_bars(broker: PaperBroker, con_id: int, what: str, seconds: int = 60) -> list[Bar]:
    return broker.venue.archive.bars(con_id, seconds, START - timedelta(days=400), START + timedelta(days=10), what)


def test_bars_made_of_a_bar_s_ticks_are_that_bar_again(lean: Write, tmp_path: Path) -> None:
    rises = (4870000, 4875000, 4868000, 4874000)
    falls = (4874000, 4874500, 4860000, 4861000)
    lean("minute", "AAPL", "20131007", "trade", (OPEN, *rises, 1003), (OPEN + 60_000, *falls, 2))
    lean(
        *("minute", "AAPL", "20131007", "quote"),
        (OPEN, *(p - 100 for p in rises), 300, *(p + 100 for p in rises), 400),
        (OPEN + 60_000, "", "", "", "", "", *(p + 100 for p in falls), 500),
    )

    async def main() -> PaperBroker:
        broker = PaperBroker(SimulatorSettings(feed=f"lean:{tmp_path}:AAPL"), virtual(START, 1))
        await broker.feed.run(broker.deliver)
        return broker

    broker = trio.run(main, clock=MockClock(autojump_threshold=0))
    trades, bids, asks = (minute_bars(broker, AAPL, what) for what in ("TRADES", "BID", "ASK"))
    assert [(b.open, b.high, b.low, b.close, b.volume) for b in trades] == [
        (487.0, 487.5, 486.8, 487.4, 1003),
        (487.4, 487.45, 486.0, 486.1, 2),
    ]
    assert [(b.open, b.high, b.low, b.close) for b in bids] == [(486.99, 487.49, 486.79, 487.39)]
    assert [(b.open, b.high, b.low, b.close) for b in asks] == [
        (487.01, 487.51, 486.81, 487.41),
        (487.41, 487.46, 486.01, 486.11),
    ]
    quote = broker.venue.quote(AAPL)
    assert (quote.open, quote.volume, quote.bid_size, quote.ask_size) == (487.0, 1005, 300, 500)


def test_a_day_without_quotes_is_quoted_around_its_trades(lean: Write, tmp_path: Path) -> None:
    lean("second", "AAPL", "20131007", "trade", (OPEN, 4870000, 4870000, 4870000, 4870000, 4000))
    told = [row[2:] for row in play(f"lean:{tmp_path}:AAPL") if row[2] in (1, 2, 4)]
    assert told == [(1, 486.99, 1000), (2, 487.01, 1000), *[(4, 487.0, 1000)] * 4]


def test_symbols_are_merged_and_days_follow_each_other(lean: Write, tmp_path: Path) -> None:
    for day, shift in (("20131007", 0), ("20131008", 100)):
        for symbol, at in (("AAPL", OPEN), ("MSFT", OPEN + 30_000)):
            lean("second", symbol, day, "trade", (at, *[330000 + shift] * 4, 4))
    trades = [row for row in play(f"lean:{tmp_path}:AAPL,MSFT") if row[2] == 4]
    assert [row[:2] for row in trades[::4]] == [(0.0, "AAPL"), (30.0, "MSFT"), (90.75, "AAPL"), (120.75, "MSFT")]
    closes = [row for row in play(f"lean:{tmp_path}:AAPL,MSFT") if row[2] == 9]
    assert closes == [(90.75, "AAPL", 9, 33.0, 0), (120.75, "MSFT", 9, 33.0, 0)]
    assert len({row[1] for row in play(f"lean:{tmp_path}:MSFT", speed=0)}) == 1


def test_a_span_is_of_days_or_times_in_new_york(lean: Write, tmp_path: Path) -> None:
    for day in ("20131007", "20131008", "20131009"):
        rows = [(OPEN + minute * 60_000, *[int(day[-1]) * 10_000] * 4, 40) for minute in range(3)]
        lean("minute", "AAPL", day, "trade", *rows)
    spec = f"lean:{tmp_path}:AAPL"

    def prices(span: str) -> list[float]:
        return [row[3] for row in play(spec + span) if row[2] == 4]

    assert set(prices("@2013-10-08..2013-10-08")) == {8.0}
    assert set(prices("@2013-10-08..")) == {8.0, 9.0}
    assert set(prices("@..20131008")) == {7.0, 8.0}
    # the last trade before it, from the market as it stood, and two minutes of four trades
    assert len(prices("@2013-10-09T09:31..")) == 9
    feed = open_feed(f"{spec}@2013-10-09T09:31..", built_in(), Environment(lambda: START, 1), 1.0, 1)
    past = [tick.price for tick in feed.past(AAPL).ticks if tick.tick_type == 4]
    assert past == [7.0] * 12 + [8.0] * 12 + [9.0] * 4
    assert max(tick.time for tick in feed.past(AAPL).ticks) == START - timedelta(seconds=15)


def test_hours_before_the_days_are_the_past_too(lean: Write, tmp_path: Path) -> None:
    lean("minute", "AAPL", "20131008", "trade", (OPEN, *[4870000] * 4, 40))
    lean("hour", "AAPL", "", "", *((f"2013100{day} 10:00", 4800000, 4810000, 4790000, 4805000, 900) for day in (3, 4)))
    broker = PaperBroker(SimulatorSettings(feed=f"lean:{tmp_path}:AAPL"), Environment(lambda: START, 1))
    hours = minute_bars(broker, AAPL, "TRADES", 3600)
    assert [(b.open, b.high, b.low, b.close, b.volume) for b in hours] == [(480.0, 481.0, 479.0, 480.5, 900)] * 2
    assert hours[1].time - hours[0].time == timedelta(days=1)
    assert not minute_bars(broker, AAPL, "TRADES", 60)


def test_the_finest_resolution_is_taken_unless_one_is_named(lean: Write, tmp_path: Path) -> None:
    lean("minute", "AAPL", "20131007", "trade", (OPEN, *[70000] * 4, 40))
    lean("second", "AAPL", "20131007", "trade", (OPEN, *[80000] * 4, 40))
    lean("minute", "MSFT", "20131007", "trade", (OPEN, *[90000] * 4, 40))

    def prices(spec: str) -> set[float]:
        return {row[3] for row in play(spec) if row[2] == 4}

    assert prices(f"lean:{tmp_path}:AAPL") == {8.0}
    assert prices(f"lean:{tmp_path}:AAPL:minute") == {7.0}
    assert prices(f"lean:{tmp_path}:AAPL,MSFT") == {7.0, 9.0}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((OPEN, "cheap", 1, 1, 1, 1), r"_trade\.csv:2: open 'cheap': expected a number, 0 or more"),
        ((OPEN, 10000, 10000, 10000, 10000), r"_trade\.csv:2: 5 fields, expected 6"),
        ((86_400_000, 1, 1, 1, 1, 1), r"_trade\.csv:2: time '86400000': expected milliseconds since midnight"),
        ((OPEN, 10000, 10000, 20000, 10000, 1), r"_trade\.csv:2: .*expected low ≤ both ≤ high"),
        ((0, 1, 1, 1, 1, 1), r"20131007_trade\.zip: 00:00:00\.000 comes after 09:30:4"),
        ((OPEN + 60_000, 1, 1, 1, 1, "many"), r"_trade\.csv:2: volume 'many'"),
    ],
)
def test_a_bad_row_is_told_with_archive_line_value_and_expectation(
    lean: Write, tmp_path: Path, row: tuple[object, ...], reason: str
) -> None:
    lean("minute", "AAPL", "20131007", "trade", (OPEN, 10000, 10000, 10000, 10000, 1), row)
    with pytest.raises(FeedError, match=reason):
        opened(f"lean:{tmp_path}:AAPL")


def opened(spec: str) -> Any:
    return open_feed(spec, built_in(), Environment(lambda: START, 1), 1.0, 1)


def test_what_is_not_there_is_told(lean: Write, tmp_path: Path) -> None:
    archive = lean("minute", "AAPL", "20131007", "trade", (OPEN, *[70000] * 4, 40))
    for spec, reason in (
        (f"lean:{tmp_path}:MSFT", r"lean: no data of MSFT; expected archives such as .*/msft/20131007_trade\.zip"),
        (f"lean:{tmp_path}:AAPL:tick", "lean: no data of AAPL; expected archives such as .*/tick/aapl/"),
        (f"lean:{tmp_path}:AAPL@2014-01-01..", "lean: no day of AAPL in the span"),
        (f"lean:{tmp_path}:AAPL:hour", "lean: resolution 'hour'; expected one of tick, second, minute"),
        (f"lean:{tmp_path}:NOPE", "no contract is named 'NOPE'"),
        ("lean:somewhere", "expected lean:FOLDER:SYMBOL"),
    ):
        with pytest.raises(FeedError, match=reason):
            opened(spec)
    archive.write_bytes(b"no archive")
    with pytest.raises(FeedError, match=r"20131007_trade\.zip: File is not a zip file"):
        opened(f"lean:{tmp_path}:AAPL")
    with zipfile.ZipFile(archive, "w"):
        pass
    with pytest.raises(FeedError, match=r"20131007_trade\.zip: 0 CSV files in it, expected one"):
        opened(f"lean:{tmp_path}:AAPL")
    lean("minute", "AAPL", "20131007", "trade")
    with pytest.raises(FeedError, match="hold no tick"):
        opened(f"lean:{tmp_path}:AAPL")
    lean("minute", "AAPL", "20131399", "trade")
    with pytest.raises(FeedError, match="'20131399' is no date"):
        opened(f"lean:{tmp_path}:AAPL")
