"""Recordings in CSV and Parquet, several symbols, spans of time, and what is said of a bad file."""

from __future__ import annotations

import builtins
import gzip
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from config.environment import Environment, virtual
from simulator.contract_files import built_in
from simulator.feeds import FeedError, open_feed
from simulator.model import Ticked

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TICKS = """\
time,symbol,tick_type,price,size
2026-11-20T14:30:00Z,AAPL,bid,230.00,300
2026-11-20T14:30:00.25Z,AAPL,2,230.02,400
2026-11-20T15:30:01.5+01:00,MSFT,last,420.5,100
1795185002,AAPL,volume,,1200
"""

Played = list[tuple[float, str, int, float, int]]


def play(spec: str, speed: float = 1.0, seconds: float = 1e6) -> Played:
    """(seconds since the start, symbol, type, price, size) of each tick that a feed delivers."""
    found: Played = []

    async def main() -> None:
        feed = open_feed(spec, built_in(), virtual(START, seed=1), speed, 1)
        began = trio.current_time()

        def deliver(batch: list[Ticked]) -> None:
            at = round(trio.current_time() - began, 6)
            found.extend((at, t.contract.symbol, t.tick_type, t.price, t.size) for t in batch)

        with trio.move_on_after(seconds):
            await feed.run(deliver)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    return found


def opened(spec: str) -> Any:
    return open_feed(spec, built_in(), Environment(lambda: START, 1), 1.0, 1)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "ticks.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def parquet_file(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "ticks.parquet", **columns: list[Any]) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import fastparquet
            import pandas as pd

            path = tmp_path / name
            fastparquet.write(str(path), pd.DataFrame(columns), row_group_offsets=2)
        return path

    return write


EXPECTED = [
    (0.0, "AAPL", 1, 230.0, 300),
    (0.25, "AAPL", 2, 230.02, 400),
    (1.5, "MSFT", 4, 420.5, 100),
    (2.0, "AAPL", 8, 0.0, 1200),
]


def test_csv_tells_each_tick_of_each_symbol(csv_file: Callable[..., Path]) -> None:
    assert play(f"recorded:{csv_file(TICKS)}") == EXPECTED


def test_csv_may_be_packed_and_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + TICKS.encode()))
    assert play(f"recorded:{path}") == EXPECTED


def test_a_symbol_named_chooses_its_rows(csv_file: Callable[..., Path]) -> None:
    assert {row[1] for row in play(f"recorded:{csv_file(TICKS)}:MSFT")} == {"MSFT"}


def test_rows_may_be_states_of_the_market(csv_file: Callable[..., Path]) -> None:
    text = """\
time,bid,bid_size,ask,ask_size,last,last_size,volume,remark
2026-11-20T14:30:00Z,230.00,300,230.02,400,,,1000,opening
2026-11-20T14:30:01Z,230.00,300,230.03,400,230.02,50,1050,
2026-11-20T14:30:02Z,230.00,200,230.03,400,230.02,50,1100,
"""
    assert play(f"recorded:{csv_file(text)}:AAPL") == [
        (0.0, "AAPL", 1, 230.0, 300),
        (0.0, "AAPL", 2, 230.02, 400),
        (0.0, "AAPL", 8, 0.0, 1000),
        (1.0, "AAPL", 2, 230.03, 400),
        (1.0, "AAPL", 4, 230.02, 50),
        (1.0, "AAPL", 8, 0.0, 1050),
        (2.0, "AAPL", 1, 230.0, 200),
        (2.0, "AAPL", 4, 230.02, 50),
        (2.0, "AAPL", 8, 0.0, 1100),
    ]


def test_parquet_is_read_as_csv_is(parquet_file: Callable[..., Path]) -> None:
    import pandas as pd

    times = ["2026-11-20T14:30:00Z", "2026-11-20T14:30:00.25Z", "2026-11-20T14:30:01.5Z", "2026-11-20T14:30:02Z"]
    columns: dict[str, list[Any]] = {
        "symbol": ["AAPL", "AAPL", "MSFT", "AAPL"],
        "tick_type": [1, 2, 4, 8],
        "price": [230.0, 230.02, 420.5, None],
        "size": [300, 400, 100, 1200],
    }
    stamps = pd.to_datetime(pd.Series(times), format="ISO8601")
    for kind in (times, list(stamps), list(stamps.dt.tz_localize(None)), [1795185000, 1795185000.25, *EXPECTED_TIMES]):
        assert play(f"recorded:{parquet_file(time=kind, **columns)}") == EXPECTED


