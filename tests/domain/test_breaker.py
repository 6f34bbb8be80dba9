"""The breaker: nothing but a person's word leads back, and nothing trips it that was seen only once."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.breaker import TABLE, Breaker, BreakerRefused, at_least
from domain.breaker_meters import Meter, MeterLimits, Patience, Peak
from domain.trading_day import TradingDay
from messages.risk import BreakerEvent, BreakerGoal, BreakerTrigger, TradingState

D = Decimal
TRIPS = [goal for goal in BreakerGoal if goal is not BreakerGoal.HALT]
steps = st.lists(
    st.tuples(st.sampled_from(list(BreakerEvent)), st.sampled_from(TRIPS), st.sampled_from(list(BreakerTrigger)))
)


def go(breaker: Breaker, event: BreakerEvent, goal: BreakerGoal, trigger: BreakerTrigger) -> Breaker:
    try:
        return breaker.after(event, f"by {event}", goal, trigger)
    except BreakerRefused:
        return breaker


@given(steps)
def test_it_never_goes_back_by_itself(steps: list[tuple[BreakerEvent, BreakerGoal, BreakerTrigger]]) -> None:
    breaker = Breaker()
    for event, goal, trigger in steps:
        after = go(breaker, event, goal, trigger)
        if breaker.tripped and event is not BreakerEvent.REARM:
            assert after.tripped, "a trip ends with rearm alone"
            assert at_least(after.goal, breaker.goal or BreakerGoal.HALT), "it never goes less far"
            assert (after.reason == breaker.reason) or after.goal is not breaker.goal
        if breaker.state is not TradingState.ACTIVE and after.state is TradingState.ACTIVE:
            assert event in (BreakerEvent.RESUME, BreakerEvent.REARM), "only a person allows risk again"
        breaker = after
        assert (breaker.state is TradingState.ACTIVE) == (breaker.goal is None)


def test_rearm_is_taken_in_the_last_state_alone() -> None:
    taken = [state for state, event in product(TradingState, BreakerEvent) if event in TABLE[state]]
    assert {state for state in taken if BreakerEvent.REARM in TABLE[state]} == {TradingState.LATCHED}


def tripped(goal: BreakerGoal = BreakerGoal.FLATTEN) -> Breaker:
    return Breaker().after(BreakerEvent.TRIP, "lost 600", goal, BreakerTrigger.DAILY_LOSS)


@pytest.mark.parametrize(
    ("breaker", "event", "reason"),
    [
        (Breaker(), BreakerEvent.REARM, "the breaker has not tripped"),
        (Breaker().after(BreakerEvent.HALT, "lunch"), BreakerEvent.REARM, "it is halted by hand: `pitboss resume`"),
        (tripped(), BreakerEvent.RESUME, "the breaker has tripped: `pitboss rearm --reason …`"),
        (tripped(), BreakerEvent.REARM, "entries are still being cancelled"),
        (tripped().after(BreakerEvent.CLOSE), BreakerEvent.REARM, "positions are still being closed"),
    ],
)
def test_a_refusal_says_what_to_do(breaker: Breaker, event: BreakerEvent, reason: str) -> None:
    with pytest.raises(BreakerRefused, match=f"^{reason}$".replace("…", ".")):
        breaker.after(event)


def test_a_later_trip_that_goes_further_takes_over_and_a_lesser_one_does_not() -> None:
    latched = tripped(BreakerGoal.REDUCE_ONLY).after(BreakerEvent.LATCH)
    lesser = latched.after(BreakerEvent.TRIP, "rejects", BreakerGoal.REDUCE_ONLY, BreakerTrigger.REJECT_STREAK)
    assert lesser == latched
    further = latched.after(BreakerEvent.TRIP, "fell", BreakerGoal.FLATTEN, BreakerTrigger.DRAWDOWN)
    assert (further.state, further.reason, further.flattens) == (TradingState.REDUCE_ONLY, "fell", True)
    assert further.after(BreakerEvent.CLOSE).state is TradingState.FLATTENING


def test_a_halt_after_a_trip_changes_nothing() -> None:
    assert tripped().after(BreakerEvent.HALT, "lunch") == tripped()


PATIENCE = Patience(3, 5.0)


def observe(meter: Meter, *figures: int, seconds: float = 2.0) -> list[bool]:
    return [meter.observe(D(figure), number * seconds) is not None for number, figure in enumerate(figures)]


def test_a_breach_counts_after_enough_observations_over_enough_time() -> None:
    loss = MeterLimits(loss=D(500))
    assert observe(Meter("x", loss, PATIENCE), -500, -501, -502, -503) == [False, False, False, True]
    assert observe(Meter("x", loss, PATIENCE), *[-500] * 9, seconds=0.5) == [False] * 9, "often is not long"
    assert observe(Meter("x", loss, PATIENCE), -500, -500, seconds=100.0) == [False, False], "long is not often"
    assert observe(Meter("x", loss, PATIENCE), -500, -501, 0, -503, -504, -505) == [False] * 6


def test_one_wild_figure_is_no_peak() -> None:
    meter = Meter("x", MeterLimits(fall=D(100)), PATIENCE, D(0))
    assert not any(observe(meter, 10, 9_000_000, 12, 11, 10, 9, 8, 9, 10))
    assert meter.peak.level is not None
    assert meter.peak.level <= 12


def test_a_fall_from_a_peak_that_stood() -> None:
    meter = Meter("the equity", MeterLimits(fall_pct=D("0.1")), PATIENCE)
    observe(meter, *[1000] * 4)
    assert meter.peak.level == 1000
    trips = [meter.observe(D(899), 100.0 + 2 * number) for number in range(4)]
    assert trips[:3] == [None] * 3
    assert trips[3] is not None
    assert trips[3].text == "the equity 899 is 10.10% below its peak of 1000; the limit is 10.00%"


@given(st.lists(st.integers(-1000, 1000), min_size=1))
def test_a_peak_never_falls_and_is_never_above_what_was_seen(figures: list[int]) -> None:
    peak, before = Peak(PATIENCE), None
    for number, figure in enumerate(figures):
        level = peak.observe(D(figure), 3.0 * number)
        if before is not None:
            assert level is not None
            assert level >= before
        if level is not None:
            assert level <= max(figures)
            assert sum(one >= level for one in figures) >= PATIENCE.observations
        before = level


@pytest.mark.parametrize(
    ("zone", "start", "moment", "day"),
    [
        ("America/New_York", time(0), "2026-11-20T04:59:59", "2026-11-19"),
        ("America/New_York", time(0), "2026-11-20T05:00:00", "2026-11-20"),
        ("America/New_York", time(0), "2026-07-20T04:00:00", "2026-07-20"),  # daylight saving
        ("America/New_York", time(18), "2026-11-20T22:59:59", "2026-11-20"),
        ("America/New_York", time(18), "2026-11-20T23:00:00", "2026-11-21"),
        ("Asia/Hong_Kong", time(0), "2026-11-19T16:00:00", "2026-11-20"),
        ("Asia/Hong_Kong", time(5), "2026-11-19T20:59:59", "2026-11-19"),
        ("Asia/Hong_Kong", time(5), "2026-11-19T21:00:00", "2026-11-20"),
    ],
)
def test_a_moment_belongs_to_the_exchanges_day(zone: str, start: time, moment: str, day: str) -> None:
    assert TradingDay(ZoneInfo(zone), start).of(datetime.fromisoformat(moment).replace(tzinfo=UTC)) == day


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
    st.sampled_from(["America/New_York", "Asia/Hong_Kong", "Europe/Berlin"]),
    st.sampled_from([time(0), time(5), time(18)]),
)
def test_the_next_day_begins_when_it_says(moment: datetime, zone: str, start: time) -> None:
    day = TradingDay(ZoneInfo(zone), start)
    begins = day.next_start(moment)
    assert begins > moment
    assert day.of(begins) > day.of(moment)
