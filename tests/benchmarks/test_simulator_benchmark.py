"""The paper TWS's benchmark measures what it says."""

from __future__ import annotations

from benchmarks.paper.orders import placed
from benchmarks.paper.serving import SYMBOLS, market, plain_sockets, served, written
from benchmarks.paper.virtual_day import run_day


def test_plain_sockets_write_what_the_paper_tws_writes() -> None:
    batches = market(2_000)
    data = written(batches)
    assert len(data) == len(batches)
    frames = b"".join(data).count(b"\x006\x00")
    assert sum(map(len, batches)) == 2_000
    assert frames >= 2_000, "each tick is told"
    assert {tick.contract.symbol for batch in batches for tick in batch} == set(SYMBOLS)
    assert served(2, batches) > 0
    assert plain_sockets(2, data) > 0


def test_orders_are_accepted_and_filled() -> None:
    assert placed(30, "accepted") > 0
    assert placed(30, "filled") > 0


def test_a_day_in_virtual_time_is_the_same_each_time_and_fills_each_order() -> None:
    first, again = run_day(0.02, 10), run_day(0.02, 10)
    assert first.filled == 10
    assert first.simulated == again.simulated
    assert (first.ticks, first.filled) == (again.ticks, again.filled)
    assert 40 * 72 < first.ticks < 60 * 72, "fifty a second"