EXPECTED_TIMES = (1795185001.5, 1795185002.0)


def test_several_files_are_one_recording_in_order_of_time(csv_file: Callable[..., Path]) -> None:
    first = csv_file("time,tick_type,price,size\n1795185000,bid,230,100\n1795185002,bid,231,100\n", "a.csv")
    second = csv_file("time,tick_type,price,size\n1795185001,bid,420,100\n1795185002,bid,421,100\n", "b.csv")
    assert [row[:2] for row in play(f"recorded:{first}:AAPL,{second}:MSFT")] == [
        (0.0, "AAPL"),
        (1.0, "MSFT"),
        (2.0, "AAPL"),
        (2.0, "MSFT"),
    ]


@pytest.mark.parametrize(("speed", "last"), [(1.0, 2.0), (10.0, 0.2), (0.5, 4.0), (0.0, 0.0)])
def test_speed_means_the_same_for_every_kind_of_feed(csv_file: Callable[..., Path], speed: float, last: float) -> None:
    assert play(f"recorded:{csv_file(TICKS)}", speed)[-1][0] == pytest.approx(last)


def test_a_span_plays_a_part_and_begins_with_the_market_as_it_stood(csv_file: Callable[..., Path]) -> None:
    path = csv_file(TICKS)
    assert play(f"recorded:{path}@2026-11-20T14:30:01..") == [
        (0.0, "AAPL", 1, 230.0, 300),
        (0.0, "AAPL", 2, 230.02, 400),
        (0.0, "MSFT", 4, 420.5, 100),
        (0.5, "AAPL", 8, 0.0, 1200),
    ]
    assert play(f"recorded:{path}@..2026-11-20T14:30:01") == EXPECTED[:2]
    assert play(f"recorded:{path}@2026-11-20..2026-11-20") == EXPECTED
    assert [row[0] for row in play(f"recorded:{path}:loop@..2026-11-20T14:30:01", seconds=3)] == [
        0,
        0.25,
        1.25,
        1.5,
        2.5,
        2.75,
    ]


def test_nights_are_not_waited_for(csv_file: Callable[..., Path]) -> None:
    text = "time,tick_type,price,size\n1795185000,bid,230,100\n1795188000,bid,231,100\n1795240000,bid,232,100\n"
    assert [row[0] for row in play(f"recorded:{csv_file(text)}:AAPL")] == [0.0, 3000.0, 3060.0]


