"""Guards: hours by contract and calendar, half days included; what may be sold short."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from config.calendars import exchange_hours
from domain.guards import hours_refusal, short_refusal
from messages.market import Instrument
from messages.order import Side

D = Decimal
HOURS = "20261127:0930-20261127:1300;20261128:CLOSED"


def instrument(hours: str = HOURS) -> Instrument:
    zone = "US/Eastern" if hours else ""
    return Instrument(
        "AAPL", 1, "STK", "SMART", "", "USD", D(1), (), D(1), time_zone=zone, trading_hours=hours, liquid_hours=hours
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "rule", "hours", "closed", "figures"),
    [
        ("2026-11-27T17:59:59", "broker", HOURS, False, "by the contract's hours open"),
        ("2026-11-27T18:00:00", "broker", HOURS, True, "by the contract's hours closed"),
        ("2026-11-27T18:00:00", "any", HOURS, False, "at any hour"),
        # the day after Thanksgiving ends at 13:00; a contract that names no hours is judged by the calendar
        ("2026-11-27T17:59:59", "broker", "", False, "by XNYS open (09:30-13:00)"),
        ("2026-11-27T18:00:00", "broker", "", True, "by XNYS closed (09:30-13:00)"),
        ("2026-11-26T16:00:00", "broker", "", True, "by XNYS closed (no session today)"),
        ("2026-11-28T16:00:00", "broker", "", True, "by XNYS closed (no session today)"),
        # what the broker calls open on a holiday is closed by the calendar
        ("2026-11-26T16:00:00", "calendar", "20261126:0930-20261126:1600", True, "by XNYS closed (no session today)"),
    ],
)
def test_hours(moment: str, rule: str, hours: str, closed: bool, figures: str) -> None:
    now = at(moment)
    reason, said = hours_refusal(instrument(hours), now, rule, exchange_hours("XNYS", now))
    assert (reason != "") is closed
    assert figures in said


@pytest.mark.parametrize(
    ("side", "held", "shortable", "allowed", "reason"),
    [
        (Side.BUY, D(0), 0.0, False, ""),
        (Side.SELL, D(10), 0.0, False, ""),
        (Side.SELL, D(0), None, True, ""),
        (Side.SELL, D(0), 3.0, True, ""),
        (Side.SELL, D(0), 3.0, False, "short sales are not allowed"),
        (Side.SELL, D(-5), 2.5, True, "shares must be located before they are sold short"),
        (Side.SELL, D(0), 1.5, True, "there are no shares to borrow"),
    ],
)
def test_short_sales(side: Side, held: Decimal, shortable: float | None, allowed: bool, reason: str) -> None:
    assert short_refusal(side, held, shortable, allowed=allowed)[0] == reason
