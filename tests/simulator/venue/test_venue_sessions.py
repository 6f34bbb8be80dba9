"""Time: sessions, half days, daylight saving, time in force, orders on open and on close."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.model import OrderError
from simulator.venue.sessions import Always, ExchangeSessions

EASTERN = ZoneInfo("America/New_York")


def eastern(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=EASTERN).astimezone(UTC)  # type: ignore[arg-type,misc]


@pytest.fixture
def exchange(make_bench: Any) -> Any:
    """A bench on New York's calendar that starts at an Eastern time, 2026-11-23 10:00 unless said otherwise."""

    def start(*moment: int) -> Any:
        return make_bench(calendar="XNYS", start=eastern(*(moment or (2026, 11, 23, 10, 0))))

    return start


def test_a_day_without_close_ends_at_midnight_in_new_york() -> None:
    session = Always().current(eastern(2026, 11, 23, 23, 59))
    assert session.late == eastern(2026, 11, 24, 0, 0)
    assert session.bounds(True) == session.bounds(False)


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        ((2026, 11, 23, 8, 0), (2026, 11, 23, 9, 30), (2026, 11, 23, 16, 0)),
        ((2026, 11, 23, 20, 30), (2026, 11, 24, 9, 30), (2026, 11, 24, 16, 0)),
        ((2026, 11, 21, 12, 0), (2026, 11, 23, 9, 30), (2026, 11, 23, 16, 0)),
        ((2026, 11, 26, 12, 0), (2026, 11, 27, 9, 30), (2026, 11, 27, 13, 0)),
        ((2026, 12, 24, 10, 0), (2026, 12, 24, 9, 30), (2026, 12, 24, 13, 0)),
        ((2026, 3, 6, 21, 0), (2026, 3, 9, 9, 30), (2026, 3, 9, 16, 0)),
        ((2026, 10, 30, 21, 0), (2026, 11, 2, 9, 30), (2026, 11, 2, 16, 0)),
    ],
    ids=["before", "after", "weekend", "thanksgiving", "christmas eve", "clocks forward", "clocks back"],
)
def test_new_york_has_its_holidays_half_days_and_clock_changes(now: Any, opens: Any, closes: Any) -> None:
    session = ExchangeSessions("XNYS", eastern(*now)).current(eastern(*now))
    assert (session.opens, session.closes) == (eastern(*opens), eastern(*closes))
    assert session.late == session.closes + timedelta(hours=4)


def test_sessions_follow_each_other_over_ten_years() -> None:
    """INC-42."""
    at, count = eastern(2016, 1, 1, 0, 0), 0
    sessions = ExchangeSessions("XNYS", at)
    while at < eastern(2026, 1, 1, 0, 0):
        session = sessions.current(at)
        assert at < session.late
        assert session.early < session.opens < session.closes < session.late
        assert session.opens.astimezone(EASTERN).strftime("%H:%M") == "09:30"
        assert session.closes.astimezone(EASTERN).strftime("%H:%M") in ("16:00", "13:00")
        assert sessions.current(session.closes - timedelta(seconds=1)) == session
        at, count = session.late, count + 1
    assert count == 2515


def test_an_unknown_calendar_is_refused(make_bench: Any) -> None:
    with pytest.raises(ValueError, match="'MARS'"):
        make_bench(calendar="MARS")


def test_an_order_outside_hours_waits_for_the_open_and_says_so(exchange: Any) -> None:
    bench = exchange(2026, 11, 23, 8, 0)
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100)
    assert bench.told == ["1 PreSubmitted 0/100", "1 error 399"]
    (warning,) = [event for event in bench.events if isinstance(event, OrderError)]
    assert "will not be placed at the exchange until 2026-11-23 09:30:00 US/Eastern" in warning.text
    bench.pass_time(hours=1)
    assert order.filled == 0
    bench.pass_time(minutes=30)
    assert order.status == "Filled"


def test_outside_regular_hours_a_limit_order_may_execute_where_asked(exchange: Any) -> None:
    bench = exchange(2026, 11, 23, 8, 0)
    bench.quote(229.98, 230.02)
    assert bench.place("BUY", 100, "LMT", limit="231", outside_rth=True).status == "Filled"


def test_a_market_order_ignores_outside_regular_hours(exchange: Any) -> None:
    bench = exchange(2026, 11, 23, 8, 0)
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, outside_rth=True)
    assert (order.status, order.filled) == ("PreSubmitted", 0)
    assert "1 error 2109" in bench.told


