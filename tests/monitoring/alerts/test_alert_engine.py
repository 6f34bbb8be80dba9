"""From lines and time to announcements: each once, and over when it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.log_events import EVENTS
from monitoring.alerts.alert import Word
from monitoring.alerts.sources import moment_of
from monitoring.alerts.store import StateFile
from monitoring.alerts.words import compose

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
RULE = {"id": "mine", "event": "order.rejected"}


def test_an_alarm_is_announced_once_and_is_over_when_it_is_cleared(desk):
    it = desk()
    alarm = {"id": "a1", "kind": "protection.missing", "symbol": "AAPL"}
    it.at(0, "alarm.raised", text="AAPL: 100 naked", **alarm)
    it.at(1, "alarm.raised", text="AAPL: 100 naked", **alarm)
    it.wait(20)
    it.at(25, "alarm.cleared", **alarm)
    it.wait(40)
    assert it.heard == [
        (0, "raised", "protection.missing: AAPL: 100 naked"),
        (25, "over", "protection.missing: AAPL: 100 naked"),
    ]
    assert {one.severity for one in it.said} == {"critical"}
    assert it.said[0].runbook == "protection.missing"


def test_two_alarms_of_a_kind_are_two_alerts(desk):
    it = desk()
    for symbol in ("AAPL", "MSFT"):
        it.at(0, "alarm.raised", id=symbol, kind="order.revived", text=symbol, symbol=symbol)
    it.at(5, "alarm.cleared", id="AAPL", kind="order.revived", symbol="AAPL")
    assert [alert.key[1] for alert in it.engine.active] == ["MSFT"]


def test_a_link_that_comes_back_soon_is_not_told(desk):
    it = desk()
    it.at(0, "alarm.raised", id="1", kind="broker.lost", text="reset")
    it.at(10, "alarm.cleared", id="1", kind="broker.lost")
    it.wait(60)
    assert it.heard == []
    it.at(100, "alarm.raised", id="2", kind="broker.lost", text="reset")
    it.wait(119)
    assert it.heard == []
    it.wait(121)
    assert it.heard == [(120, "raised", "broker.lost: reset")]


def test_what_belongs_to_the_nightly_restart_waits_for_its_end(desk):
    it = desk()
    night = 8 * 3600 + 2700  # 23:45
    it.at(night, "alarm.raised", id="1", kind="broker.lost", text="reset")
    it.wait(night + 600)
    assert it.heard == []
    it.wait(9 * 3600 + 590)
    assert it.heard == []
    it.wait(9 * 3600 + 601)
    assert [word for _, word, _ in it.heard] == ["raised"]


def test_a_log_that_falls_silent_is_told_once_and_over_with_the_next_line(desk):
    it = desk(silent_seconds=30)
    it.at(0, "system.ready")
    it.wait(29)
    assert it.heard == []
    it.wait(31)
    it.wait(600)
    assert [word for _, word, _ in it.heard] == ["raised"]
    assert it.said[0].severity == "critical"
    it.at(700, "system.starting", name="paper")
    assert [(at, word) for at, word, _ in it.heard[1:]] == [(700, "over"), (700, "told")]  # and: it had died
    assert it.said[-1].log == "paper"


@pytest.mark.parametrize("event", ["system.stopped", "system.failed"])
def test_silence_after_an_end_that_was_told_is_none(desk, event):
    it = desk(silent_seconds=30)
    it.at(0, "system.ready")
    it.at(1, event, error="x")
    before = len(it.said)
    it.wait(100_000)
    assert not [one for one in it.said[before:] if one.rule == "silent"]
    it.at(100_000, "system.starting", name="paper")
    assert not [one for one in it.said if one.rule == "died"]
    it.wait(100_031)
    assert it.said[-1].rule == "silent"


def test_the_first_line_of_a_new_log_is_no_death(desk):
    it = desk()
    it.at(0, "system.starting", name="paper")
    assert it.heard == []


def test_a_rule_counts_within_a_time(desk):
    it = desk(shipped=False, rules=[{**RULE, "count": 3, "within_seconds": 10, "until_seconds": 60, "by": ["symbol"]}])
    for second in (0, 9, 18):
        it.at(second, "order.rejected", symbol="AAPL", order_ref="r")
    it.at(18, "order.rejected", symbol="MSFT", order_ref="r")
    assert it.heard == []
    it.at(19, "order.rejected", symbol="AAPL", order_ref="r")
    assert [(at, word) for at, word, _ in it.heard] == [(19, "raised")]
    it.wait(80)
    assert [(at, word) for at, word, _ in it.heard] == [(19, "raised"), (79, "over")]
    it.wait(200)
    assert not it.engine.alerts.keys() - {("silent", ())}, "nothing is kept of what is over"


def test_a_notice_is_told_at_most_so_often_and_none_is_lost(desk):
    it = desk(shipped=False, rules=[{**RULE, "every_seconds": 100, "text": "{symbol}: {code}"}])
    for second in (0, 10, 20, 30):
        it.at(second, "order.rejected", symbol="AAPL", order_ref="r", code=200 + second)
    assert it.heard == [(0, "told", "AAPL: 200")]
    it.wait(100)
    assert it.heard[1:] == [(100, "told", "AAPL: 230")]
    assert it.said[-1].count == 3
    it.wait(200)
    it.at(201, "order.rejected", symbol="AAPL", order_ref="r", code=7)
    assert it.heard[2:] == [(201, "told", "AAPL: 7")]


def test_what_flaps_is_told_at_most_so_often_and_none_is_lost(desk):
    rule = {**RULE, "until_event": "order.accepted", "every_seconds": 100}
    it = desk(shipped=False, rules=[rule])
    for second in (0, 20, 40):
        it.at(second, "order.rejected", symbol="A", order_ref="r")
        it.at(second + 10, "order.accepted", symbol="A", order_ref="r")
    assert [(at, word) for at, word, _ in it.heard] == [(0, "raised"), (10, "over")]
    it.wait(110)
    assert (it.said[-1].word, it.said[-1].count) == (Word.TOLD, 2)
    it.at(150, "order.rejected", symbol="A", order_ref="r")
    it.wait(300)
    assert [(at, word) for at, word, _ in it.heard[3:]] == [(210, "raised")]


def test_what_stands_is_said_again(desk):
    it = desk(repeat_seconds=3600)
    it.at(0, "alarm.raised", id="1", kind="journal.failed", text="full")
    it.wait(3599)
    it.wait(3601)
    it.wait(3700)
    assert [word for _, word, _ in it.heard] == ["raised", "still"]


@pytest.mark.parametrize(
    ("when", "fields", "told"),
    [
        ({"code": ">= 200"}, {"code": 201}, True),
        ({"code": ">= 200"}, {"code": 199}, False),
        ({"code": ">= 200"}, {"code": "a word"}, False),
        ({"code": ">= 200"}, {}, False),
        ({"figures.used": "> 10.5"}, {"figures": {"used": "10.75"}}, True),
        ({"figures.used": "> 10.5"}, {"figures": {"used": "9"}}, False),
        ({"figures.used": "> 10.5"}, {"figures": "text"}, False),
        ({"mailboxes.*": "> 5"}, {"mailboxes": {"a": 1, "b": 9}}, True),
        ({"legs.*.price": "100"}, {"legs": [{"price": "99"}, {"price": "100"}]}, True),
        ({"price": 100}, {"price": "100.00"}, True),
        ({"price": "!= 100"}, {"price": "100.00"}, False),
        ({"symbol": ["AAPL", "MSFT"]}, {"symbol": "MSFT"}, True),
        ({"symbol": "!= AAPL"}, {"symbol": "MSFT"}, True),
        ({"live": False}, {"live": False}, True),
    ],
)
def test_conditions_on_fields(desk, when, fields, told):
    it = desk(shipped=False, rules=[{"id": "mine", "event": "log.mine", "when": when}])
    it.at(0, "log.mine", **fields)
    assert bool(it.said) is told
    it = desk(shipped=False, rules=[{"id": "mine", "event": "log.mine", "unless": when}])
    it.at(0, "log.mine", **fields)
    assert bool(it.said) is not told


def test_a_snapshot_makes_up_for_lines_that_were_lost(desk):
    it = desk()
    it.at(0, "alarm.raised", id="1", kind="order.revived", text="one", symbol="AAPL", order_ref="r")
    it.at(9, "system.snapshot", status={"alarms": [{"id": "2", "kind": "journal.slow", "text": "two", "since": "…"}]})
    assert it.heard == [
        (0, "raised", "order.revived: one"),
        (9, "over", "order.revived: one"),
        (9, "raised", "journal.slow: two"),
    ]
    it.at(10, "system.snapshot", status={"alarms": None})
    it.at(11, "system.snapshot", status={"alarms": [{"id": "2", "kind": "journal.slow", "text": "two"}]})
    assert len(it.said) == 3
    it.at(12, "alarm.cleared", id="2", kind="journal.slow")
    assert it.heard[3:] == [(12, "over", "journal.slow: two")]


def test_text_from_outside_commands_no_terminal(desk):
    it = desk(rules=[{**RULE, "text": "{reason}"}, {**RULE, "id": "two"}])
    it.at(0, "system.starting", name="a\x1b[2Jb")
    it.at(0, "order.rejected", symbol="A\x1b]0;x\x07", order_ref="r", reason="no\x1b[31m\u202e" + "!" * 1_000)
    assert len(it.said) == 3
    for one in it.said:
        assert (one.text + one.log).isprintable()
        assert len(one.text) <= 400


def test_lines_of_any_shape_are_taken(desk):
    it = desk(rules=[{"id": "all", "event": "*", "by": ["symbol.b", "symbol"], "text": "{symbol} {reason.c} {"}])
    for line in (
        {},
        {"event": None},
        {"event": ["x"]},
        {"symbol": {"b": [1]}},
        {"event": "system.snapshot", "status": 3},
    ):
        it.engine.take(line, datetime(2026, 1, 1, tzinfo=UTC))
    assert it.engine.drain()


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["id", "kind", "symbol", "text", "status", "alarms", "mailboxes", "name", "actor", "ts", "error"]
)
_STATUS = st.fixed_dictionaries({"alarms": st.lists(st.dictionaries(_NAMES, _ANYTHING, max_size=4), max_size=3)})


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from([*EVENTS, "", "of.tomorrow"]),
            st.dictionaries(_NAMES, _ANYTHING, max_size=5),
            st.none() | _STATUS,
        ),
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None)
def test_no_line_however_odd_stops_it(desk, tmp_path_factory, lines):
    it = desk(silent_seconds=5)
    file = StateFile(tmp_path_factory.mktemp("state") / "alerts.json")
    for second, (event, fields, status) in enumerate(lines):
        line = {**fields, "event": event} | ({"status": status} if status is not None else {})
        it.engine.take(line, moment_of(line, START + timedelta(seconds=second)))
        it.said += it.engine.drain()
    it.restart(file)
    for one in it.said:
        assert compose([one]).title.isprintable()


_LINES = st.lists(
    st.tuples(
        st.floats(0.1, 40),
        st.sampled_from(["alarm.raised", "alarm.cleared", "order.rejected", "system.stopped", "system.starting", ""]),
        st.sampled_from(["broker.lost", "order.revived"]),
    ),
    max_size=25,
)


@given(lines=_LINES, cut=st.integers(0, 25))
@settings(max_examples=30, deadline=None)
def test_a_restart_at_any_line_changes_nothing(desk, tmp_path_factory, lines, cut):
    rules = [{"id": "rejects", "event": "order.rejected", "count": 2, "within_seconds": 30, "every_seconds": 20}]
    straight, cut_short = (desk(rules=rules, silent_seconds=30) for _ in "ab")
    file = StateFile(tmp_path_factory.mktemp("state") / "alerts.json")
    second = 0.0
    for number, (later, event, kind) in enumerate(lines):
        second += later
        for it in (straight, cut_short):
            if it is cut_short and number == cut:
                it.restart(file)
            it.at(second, event, id=kind, kind=kind, text="text", name="paper")
    for it in (straight, cut_short):
        it.wait(second + 1000)
    assert straight.said == cut_short.said
    begun = [one for one in straight.said if one.word == Word.RAISED]
    over = [one for one in straight.said if one.word == Word.OVER]
    assert len(begun) - len(over) == len(straight.engine.active)
