"""Feeds deliver the right ticks at the right time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from trio.testing import MockClock

from config.environment import Environment, virtual
from simulator.contract_files import built_in
from simulator.feeds import FeedError, ManualFeed, open_feed
from simulator.feeds.option_walk import black_scholes
from simulator.feeds.synthetic import SyntheticFeed
from simulator.model import Ticked

START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.fixture
def deliveries() -> Any:
    """Run a feed in virtual time. Returns [(seconds since the start, batch)]."""

    def run(spec: str, speed: float = 1.0, seed: int = 1, seconds: float = 10.0) -> list[tuple[float, list[Ticked]]]:
        found: list[tuple[float, list[Ticked]]] = []

        async def main() -> None:
            environment = virtual(START, seed=1)
            feed = open_feed(spec, built_in(), environment, speed, seed)
            began = trio.current_time()
            with trio.move_on_after(seconds):
                await feed.run(lambda batch: found.append((trio.current_time() - began, batch)))

        trio.run(main, clock=MockClock(autojump_threshold=0))
        return found

    return run


@pytest.fixture
def recording(tmp_path: Path) -> Any:
    """Write a recording; each row is (seconds, tick type, price, size)."""

    def write(*rows: tuple[float, int, float, float]) -> Path:
        path = tmp_path / "ticks.json"
        path.write_text(
            json.dumps(
                [
                    {"time": (START + timedelta(seconds=s)).isoformat(), "price": p, "size": z, "tickType": t}
                    for s, t, p, z in rows
                ]
            ),
            encoding="utf-8",
        )
        return path

    return write


def ticks_of(found: list[tuple[float, list[Ticked]]]) -> list[tuple[str, int, float, int]]:
    return [(t.contract.symbol, t.tick_type, t.price, t.size) for _, batch in found for t in batch]


def test_a_recording_keeps_its_times(deliveries: Any, recording: Any) -> None:
    path = recording((0, 1, 443.8, 2000), (1.5, 2, 444.2, 7600), (4.0, 4, 444.0, 300))
    found = deliveries(f"recorded:{path}")
    assert [time for time, _ in found] == pytest.approx([0, 1.5, 4.0])
    assert ticks_of(found) == [("700", 1, 443.8, 2000), ("700", 2, 444.2, 7600), ("700", 4, 444.0, 300)]
    assert found[1][1][0].time == START + timedelta(seconds=1.5), "the venue's time"


def test_speed_divides_the_times(deliveries: Any, recording: Any) -> None:
    path = recording((0, 1, 443.8, 2000), (1.5, 2, 444.2, 7600), (4.0, 4, 444.0, 300))
    found = deliveries(f"recorded:{path}:AAPL", speed=100)
    assert [time for time, _ in found] == pytest.approx([0, 0.015, 0.04])
    assert {symbol for symbol, *_ in ticks_of(found)} == {"AAPL"}


def test_speed_0_does_not_wait(deliveries: Any, recording: Any) -> None:
    path = recording((0, 1, 443.8, 2000), (3600, 2, 444.2, 7600))
    found = deliveries(f"recorded:{path}", speed=0)
    assert [time for time, _ in found] == [0, 0]
    assert len(found) == 2


def test_ticks_of_one_moment_come_as_one_batch(deliveries: Any, recording: Any) -> None:
    path = recording((0, 1, 443.8, 2000), (0.001, 2, 444.2, 7600), (1, 4, 444.0, 300))
    assert [len(batch) for _, batch in deliveries(f"recorded:{path}")] == [2, 1]


def test_a_loop_begins_again(deliveries: Any, recording: Any) -> None:
    path = recording((0, 1, 443.8, 2000), (2, 2, 444.2, 7600))
    once = deliveries(f"recorded:{path}", seconds=10)
    looped = deliveries(f"recorded:{path}:700:loop", seconds=10)
    assert [time for time, _ in once] == pytest.approx([0, 2])
    assert [time for time, _ in looped] == pytest.approx([0, 2, 3, 5, 6, 8, 9])


def test_a_size_tick_that_brings_a_new_price_tells_it(deliveries: Any, recording: Any) -> None:
    path = recording((0, 0, 443.6, 10800), (1, 0, 443.6, 12000), (2, 8, -1.0, 5000), (3, 3, 444.0, 100))
    assert ticks_of(deliveries(f"recorded:{path}")) == [
        ("700", 1, 443.6, 10800),
        ("700", 0, 0.0, 12000),
        ("700", 8, 0.0, 5000),
        ("700", 2, 444.0, 100),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[\n{,]", r"ticks\.json: line 2: not JSON"),
        ("[]", "at least one"),
        ("{}", "a list"),
        ('[{"time": "2022-01-07T05:58:09+00:00", "price": 1, "size": 1}]', "tick 1: tickType is missing"),
        (
            '[{"time": "2022-01-07T05:58:09", "price": 1, "size": 1, "tickType": 1}]',
            "tick 1: time '2022-01-07T05:58:09': it has no zone",
        ),
        ('[{"time": "soon", "price": 1, "size": 1, "tickType": 1}]', "tick 1: time 'soon': expected ISO 8601"),
        (
            '[{"time": "2022-01-07T05:58:09Z", "price": 1, "size": 1, "tickType": 99}]',
            "tick_type 99 is unknown; expected one of bid_size",
        ),
        ('[{"time": "2022-01-07T05:58:09Z", "price": NaN, "size": 1, "tickType": 1}]', "not a number"),
        (
            '[{"time": "2022-01-07T05:58:09Z", "price": 1, "size": 1, "tickType": 1},'
            ' {"time": "2022-01-07T05:58:08Z", "price": 1, "size": 1, "tickType": 1}]',
            "tick 2: its time lies before",
        ),
    ],
)
def test_a_bad_recording_says_where(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "ticks.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FeedError, match=reason):
        open_feed(f"recorded:{path}", built_in(), Environment(lambda: START, 1), 1.0, 1)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("", "expected synthetic"),
        ("tape", "expected synthetic"),
        ("recorded", "expected synthetic"),
        ("recorded:/nowhere/ticks.json", "No such file"),
        ("recorded:/nowhere/ticks.json:NOPE", "no contract is named 'NOPE'"),
        ("synthetic:NOPE", "no contract is named 'NOPE'"),
        ("synthetic:AAPL@fast", "the rate"),
        ("synthetic@0", "the rate"),
        ("synthetic:AAPL*wild", "the factor"),
        ("synthetic:AAPL*2@5", "expected synthetic"),
    ],
)
def test_a_bad_specification_says_what_is_wrong(spec: str, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        open_feed(spec, built_in(), Environment(lambda: START, 1), 1.0, 1)


@pytest.mark.parametrize("speed", [-1.0, float("inf"), float("nan")])
def test_a_bad_speed_is_refused(speed: float) -> None:
    with pytest.raises(FeedError, match="speed"):
        open_feed("synthetic", built_in(), Environment(lambda: START, 1), speed, 1)


def test_the_synthetic_feed_is_the_same_for_the_same_seed(deliveries: Any) -> None:
    spec = "synthetic:AAPL,MSFT@10"
    assert ticks_of(deliveries(spec, seed=3)) == ticks_of(deliveries(spec, seed=3))
    assert ticks_of(deliveries(spec, seed=3)) != ticks_of(deliveries(spec, seed=4))


def test_the_synthetic_feed_keeps_its_rate_and_speed(deliveries: Any) -> None:
    slow = ticks_of(deliveries("synthetic:AAPL,MSFT@10", seconds=30))
    fast = ticks_of(deliveries("synthetic:AAPL,MSFT@10", speed=10, seconds=3))
    assert len(slow) == pytest.approx(2 * 10 * 30, rel=0.15)
    assert abs(len(fast) - len(slow)) <= 10


def test_all_contracts_are_served_where_none_is_named(deliveries: Any) -> None:
    served = {t.contract.con_id for _, batch in deliveries("synthetic", seconds=2) for t in batch}
    assert served == {one.contract.con_id for one in built_in()}


def test_a_synthetic_market_looks_like_one() -> None:
    book = built_in()
    definition = book.find("AAPL", "STK")[0]
    feed = SyntheticFeed([definition], Environment(lambda: START, 1), seed=7)
    bid = ask = 0.0
    volume = 0
    closes = []
    for _, _, tick_type, price, size in islice(feed.ticks(), 50_000):
        if tick_type in (1, 2, 4):
            assert definition.on_tick(Decimal(repr(price)))
            assert size > 0
            assert size % 100 == 0
        match tick_type:
            case 1:
                bid = price
            case 2:
                ask = price
                assert bid < ask, "an update leaves a quote that is not crossed"
                assert ask - bid < 0.15
            case 4:
                assert price in (bid, ask) or not closes
                closes.append(price)
            case 8:
                assert size >= volume
                volume = size
    assert len(set(closes)) > 50
    assert 0.9 * 230 < min(closes) < max(closes) < 1.1 * 230


def test_symbols_move_together_in_part() -> None:
    book = built_in()
    both = [book.find("AAPL", "STK")[0], book.find("MSFT", "STK")[0]]
    feed = SyntheticFeed(both, Environment(lambda: START, 1), seed=7)
    values: dict[str, list[float]] = {"AAPL": [], "MSFT": []}
    latest: dict[str, float] = {}
    for number, (_, contract, tick_type, price, _) in enumerate(islice(feed.ticks(), 60_000)):
        if tick_type == 1:
            latest[contract.symbol] = price
        if number % 200 == 199:
            for symbol, price in latest.items():
                values[symbol].append(price)
    moves = {symbol: [b / a - 1 for a, b in pairwise(prices)] for symbol, prices in values.items()}
    x, y = moves["AAPL"], moves["MSFT"]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    scale = (sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y)) ** 0.5
    assert 0.2 < covariance / scale < 0.8


def test_a_program_pushes_ticks_by_hand() -> None:
    contract = built_in().find("AAPL", "STK")[0].contract
    early, late = (Ticked(contract, 1, price, 100, START) for price in (230.0, 231.0))
    got: list[list[Ticked]] = []

    async def main() -> None:
        feed = ManualFeed()
        feed.push([early])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(feed.run, got.append)
            await trio.testing.wait_all_tasks_blocked()
            feed.push([late])
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert got == [[early], [late]]


def test_a_factor_makes_the_market_wilder() -> None:
    def width(spec: str) -> float:
        feed = open_feed(spec, built_in(), Environment(lambda: START, 1), 1.0, 7)
        assert isinstance(feed, SyntheticFeed)
        prices = [price for _, _, tick_type, price, _ in islice(feed.ticks(), 5_000) if tick_type == 4]
        return max(prices) - min(prices)

    assert width("synthetic:AAPL@5*10") > 5 * width("synthetic:AAPL@5")


def test_options_follow_their_underlying() -> None:
    book = built_in()
    option = next(one for one in book.find("AAPL", "OPT") if one.contract.right == "C")
    stock = book.find("AAPL", "STK")[0]
    feed = SyntheticFeed([option, stock], Environment(lambda: START, 1), contracts=book, seed=7, factor=10)
    latest: dict[str, float] = {}
    pairs = []
    for _, contract, tick_type, price, _ in islice(feed.ticks(), 20_000):
        if tick_type == 1:
            latest[contract.sec_type] = price
            if len(latest) == 2:
                pairs.append((latest["STK"], latest["OPT"]))
    low, high = min(pairs), max(pairs)
    assert high[0] > low[0] + 5
    assert 0.4 < (high[1] - low[1]) / (high[0] - low[0]) < 1.0, "its delta"
    alone = SyntheticFeed([option], Environment(lambda: START, 1), contracts=book, seed=7)
    assert len({tick[3] for tick in islice(alone.ticks(), 2_000) if tick[2] == 1}) > 1


@pytest.mark.parametrize("spot", [80.0, 100.0, 130.0])
def test_calls_and_puts_keep_parity(spot: float) -> None:
    call, put = (black_scholes(spot, 100.0, 0.5, 0.3, call=is_call) for is_call in (True, False))
    assert call - put == pytest.approx(spot - 100.0)
    assert black_scholes(spot, 100.0, 0.0, 0.3, call=True) == max(spot - 100.0, 0.0)


@pytest.mark.parametrize(
    ("terms", "reason"), [({"under_con_id": 4711}, "no underlying"), ({"date": "202812"}, "YYYYMMDD")]
)
def test_an_option_that_cannot_be_priced_is_refused_at_once(terms: dict[str, Any], reason: str) -> None:
    book = built_in()
    option = book.find("AAPL", "OPT")[0]
    contract = attrs.evolve(option.contract, last_trade_date=terms.pop("date", option.contract.last_trade_date))
    book.add(attrs.evolve(option, contract=contract, **terms))
    with pytest.raises(FeedError, match=reason):
        open_feed("synthetic", book, Environment(lambda: START, 1), 1.0, 1)