def test_what_lies_before_a_span_is_the_past(csv_file: Callable[..., Path]) -> None:
    feed = opened(f"recorded:{csv_file(TICKS)}@2026-11-20T14:30:01..")
    aapl = built_in().find("AAPL", "STK")[0].contract.con_id
    ticks = feed.past(aapl).ticks
    # the span begins with the venue's present; its first tick lies 1.5 s after the recording's
    assert [(t.time - START, t.tick_type) for t in ticks] == [
        (timedelta(seconds=-1.5), 1),
        (timedelta(seconds=-1.25), 2),
    ]
    assert not opened(f"recorded:{csv_file(TICKS)}").past(aapl).ticks


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"ticks\.csv: expected a header line"),
        ("time,symbol,tick_type,price,size\n", r"ticks\.csv: expected at least one tick"),
        (
            "time,price,size\n1,2,3\n",
            r"ticks\.csv: columns time, price, size; expected time, tick_type, price and size, or",
        ),
        ("time,tick_type,price\n1,2,3\n", r"ticks\.csv: column size is missing"),
        ("time,bid\n1,2\n", r"ticks\.csv: column bid_size is missing"),
        ("time,bid,bid,bid_size\n1,2,2,3\n", r"ticks\.csv: column bid is there twice"),
        ("time,tick_type,price,size\n1,1,2,3\n", r"ticks\.csv: there is no column symbol; name the contract"),
        (TICKS + "1795185003,AAPL,bid,cheap,100\n", r"ticks\.csv:6: price 'cheap': expected a number"),
        (TICKS + "1795185003,AAPL,bid,nan,100\n", r"ticks\.csv:6: price 'nan' is not a number"),
        (TICKS + "1795185003,AAPL,bid,1,0.5\n", r"ticks\.csv:6: size '0\.5': expected a whole number"),
        (TICKS + "1795185003,AAPL,bid,1,-1\n", r"ticks\.csv:6: size '-1': expected a whole number"),
        (
            TICKS + "1795185003,AAPL,bib,1,1\n",
            r"ticks\.csv:6: tick_type 'bib' is unknown; expected one of bid_size \(0\)",
        ),
        (TICKS + "1795185003,NOPE,bid,1,1\n", r"ticks\.csv:6: .*no contract is named 'NOPE'"),
        (TICKS + "1795185003,AAPL,bid,1\n", r"ticks\.csv:6: 4 fields, expected 5"),
        (TICKS + "1795185003000,AAPL,bid,1,1\n", r"ticks\.csv:6: time '1795185003000': expected seconds since 1970"),
        (TICKS + "yesterday,AAPL,bid,1,1\n", r"ticks\.csv:6: time 'yesterday': expected ISO 8601"),
        (TICKS + ",AAPL,bid,1,1\n", r"ticks\.csv:6: time is missing"),
        (TICKS + "1795184003,AAPL,bid,1,1\n", r"ticks\.csv:6: its time lies before"),
    ],
)
def test_a_bad_csv_file_is_told_with_line_value_and_expectation(
    csv_file: Callable[..., Path], text: str, reason: str
) -> None:
    with pytest.raises(FeedError, match=reason):
        opened(f"recorded:{csv_file(text)}")


def test_a_bad_parquet_file_is_told_with_its_row(parquet_file: Callable[..., Path], tmp_path: Path) -> None:
    columns = {"time": [1.0, 2.0, 3.0], "tick_type": [1, 1, 1], "price": [1.0, 1.0, None], "size": [1, 1, 1]}
    with pytest.raises(FeedError, match=r"ticks\.parquet: row 3: price None: expected a number"):
        opened(f"recorded:{parquet_file(**columns)}:AAPL")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1, it says")
    with pytest.raises(FeedError, match=r"broken\.parquet: not a Parquet file"):
        opened(f"recorded:{broken}:AAPL")
    with pytest.raises(FeedError, match="No such file"):
        opened("recorded:/nowhere/ticks.parquet:AAPL")


def test_without_a_reader_of_parquet_it_is_said_how_to_get_one(
    parquet_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet_file(time=[1.0], tick_type=[1], price=[1.0], size=[1])
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "fastparquet":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FeedError, match=r"ticks\.parquet: .*pip install 'pitboss\[parquet\]'"):
        opened(f"recorded:{path}:AAPL")


@pytest.mark.parametrize(
    ("suffix", "reason"),
    [
        (
            "@2026-11-21..",
            r"no tick lies in the span; the recording is from 2026-11-20T14:30:00\+00:00 to 2026-11-20T14:30:02",
        ),
        ("@2026-11-21..2026-11-20T10:00", "the span 2026-11-21..2026-11-20T10:00 ends before it begins"),
        ("@2026-13-01..", "'2026-13-01' is no time; expected a date"),
    ],
)
def test_a_bad_span_says_what_is_wrong(csv_file: Callable[..., Path], suffix: str, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        opened(f"recorded:{csv_file(TICKS)}{suffix}")


def test_a_file_of_another_kind_is_refused(csv_file: Callable[..., Path]) -> None:
    with pytest.raises(
        FeedError, match=r"ticks\.xls: expected a name that ends in \.json, \.csv, \.csv\.gz or \.parquet"
    ):
        opened(f"recorded:{csv_file(TICKS, 'ticks.xls')}")
