"""The replay benchmark plays what it says, and its comparison sees each difference."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from benchmarks.replay_exits import compare
from benchmarks.replay_house import replay_house
from benchmarks.replay_positions import Exit, replay_positions
from benchmarks.replay_ticks import LAST, STEP, TRAIL, levels, made, read, sign_of, spread, trades


def due(sign: int, prices: list[float]) -> list[tuple[str, int]]:
    """What an independent look at one symbol's prices finds: which exit, at which of its ticks."""
    found: list[tuple[str, int]] = []
    stop, target = levels(sign, prices[0])
    trails = False
    for number, price in enumerate(prices):
        if (price - stop) * sign <= 0 or (price - target) * sign >= 0:
            found.append(("target" if (price - target) * sign >= 0 else "trailing_stop" if trails else "stop", number))
            stop, target = levels(sign, price)
            trails = False
        elif (price * (1 - sign * TRAIL) - stop) * sign > 0:
            stop, trails = price * (1 - sign * TRAIL), True
    return found


def test_a_made_recording_has_the_shape_of_a_recorded_one(tmp_path: Path) -> None:
    recorded = made(seed=1)
    lasts = [price for _, price, _ in trades(recorded)]
    steps = [round((after - before) / STEP) for before, after in pairwise(lasts)]
    assert {kind for kind, _, _ in recorded} == {0, 1, 2, 3, 4, 5, 8}
    assert 0.10 < len(lasts) / len(recorded) < 0.14
    assert 0.005 < max(lasts) / min(lasts) - 1 < 0.01
    assert sum(step in (-1, 1) for step in steps) > 0.9 * len(steps)
    path = tmp_path / "recording.json"
    path.write_text(json.dumps([{"tickType": kind, "price": price, "size": size} for kind, price, size in recorded]))
    assert read(path) == recorded


def test_each_symbol_plays_the_recording_from_a_point_of_its_own() -> None:
    recorded = [(LAST, 100.0, 1.0), (LAST, 101.0, 2.0), (8, -1.0, 3.0), (LAST, 102.0, 4.0)]
    assert list(spread(recorded, 2, 5)) == [
        (0, LAST, 100.0, 1.0),
        (1, 8, -1.0, 3.0),
        (0, LAST, 101.0, 2.0),
        (1, LAST, 102.2, 4.0),
        (0, 8, -1.0, 3.0),
    ]


def test_the_position_actors_leave_where_an_independent_look_at_the_prices_does() -> None:
    symbols = 10
    ticks = list(spread(trades(made(seed=1)), symbols, 16_000))
    replayed = replay_positions(symbols, ticks)
    wanted = {
        (symbol, reason, symbol + number * symbols)
        for symbol in range(symbols)
        for reason, number in due(sign_of(symbol), [price for each, _, price, _ in ticks if each == symbol])
    }
    assert {(each.symbol, each.reason, each.tick) for each in replayed.exits} == wanted
    assert len(replayed.exits) == len(wanted)
    assert {reason for _, reason, _ in wanted} == {"stop", "target", "trailing_stop"}


def test_the_whole_process_leaves_where_the_position_actors_would() -> None:
    symbols = 20
    ticks = list(spread(trades(made(seed=1)), symbols, 8_000))
    house, actors = replay_house(symbols, ticks), replay_positions(symbols, ticks)
    compared = compare((each for each in actors.exits if each.tick >= symbols), house.exits, prices=False)
    assert set(compared.counts) == {"same tick, same exit"}
    assert compared.counts.total() > 10


def test_the_comparison_tells_differences_apart() -> None:
    ours = [
        Exit(0, "stop", 10, 99.8, 99.6),
        Exit(1, "stop", 11, 100.2, 100.4),
        Exit(0, "target", 20, 100.3, 100.4),
        Exit(0, "stop", 30, 99.8, 99.6),
        Exit(0, "stop", 50, 99.8, 99.7),
    ]
    theirs = [
        Exit(0, "stop", 10, 99.80004),
        Exit(1, "trailing_stop", 11, 100.25),
        Exit(0, "target", 20, 100.4),
        Exit(0, "stop", 40, 99.8),
        Exit(0, "trailing_stop", 50, 99.6),
    ]
    assert compare(ours, theirs).counts == {
        "same tick, same exit, same price": 1,
        "same tick, both crossed by it, another one named": 1,
        "same tick, same exit, another price": 1,
        "only pitboss has it": 1,
        "only NautilusTrader has it": 1,
        "another exit": 1,
    }
