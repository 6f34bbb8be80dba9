"""Executions that are corrected or busted afterwards (INC-24)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator.model import Executed

ACCOUNT = "DU1234567"


def test_a_correction_replaces_the_execution_and_everything_that_follows_from_it(bench: Any) -> None:
    bench.quote(99.98, 100.00)
    order = bench.place("BUY", 100)
    bench.quote(110.00, 110.02)
    bench.place("SELL", 40)
    first = bench.venue.executions[0].exec_id
    bench.clear()
    bench.venue.correct(first, Decimal(100), Decimal("100.50"))
    assert bench.told == [
        "1 BOT 100 @ 100.50",
        "1 Filled 100/100",
        "1 commission 1.00 USD",
        "position AAPL 60",
    ]
    (told,) = [event.execution for event in bench.events if isinstance(event, Executed)]
    assert told.exec_id == first[:-2] + "02"
    assert bench.venue.executions[0].exec_id == told.exec_id
    assert len(bench.venue.executions) == len(bench.venue.commissions) == 2
    assert order.average_price == Decimal("100.50")
    assert bench.venue.cash(ACCOUNT) == 1_000_000 - 10_050 - 1 + 4_400 - 1
    assert bench.venue.positions()[0].average_cost == Decimal("100.51")
    sold = bench.venue.executions[1].exec_id
    assert bench.venue.commissions[sold].realized_pnl == 40 * (Decimal(110) - Decimal("100.51")) - 1


def test_a_bust_takes_the_fill_back(bench: Any) -> None:
    bench.quote(99.98, 100.00, 60)
    order = bench.place("BUY", 100)
    bench.venue.correct(bench.venue.executions[0].exec_id, Decimal(0), Decimal(0))
    assert (order.filled, order.average_price, bench.held()) == (0, 0, 0)
    assert bench.venue.cash(ACCOUNT) == 1_000_000
    assert bench.events[-1].position.quantity == 0


def test_versions_count_up_and_any_version_names_the_execution(bench: Any) -> None:
    bench.quote(99.98, 100.00)
    bench.place("BUY", 100)
    first = bench.venue.executions[0].exec_id
    bench.venue.correct(first, Decimal(90), Decimal(100))
    bench.venue.correct(first, Decimal(80), Decimal(100))
    assert bench.venue.executions[0].exec_id.endswith(".03")
    assert (bench.held(), bench.venue.executions[0].cumulative) == (80, 80)


def test_what_was_realised_on_an_earlier_day_stays_there(bench: Any) -> None:
    bench.quote(100.00, 100.00)
    bench.place("BUY", 100)
    bench.place("SELL", 50)
    bench.pass_time(hours=13)
    bench.quote(104.00, 104.00)
    bench.place("SELL", 50)
    bench.venue.correct(bench.venue.executions[0].exec_id, Decimal(100), Decimal("99.00"))
    con_id = bench.contract("AAPL").con_id
    assert bench.venue.pnl_single(ACCOUNT, con_id).realized == 50 * (104 - Decimal("99.01")) - 1


def test_what_cannot_be_corrected_is_refused(bench: Any) -> None:
    with pytest.raises(KeyError):
        bench.venue.correct("0000e0d5.00000000.01.01", Decimal(1), Decimal(1))
    bench.quote(99.98, 100.00)
    bench.place("BUY", 100)
    with pytest.raises(ValueError, match="cannot be corrected"):
        bench.venue.correct(bench.venue.executions[0].exec_id, Decimal(-1), Decimal(1))