def test_day_orders_end_with_the_session(exchange: Any) -> None:
    bench = exchange()
    day = bench.place("BUY", 100, "LMT", limit="200")
    late = bench.place("BUY", 100, "LMT", limit="200", outside_rth=True)
    bench.pass_time(hours=6)
    assert (day.status, late.status) == ("Cancelled", "Submitted")
    bench.pass_time(hours=4)
    assert late.status == "Cancelled"


def test_on_a_half_day_day_orders_end_at_one(exchange: Any) -> None:
    bench = exchange(2026, 11, 27, 10, 0)
    day = bench.place("BUY", 100, "LMT", limit="200")
    bench.pass_time(hours=2, minutes=59)
    assert day.status == "Submitted"
    bench.pass_time(minutes=1)
    assert day.status == "Cancelled"


def test_a_day_order_placed_after_the_close_is_for_the_next_session(exchange: Any) -> None:
    bench = exchange(2026, 11, 23, 17, 0)
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, "LMT", limit="200")
    bench.pass_time(hours=17)
    assert order.status == "Submitted"
    bench.pass_time(hours=6)
    assert order.status == "Cancelled"


def test_a_gtc_order_rests_overnight_and_does_not_execute(exchange: Any) -> None:
    bench = exchange()
    bench.quote(229.98, 230.02)
    limit = bench.place("BUY", 100, "LMT", limit="229.00", tif="GTC")
    stop = bench.place("SELL", 100, "STP", stop="228.00", tif="GTC")
    bench.pass_time(hours=6)
    assert (limit.status, stop.status) == ("PreSubmitted", "PreSubmitted")
    bench.quote(227.00, 227.02)
    bench.trade(227.00)
    assert (limit.filled, stop.filled) == (0, 0)
    bench.pass_time(hours=17, minutes=30)
    assert (limit.filled, stop.filled) == (100, 100)


def test_good_till_date_ends_when_it_says(bench: Any) -> None:
    order = bench.place("BUY", 100, "LMT", limit="200", tif="GTD", good_till="20261123 12:30:00 US/Eastern")
    bench.pass_time(minutes=29)
    assert order.status == "Submitted"
    bench.pass_time(minutes=1)
    assert order.status == "Cancelled"
    assert bench.told[-1] == "1 error 202"


def test_good_after_time_holds_an_order_back(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, good_after="20261123-17:10:00")
    assert (order.status, order.filled) == ("PreSubmitted", 0)
    bench.pass_time(minutes=10)
    assert order.status == "Filled"


def test_a_tick_lets_time_pass_too(bench: Any) -> None:
    bench.quote(229.98, 230.02)
    order = bench.place("BUY", 100, good_after="20261123-17:10:00")
    bench.time += timedelta(minutes=10)
    bench.trade(230.00)
    assert order.status == "Filled"


def test_market_on_close_executes_in_full_at_the_closing_price(exchange: Any) -> None:
    bench = exchange()
    bench.quote(229.98, 230.02, size=100)
    bench.trade(230.01)
    market = bench.place("BUY", 500, "MOC")
    good, bad = (bench.place("SELL", 500, "LOC", limit=price) for price in ("230.00", "230.02"))
    assert market.status == "PreSubmitted"
    bench.pass_time(hours=6)
    assert (market.filled, market.average_price) == (500, Decimal("230.01"))
    assert (good.status, bad.status) == ("Filled", "Cancelled")


def test_an_order_on_open_waits_for_the_next_open(exchange: Any) -> None:
    bench = exchange()
    bench.quote(229.98, 230.02)
    market = bench.place("BUY", 100, tif="OPG")
    limit = bench.place("BUY", 100, "LMT", limit="200", tif="OPG")
    assert market.filled == 0
    bench.pass_time(hours=23, minutes=30)
    assert market.status == "Filled"
    assert limit.status == "Submitted"
    bench.pass_time(minutes=15)
    assert limit.status == "Cancelled"


def test_currencies_trade_while_the_exchange_is_closed(exchange: Any) -> None:
    bench = exchange(2026, 11, 23, 20, 30)
    euro = bench.contracts.find("EUR", "CASH")[0].contract
    bench.quote(1.0999, 1.1001, 1_000_000, symbol=euro)
    assert bench.place("BUY", 20_000, contract=euro).status == "Filled"


def test_a_trailing_stop_keeps_its_level_overnight(exchange: Any) -> None:
    bench = exchange()
    bench.quote(229.98, 230.02)
    stop = bench.place("SELL", 100, "TRAIL", stop="1.00", tif="GTC")
    bench.quote(231.98, 232.02)
    bench.trade(232.00)
    bench.pass_time(hours=23, minutes=30)
    assert (stop.status, stop.trail_stop) == ("PreSubmitted", Decimal("231.00"))
