"""The exit monitor against a plain reading of the rules."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exits import ExitMonitor, ExitReason, MonitorStep

prices = st.floats(50, 150).map(lambda price: round(price, 2))


@given(st.sampled_from([1, -1]), st.lists(prices, max_size=60), st.sampled_from([None, 97.0, 103.0]), st.booleans())
def test_a_trailing_stop_never_loosens_and_is_where_the_best_price_puts_it(
    sign: int, path: list[float], start: float | None, by_amount: bool
) -> None:
    monitor = ExitMonitor(sign, start, None, None if by_amount else 0.02, 2.0 if by_amount else None)
    stop = start
    for price in path:
        expected_hit = stop is not None and (price <= stop if sign > 0 else price >= stop)
        hit = monitor.on_price(price)
        assert (hit is not None) == expected_hit
        if not expected_hit:
            candidate = price - sign * 2.0 if by_amount else price * (1 - sign * 0.02)
            stop = candidate if stop is None else max(stop, candidate) if sign > 0 else min(stop, candidate)
        assert monitor.stop == pytest.approx(stop, rel=1e-12)
        if hit is not None:
            return


@given(
    st.sampled_from([1, -1]),
    st.lists(prices, max_size=40),
    st.sampled_from([None, 95.0]),
    st.sampled_from([None, 105.0]),
)
def test_fixed_exits_fire_exactly_at_their_prices(
    sign: int, path: list[float], low: float | None, high: float | None
) -> None:
    stop, target = (low, high) if sign > 0 else (high, low)
    monitor = ExitMonitor(sign, stop, target)
    for price in path:
        if stop is not None and (price <= stop if sign > 0 else price >= stop):
            expected = ExitReason.STOP
        elif target is not None and (price >= target if sign > 0 else price <= target):
            expected = ExitReason.TARGET
        else:
            expected = None
        assert monitor.on_price(price) is expected
    assert (monitor.stop, monitor.target) == (stop, target)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("price", [nan, inf, -inf, -1.0, 0.0])
def test_what_is_no_price_neither_fires_nor_moves_a_stop(sign: int, price: float) -> None:
    for stop, target, trail in ((95.0, 105.0, None), (105.0, 95.0, None), (None, None, 0.02), (None, None, None)):
        monitor = ExitMonitor(sign, stop, target, trail)
        assert monitor.on_price(price) is None
        assert monitor.stop == stop


def test_a_stop_that_trailed_says_so() -> None:
    monitor = ExitMonitor(1, 97.0, None, 0.02)
    assert monitor.on_price(98.0) is None  # 96.04 would be looser
    assert monitor.moved is None
    assert monitor.on_price(97.0) is ExitReason.STOP
    monitor = ExitMonitor(1, 97.0, None, 0.02)
    monitor.on_price(110.0)
    assert monitor.on_price(100.0) is ExitReason.TRAILING_STOP


def test_a_gap_through_the_stop_fires_at_the_first_price_beyond_it() -> None:
    assert ExitMonitor(-1, 103.0, 92.0).on_price(140.0) is ExitReason.STOP


@pytest.mark.parametrize("distances", [(0.02, 1.0), (0.0, None), (1.0, None), (None, 0.0), (nan, None)])
def test_an_impossible_trail_is_refused(distances: tuple[float | None, float | None]) -> None:
    with pytest.raises(ValueError):
        ExitMonitor(1, None, None, *distances)


@given(st.sampled_from([1, -1]), st.lists(prices, max_size=60), st.sampled_from([None, 0.5, 3.0]), st.booleans())
def test_steps_and_trailing_together_never_loosen_the_stop(
    sign: int, path: list[float], least: float | None, trails: bool
) -> None:
    steps = [
        MonitorStep(100.0 + sign * 5, 100.0, ExitReason.BREAK_EVEN),
        MonitorStep(100.0 + sign * 20, 100.0 + sign * 10),
        MonitorStep(100.0 + sign * 30, 100.0 + sign * 25),
    ]
    monitor = ExitMonitor(sign, 100.0 - sign * 10, None, None, 6.0 if trails else None, steps, least)
    best = -inf
    stop = 100.0 - sign * 10
    for price in path:
        if monitor.on_price(price) is not None:
            assert (price - stop) * sign <= 0
            return
        assert monitor.stop is not None
        best = max(best, (price - 100.0) * sign)
        assert (monitor.stop - stop) * sign >= 0
        if monitor.stop != stop:
            assert monitor.moved is not None
            assert monitor.news or least is None
        # at least where the steps put it, never beyond what trailing and steps allow, and trailing is late by `least`
        by_step = max([-10.0, *((step.stop - 100.0) * sign for step in steps if best >= abs(step.trigger - 100.0))])
        by_trail = max(best - 6.0, -10.0) if trails else -10.0
        where = (monitor.stop - 100.0) * sign
        assert where >= by_step - 1e-9
        assert where <= max(by_step, by_trail) + 1e-9
        assert where >= by_trail - (least or 0.0) - 1e-9 or not trails
        stop = monitor.stop


def test_a_stop_is_named_by_what_moved_it() -> None:
    monitor = ExitMonitor(
        -1, 103.0, None, steps=[MonitorStep(98.0, 99.5, ExitReason.BREAK_EVEN), MonitorStep(95.0, 97.0)]
    )
    assert (monitor.on_price(98.0), monitor.stop, monitor.moved, monitor.news) == (
        None,
        99.5,
        ExitReason.BREAK_EVEN,
        True,
    )
    assert monitor.on_price(99.5) is ExitReason.BREAK_EVEN
    assert monitor.on_price(94.0) is None
    assert monitor.on_price(97.2) is ExitReason.STEP
