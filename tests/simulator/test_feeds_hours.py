"""The synthetic market's day: the sessions of the calendar, the shape of their hours, jumps and correlations."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from statistics import correlation, mean, pstdev

import pytest

from config.environment import Environment
from simulator.contract_files import built_in
from simulator.feeds.pacing import Timed
from simulator.feeds.synthetic import SyntheticFeed

NIGHT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # Tuesday, midnight in New York
HOUR = 3600.0


def ticks(symbols: str, hours: float, start: datetime = NIGHT, *, rate: float = 1.0, speed: float = 1.0) -> list[Timed]:
    """Ticks of so many hours of the market's data with New York's calendar, without those that the feed begins with."""
    book = built_in()
    definitions = [book.find(symbol)[0] for symbol in symbols.split(",")]
    feed = SyntheticFeed(definitions, Environment(lambda: start, 1), rate=rate, speed=speed, calendar="XNYS", seed=3)
    return [one for one in takewhile(lambda tick: tick[0] < hours * HOUR, feed.ticks()) if one[0] > 0]


def spans(found: list[Timed], start: datetime, speed: float = 1.0) -> list[tuple[datetime, datetime]]:
    """From when to when there were ticks, parted by silences of ten minutes and more; to the minute."""
    times = [start + timedelta(seconds=one[0] / speed) for one in found]
    breaks = [(a, b) for a, b in pairwise(times) if b - a >= timedelta(minutes=10)]
    edges = [times[0], *(moment for pair in breaks for moment in pair), times[-1]]
    half = timedelta(seconds=30)
    rounded = [(edge + half).replace(second=0, microsecond=0) for edge in edges]
    return list(zip(rounded[::2], rounded[1::2], strict=True))


def test_there_are_ticks_in_the_sessions_only_half_days_and_holidays_included() -> None:
    # Wednesday a full day, Thursday Thanksgiving, Friday a half day, then a week-end
    start = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    found = ticks("AAPL", 24 * 5.5, start, rate=2.0)
    day = datetime(2026, 11, 25, tzinfo=UTC)
    assert spans(found, start) == [
        (day + timedelta(hours=9), day + timedelta(hours=25)),
        (day + timedelta(days=2, hours=9), day + timedelta(days=2, hours=22)),
        (day + timedelta(days=5, hours=9), day + timedelta(days=5, hours=17)),
    ]


def test_daylight_saving_moves_the_session() -> None:
    start = datetime(2026, 10, 30, 4, 0, tzinfo=UTC)  # Friday; the clock goes back on Sunday
    opens = [tick[0] / HOUR for tick in ticks("AAPL", 24 * 4, start) if tick[2] == 14]
    assert opens == pytest.approx([9.5, 9.5 + 72 + 1], abs=0.001)


def test_a_contract_keeps_the_hours_of_its_own_exchange() -> None:
    found = ticks("AAPL,700", 24)
    by_symbol = defaultdict(list)
    for tick in found:
        by_symbol[tick[1].symbol].append(tick)
    assert spans(by_symbol["700"], NIGHT)[-1][1] == datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    assert min(tick[0] for tick in by_symbol["AAPL"]) == pytest.approx(4 * HOUR, abs=30)


@pytest.mark.parametrize("speed", [60.0, 0.5])
def test_the_hours_are_those_of_the_clock_at_any_speed(speed: float) -> None:
    found = ticks("AAPL", 24 * speed, rate=2.0 / speed, speed=speed)
    assert spans(found, NIGHT, speed) == [(NIGHT + timedelta(hours=4), NIGHT + timedelta(hours=20))]


def test_rate_volume_spread_and_volatility_have_the_shape_of_a_u_and_are_small_outside() -> None:
    halves: dict[int, Counter[str]] = defaultdict(Counter)
    days = 2
    bid = ask = last = 0.0
    moves: dict[int, list[float]] = defaultdict(list)
    quotes = Counter[int]()
    for elapsed, _, kind, price, size in ticks(
        "AAPL", 24 * (days - 1) + 20.1, datetime(2026, 11, 16, 5, 0, tzinfo=UTC), rate=2.0
    ):
        half = int(elapsed % (24 * HOUR) // 1800)  # 8 is 4:00, 19 is 9:30, 31 is 15:30, 32 is 16:00
        halves[half]["ticks"] += 1
        bid, ask = (price if kind == 1 else bid), (price if kind == 2 else ask)
        if kind in (1, 2) and ask > bid > 0:
            quotes[half] += 1
            halves[half]["spread"] += round((ask - bid) * 100)
        if kind == 4:
            halves[half]["volume"] += size
            if last and half != 19:
                moves[half].append(price / last - 1)
            last = price
    regular = range(19, 32)
    assert not set(halves) - set(range(8, 40))

    def shape(value: dict[int, float]) -> tuple[float, float, float]:
        return value[20] / value[25], value[31] / value[25], value[25]

    rates = {half: halves[half]["ticks"] for half in halves}
    assert mean(rates[half] for half in regular) == pytest.approx(days * 1800 * 2.0, rel=0.15)
    for name in ("ticks", "volume"):
        early, late, _ = shape({half: float(halves[half][name]) for half in halves})
        assert 1.6 < early < 3.5, name
        assert 2.0 < late < 4.0, name
    early, late, _ = shape({half: halves[half]["spread"] / quotes[half] for half in quotes})
    assert (early > 1.15, late > 1.25) == (True, True)
    variance = {half: sum(move * move for move in found) for half, found in moves.items()}
    early, late, _ = shape(variance)
    assert (early > 1.3, late > 1.3) == (True, True)
    outside = [half for half in halves if half not in regular]
    assert mean(rates[half] for half in outside) == pytest.approx(0.1 * days * 1800 * 2.0, rel=0.2)
    assert mean(halves[half]["volume"] for half in outside) < 0.05 * mean(halves[half]["volume"] for half in regular)
    assert halves[10]["spread"] / quotes[10] > 1.5 * halves[25]["spread"] / quotes[25]


def test_a_day_begins_with_the_close_of_the_one_before_and_an_opening_trade() -> None:
    found = ticks("AAPL", 44)
    closes = [tick for tick in found if tick[2] == 9]
    opens = [tick for tick in found if tick[2] == 14]
    assert [tick[0] / HOUR for tick in closes] == pytest.approx([4, 28], abs=0.01)
    assert [tick[0] / HOUR for tick in opens] == pytest.approx([9.5, 33.5], abs=0.001)
    last = [tick[3] for tick in found if tick[2] == 4 and tick[0] < 20 * HOUR][-1]
    assert closes[1][3] == last
    volumes = [tick for tick in found if tick[2] == 8]
    falls = [b[0] / HOUR for a, b in pairwise(volumes) if b[4] < a[4]]
    assert len(falls) == 1
    assert 28 <= falls[0] < 29


def returns(found: list[Timed], seconds: float) -> dict[str, list[float]]:
    """Symbol → relative changes of the middle price from one interval to the next, of a market around the clock."""
    middle: dict[str, dict[int, float]] = defaultdict(dict)
    sides: dict[tuple[str, int], float] = {}
    for elapsed, contract, kind, price, _ in found:
        if kind in (1, 2):
            sides[contract.symbol, kind] = price
            both = [sides.get((contract.symbol, side), 0.0) for side in (1, 2)]
            if all(both):
                middle[contract.symbol][int(elapsed // seconds)] = sum(both) / 2
    return {
        symbol: [after / before - 1 for before, after in pairwise(value for _, value in sorted(told.items()))]
        for symbol, told in middle.items()
    }


def market(symbols: str, hours: float, seed: int, factor: float = 1.0) -> list[Timed]:
    book = built_in()
    definitions = [book.find(symbol)[0] for symbol in symbols.split(",")]
    feed = SyntheticFeed(definitions, Environment(lambda: NIGHT, 1), rate=1.0, seed=seed, factor=factor)
    return list(takewhile(lambda tick: tick[0] < hours * HOUR, feed.ticks()))


def test_stocks_move_together_as_their_contracts_say_while_the_market_runs() -> None:
    found = returns(market("SPY,QQQ,AAPL,GLD", 13, seed=5, factor=3.0), 60)
    assert correlation(found["SPY"], found["QQQ"]) > 0.7
    assert 0.3 < correlation(found["AAPL"], found["SPY"]) < 0.8
    assert abs(correlation(found["SPY"], found["GLD"])) < 0.3


def test_there_are_jumps_a_few_a_day_and_far_out_of_the_ordinary() -> None:
    changes = returns(market("AAPL", 39, seed=5), 10)["AAPL"]  # six days
    typical = pstdev(sorted(changes)[len(changes) // 20 : -len(changes) // 20])
    jumps = [change for change in changes if abs(change) > 8 * typical]
    assert 4 <= len(jumps) <= 40
    width = pstdev(changes)
    kurtosis = mean((change / width) ** 4 for change in changes)
    assert kurtosis > 6
