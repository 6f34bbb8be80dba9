"""A trading week of the options-flow configuration: every signal accounted for, flat each evening, true to the cent.

What runs always are the hours around three closes and one restart of TWS; with TRADING_WEEK=1 in the environment it is
five whole sessions with their nights: see docs/trading-week.md.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from messages.decision import EntryWeighed, RulesWeighed
from messages.gateway import OrderNotSent
from messages.order import CommissionBooked, ExecutionBooked, OrderIntended, Role
from messages.position import PositionClosed, PositionPlanned
from messages.signal import SignalIgnored, SignalReceived

NEW_YORK = ZoneInfo("America/New_York")
WHOLE = bool(os.environ.get("TRADING_WEEK"))
ACCOUNT, CASH = "DU1234567", Decimal(1_000_000)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


@pytest.fixture(scope="module")
def week(played, run_type):
    whole = (
        # a Friday, the weekend on which the clocks go back, a Monday
        run_type(at(30, 9, month=10), at(2, 20, 30)),
        # Tuesday, Wednesday, Thanksgiving, and the half day after it
        run_type(at(24, 9), at(27, 17), killed=at(25, 11, 0) + timedelta(seconds=30)),
    )
    short = (
        run_type(at(30, 15, 30, month=10), at(30, 16, 1, month=10)),
        run_type(at(2, 15, 35), at(2, 16, 1)),
        run_type(at(2, 23, 44), at(2, 23, 49)),
        run_type(at(27, 12, 32), at(27, 13, 1)),
    )
    return played(whole if WHOLE else short)


def test_the_days_are_those_of_the_exchange(week):
    closes = {str(evening.day): evening.closes.astimezone(UTC).strftime("%H:%M") for evening in week.evenings}
    whole = {"2026-11-24": "21:00", "2026-11-25": "21:00"} if WHOLE else {}
    assert closes == {"2026-10-30": "20:00", "2026-11-02": "21:00", **whole, "2026-11-27": "18:00"}
    assert week.restarts == (6 if WHOLE else 1)


def test_every_evening_everything_is_flat(week):
    for evening in week.evenings:
        assert (evening.held, evening.working, evening.ours) == ({}, 0, {}), evening
        assert evening.alarms == frozenset(), evening
        flat_for = evening.closes - evening.last_change
        assert timedelta(0) < flat_for <= timedelta(minutes=1), f"flat only {flat_for} before the close"


def test_nothing_is_opened_from_a_minute_before_the_close_on(week):
    latest = {evening.day: evening.closes - timedelta(minutes=1) for evening in week.evenings}
    roles = {fact.order.order_ref: fact.order.role for fact in week.journaled(OrderIntended)}
    entries = [e for e in week.paper.venue.executions if roles.get(e.order_ref) is Role.ENTRY]
    assert entries
    for one in entries:
        assert one.time < latest[one.time.astimezone(NEW_YORK).date()] + timedelta(seconds=5)


def test_every_signal_was_traded_or_has_a_reason(week):
    received = Counter(fact.event.signal_id for fact in week.journaled(SignalReceived))
    ignored = Counter(fact.signal_id for fact in week.journaled(SignalIgnored))
    judged = received + ignored
    assert judged.keys() == week.monitor.said.keys()
    assert set(judged.values()) == {1}
    assert {fact.signal_id for fact in week.journaled(RulesWeighed)} == judged.keys()
    traded, reasons = verdicts(week)
    assert traded
    assert traded.keys().isdisjoint(reasons)
    assert traded.keys() | reasons.keys() == judged.keys()
    assert all(reasons.values())
    assert not [reason for reason in reasons.values() if "not known" in reason], "taken before it could be judged"
    assert not [reason for reason in reasons.values() if "last gate" in reason], "the limits before it say otherwise"
    assert {fact.signal_id for fact in week.journaled(PositionPlanned) if fact.signal_id} >= traded.keys()


def verdicts(week):
    """signal id → what it bought or sold, for those that traded; signal id → why not, for the others."""
    bought = defaultdict(Decimal)
    for one in week.paper.venue.executions:
        bought[one.order_ref] += one.quantity
    unsent = {fact.order_ref: fact.reason for fact in week.journaled(OrderNotSent)}
    traded, reasons = {}, {}
    for fact in week.journaled(RulesWeighed):  # where a rule cannot even say what it would ask for, its word is all
        against = [verdict.figures for verdict in fact.verdicts if verdict.gate == "condition" and not verdict.passed]
        reasons[fact.signal_id] = "; ".join(against)
    for fact in week.journaled(EntryWeighed):
        if fact.outcome:
            reasons[fact.signal_id] = fact.outcome
            continue
        quantity = sum(bought[ref] for ref in fact.order_refs)
        if quantity:
            traded[fact.signal_id] = quantity
            del reasons[fact.signal_id]
        else:
            reasons[fact.signal_id] = "; ".join(sorted({unsent.get(ref, "") for ref in fact.order_refs}))
    return traded, reasons


def test_every_execution_is_booked_once_and_every_commission_paid(week):
    booked = Counter(fact.execution.exec_id for fact in week.journaled(ExecutionBooked))
    assert set(booked.values()) == {1}
    ours = {
        (e.exec_id, e.symbol, e.signed_quantity, e.price)
        for e in (fact.execution for fact in week.journaled(ExecutionBooked))
    }
    theirs = {
        (e.exec_id, e.contract.symbol, e.quantity * (1 if e.side == "BOT" else -1), e.price)
        for e in week.paper.venue.executions
    }
    assert ours == theirs
    paid = {fact.commission.exec_id: fact.commission.amount for fact in week.journaled(CommissionBooked)}
    assert paid == {exec_id: one.amount for exec_id, one in week.paper.venue.commissions.items()}


def test_profit_and_commissions_are_the_books_to_the_cent(week):
    venue = week.paper.venue
    closed = week.journaled(PositionClosed)
    by_symbol = defaultdict(Decimal)
    for one in venue.executions:
        by_symbol[one.contract.symbol] += one.quantity * one.price * (1 if one.side == "SLD" else -1)
    earned = defaultdict(Decimal)
    for fact in closed:
        earned[fact.symbol] += fact.realized_pnl
    assert all(earned[symbol] == by_symbol[symbol] for symbol in earned.keys() | by_symbol.keys())
    commission = sum(fact.commission for fact in closed)
    assert commission == sum(one.amount for one in venue.commissions.values())
    assert venue.cash(ACCOUNT) - CASH == sum(earned.values()) - commission


def test_nothing_is_held_unprotected_for_long(week):
    assert week.watch.naked == []
    assert week.watch.changes
    assert week.watch.longest <= week.settings.risk.naked_seconds


def test_nothing_crashes_and_no_alarm_is_without_cause(week):
    assert week.crashes == []
    for alarm in week.raised:
        # the first share that a market exit sells ends stop and target; in a thin market the last one takes a while
        closing = [order for order in week.paper.venue.orders.values() if order.contract.symbol == alarm.symbol]
        closing = [order for order in closing if order.order_type == "MKT" and order.placed_at <= alarm.since]
        slow = any(order.done_at > alarm.since for order in closing)
        assert alarm.kind == ("protection.missing" if slow else "broker.lost"), alarm


def test_tws_is_away_when_everything_is_to_be_flat(played, run_type):
    away = at(27, 12, 58) + timedelta(seconds=45)
    week = played([run_type(at(27, 12, 44), at(27, 13, 1), away=away)])
    assert any(when > away + timedelta(seconds=40) for when, _ in week.watch.changes), "there was nothing to close"
    (evening,) = week.evenings
    assert (evening.held, evening.working, evening.ours, evening.alarms) == ({}, 0, {}, frozenset())
    assert evening.last_change < evening.closes
    assert {alarm.kind for alarm in week.raised} == {"broker.lost", "position.not_closed"}
    test_every_execution_is_booked_once_and_every_commission_paid(week)
    test_profit_and_commissions_are_the_books_to_the_cent(week)


def test_the_week_in_figures(week):
    traded, reasons = verdicts(week)
    days = defaultdict(Counter)
    for signal_id, made in week.monitor.said.items():
        day = days[made.prediction_time.astimezone(NEW_YORK).date()]
        day["signals"] += 1
        day["traded" if signal_id in traded else "not traded"] += 1
    for order in week.paper.venue.orders.values():
        days[order.placed_at.astimezone(NEW_YORK).date()]["orders"] += 1
    for one in week.paper.venue.executions:
        days[one.time.astimezone(NEW_YORK).date()]["executions"] += 1
    for closed in week.journaled(PositionClosed):
        if closed.exec_bases:
            days["all"]["positions"] += 1
            days["all"][f"closed by {closed.reason}"] += 1
    for reason in reasons.values():
        days["all"][f"not traded: {re.split('[:(]', reason)[0]}"] += 1
    for day, figures in days.items():
        print(day, dict(figures))
    print(f"longest unprotected {week.watch.longest:.3f} s, cash {week.paper.venue.cash(ACCOUNT) - CASH}")
    assert {evening.day for evening in week.evenings} <= days.keys()
    assert days["all"]["closed by end of day"]
