"""Indicators against plain arithmetic over the whole history."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.bars import duration, history_for
from domain.indicators import Indicator
from messages.indicator import Bar

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
prices = st.floats(1, 1000, allow_nan=False)


@st.composite
def bars(draw):
    rows = draw(st.lists(st.tuples(prices, prices, prices, prices, st.integers(0, 10_000)), min_size=1, max_size=60))
    return [
        Bar(START + timedelta(minutes=number), row[0], max(row[:4]), min(row[:4]), row[3], float(row[4]))
        for number, row in enumerate(rows)
    ]


def value(kind, period, history):
    indicator = Indicator(kind, period, NEW_YORK)
    for bar in history:
        indicator.add(bar)
    return indicator.value


@settings(max_examples=40, deadline=None, database=None)
@given(bars(), st.integers(1, 14))
def test_the_atr_is_the_mean_of_the_last_true_ranges(history, period):
    ranges = [
        max(bar.high - bar.low, abs(bar.high - before.close), abs(bar.low - before.close))
        for before, bar in pairwise(history)
    ]
    expected = None if len(ranges) < period else sum(ranges[-period:]) / period
    assert value("atr", period, history) == (expected if expected is None else pytest.approx(expected, abs=1e-9))


@settings(max_examples=40, deadline=None, database=None)
@given(bars(), st.integers(1, 14))
def test_averages_and_strength_are_those_of_the_textbook(history, period):
    closes = [bar.close for bar in history]
    enough = len(closes) >= period
    mean = sum(closes[-period:]) / period if enough else None
    assert value("sma", period, history) == (pytest.approx(mean, abs=1e-9) if enough else None)
    average = sum(closes[:period]) / period
    for close in closes[period:]:
        average += (close - average) * 2 / (period + 1)
    assert value("ema", period, history) == (pytest.approx(average) if enough else None)
    changes = [late - early for early, late in pairwise(closes)]
    if len(changes) < period:
        assert value("rsi", period, history) is None
        return
    gain = sum(max(change, 0) for change in changes[:period]) / period
    loss = sum(max(-change, 0) for change in changes[:period]) / period
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, 0)) / period
        loss = (loss * (period - 1) + max(-change, 0)) / period
    expected = 50.0 if not gain + loss else 100.0 if not loss else 100 - 100 / (1 + gain / loss)
    assert value("rsi", period, history) == pytest.approx(expected, abs=1e-3)


def test_the_vwap_begins_anew_each_day_of_the_exchange():
    late = Bar(START, 10, 10, 10, 10, 100)
    next_day = START + timedelta(days=3)
    history = [late, Bar(next_day, 20, 20, 20, 20, 100), Bar(next_day + timedelta(minutes=1), 26, 26, 26, 26, 200)]
    assert value("vwap", 1, history[:1]) == 10
    assert value("vwap", 1, history) == 24


def test_a_long_run_keeps_its_value_and_not_its_history():
    indicator = Indicator("rsi", 3, NEW_YORK)
    other = Indicator("sma", 5, NEW_YORK)
    closes = [100 + (number * 7919 % 101) / 10 for number in range(9000)]
    for number, close in enumerate(closes):
        bar = Bar(START + timedelta(minutes=number), close, close, close, close, 1)
        indicator.add(bar)
        other.add(bar)
    assert other.value == pytest.approx(sum(closes[-5:]) / 5)
    assert 0 <= indicator.value <= 100
    assert len(indicator._computed[0].input_values) < 5000


def test_history_is_asked_for_within_what_tws_answers():
    assert duration(history_for(5, 1000)) == "3600 S"
    assert duration(history_for(60, 14)) == "1 D"
    assert duration(history_for(300, 28)) == "6 D"
    assert duration(history_for(86_400, 28)) == "44 D"
