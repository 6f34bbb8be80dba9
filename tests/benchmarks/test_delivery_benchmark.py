"""The delivery benchmark compares like with like."""

from __future__ import annotations

import trio

from benchmarks.delivery import measure, plain_loop, random_walks
from domain.exits import ExitReason


def test_every_way_of_delivery_makes_the_same_exits_and_profit() -> None:
    assert measure(symbols=5, ticks=6_400, rounds=1)[-1] == "yes"


def test_the_ticks_make_exits_of_each_kind() -> None:
    _, outcome = trio.run(plain_loop, 5, random_walks(5, 64_000))
    assert {reason for exits, _ in outcome for reason, _ in exits} >= {ExitReason.STOP, ExitReason.TRAILING_STOP}
