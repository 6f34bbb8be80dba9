from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.backoff import BackOff
from actors.gateway.budget import RateBudget
from actors.gateway.liveness import RoundTrips
from actors.gateway.queue import SendQueue, Unit
from messages.gateway import Priority


def unit(label: str, priority: Priority = Priority.ENTRY, deadline: float = math.inf) -> Unit:
    nothing: Callable[..., int] = lambda *_: 0  # noqa: E731
    return Unit(priority, 1, nothing, nothing, label, deadline)


def drain(queue: SendQueue) -> list[str]:
    return [queue.take().label for _ in range(len(queue))]


def test_a_cancel_overtakes_exits_exits_overtake_entries_and_data_goes_last() -> None:
    queue = SendQueue()
    for number, priority in enumerate((Priority.DATA, Priority.ENTRY, Priority.EXIT, Priority.CANCEL) * 2):
        queue.put(unit(f"{priority.name}{number}", priority))
    assert drain(queue) == ["CANCEL3", "CANCEL7", "EXIT2", "EXIT6", "ENTRY1", "ENTRY5", "DATA0", "DATA4"]
    assert queue.first() is None
    with pytest.raises(IndexError):
        queue.take()


def test_a_unit_past_its_deadline_is_taken_out_and_the_next_deadline_is_known() -> None:
    queue = SendQueue()
    queue.put(unit("late", deadline=5.0))
    queue.put(unit("patient"))
    queue.put(unit("early", Priority.EXIT, deadline=2.0))
    assert queue.next_deadline() == 2.0
    assert queue.take_expired(1.9) == []
    assert [each.label for each in queue.take_expired(2.0)] == ["early"]
    assert queue.next_deadline() == 5.0
    assert [each.label for each in queue.take_expired(9.0)] == ["late"]
    assert queue.next_deadline() == math.inf
    assert drain(queue) == ["patient"]


def test_taking_everything_leaves_an_empty_queue() -> None:
    queue = SendQueue()
    queue.put(unit("a", deadline=1.0))
    queue.put(unit("b", Priority.CANCEL))
    assert [each.label for each in queue.take_all()] == ["b", "a"]
    assert (len(queue), queue.next_deadline()) == (0, math.inf)


@given(st.lists(st.tuples(st.integers(1, 8), st.floats(0, 0.4)), max_size=80), st.integers(1, 12))
def test_no_window_of_a_second_holds_more_than_the_budget(steps: list[tuple[int, float]], limit: int) -> None:
    budget = RateBudget(limit)
    now = 1000.0
    sent: list[float] = []
    for count, pause in steps:
        now += pause
        now = max(now, budget.when(count, now))
        # what is slept until is reached: the comparison does not depend on rounding, or this would not terminate
        assert budget.when(count, now) == now
        written = min(count, limit)
        assert budget.available(now) >= written
        budget.spend(written, now)
        sent += [now] * written
    for begin in sent:
        assert sum(begin <= moment < begin + 1.0 for moment in sent) <= limit


def test_the_budget_says_when_a_unit_fits() -> None:
    budget = RateBudget(3)
    budget.spend(2, 10.0)
    budget.spend(1, 10.5)
    assert budget.available(10.6) == 0
    assert (budget.when(1, 10.6), budget.when(2, 10.6), budget.when(3, 10.6)) == (11.0, 11.0, 11.5)
    assert budget.when(40, 10.6) == 11.5
    with pytest.raises(ValueError, match="at least one"):
        RateBudget(0)


def test_a_round_trip_is_as_old_as_its_request() -> None:
    trips = RoundTrips(5.0)
    assert not trips.recent(0.0)
    assert trips.due(0.0) == 0.0
    trips.asked(0.0)
    assert trips.due(1.0) == math.inf
    trips.answered(4.0)
    assert trips.recent(4.9)
    assert not trips.recent(5.0)
    assert trips.last_answer == 4.0
    assert trips.due(4.0) == 4.0


def test_an_answer_that_nobody_asked_for_proves_nothing() -> None:
    trips = RoundTrips(5.0)
    trips.answered(1.0)
    assert not trips.recent(1.0)
    assert trips.last_answer is None


def test_a_link_is_dead_when_a_request_stays_open_too_long() -> None:
    trips = RoundTrips(5.0)
    assert trips.dead_at() == math.inf
    trips.asked(100.0)
    assert trips.dead_at() == 115.0
    with pytest.raises(RuntimeError):
        trips.asked(101.0)
    trips.answered(102.0)
    assert trips.dead_at() == math.inf


def test_pauses_double_up_to_their_limit_with_jitter_and_begin_again() -> None:
    pauses = BackOff(Random(3), first=1.0, limit=8.0)
    taken = [pauses.pause() for _ in range(6)]
    for pause, full in zip(taken, (1, 2, 4, 8, 8, 8), strict=True):
        assert full / 2 <= pause <= full
    pauses.reset()
    assert pauses.pause() <= 1.0
    assert [BackOff(Random(3), first=1.0, limit=8.0).pause()] == taken[:1]
