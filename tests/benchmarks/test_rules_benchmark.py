"""The rules benchmark measures rules that act, however many others there are."""

from __future__ import annotations

from benchmarks.rules import by_index, event, measure, one_by_one


def test_both_ways_act_once_on_each_event() -> None:
    events = [event(number) for number in range(5)]
    runs = {10: by_index(10), 500: by_index(500), 11: one_by_one(100)}
    assert set(measure(runs, events, 1)) == {10, 500, 11}
