"""The position's book by replay, and the hours in which a contract trades."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from attrs import evolve

from domain.entries import plan_entry
from domain.position_book import TRAILING, HistoryNeeded, PositionBook
from domain.sessions import in_liquid_hours
from domain.sizing import SizeBounds
from messages.market import Instrument
from messages.order import Execution, ExecutionBooked, OrderIntended, OrderStatus, Role, Side
from messages.position import ExitPlan, ExitsAdjusted, OpenPosition, PositionClosing, PositionStatus, Size

D = Decimal
STOCK = Instrument(
    symbol="AAPL",
    con_id=265598,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=D(1),
    price_bands=((D(0), D("0.01")),),
    size_increment=D(1),
    time_zone="US/Eastern",
    liquid_hours="20261120:0930-20261120:1600;20261121:CLOSED;20261123:0930-20261124:0200",
)
NEW_ID = iter(f"id{number}" for number in range(1000)).__next__
ENTRY = plan_entry(
    OpenPosition(
        side=Side.BUY,
        size=Size(quantity=D(100)),
        exits=ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08")),
        source="test",
        signal_id="s1",
    ),
    "AAPL",
    STOCK,
    D(100),
    SizeBounds(),
    NEW_ID,
)
PLAN, (BUY, STOP, TARGET) = ENTRY.plan, ENTRY.orders.orders


def booked(number: int, request, quantity: int, price: str, version: int = 1, replaces: str | None = None):
    execution = Execution(
        exec_id=f"x.{number}.{version:02d}",
        order_ref=request.order_ref,
        order_id=1,
        perm_id=1,
        client_id=7,
        account="DU1",
        symbol="AAPL",
        con_id=265598,
        side=request.side,
        quantity=D(quantity),
        price=D(price),
        time=datetime(2026, 11, 20, 15, number, tzinfo=UTC),
    )
    return ExecutionBooked(execution, request.role, request.position_id, replaces)


OPENED = (PLAN, *(OrderIntended(request, 1, 7, "DU1") for request in (BUY, STOP, TARGET)), booked(1, BUY, 100, "100"))


def closed(*payloads):
    """The records of a position that closed, and its checkpoint."""
    book = PositionBook.replayed("AAPL", payloads)
    assert book.quantity == 0
    return (*payloads, book.closing_record("stop", "2026-11-20"))


def test_replay_gives_back_what_was_told():
    book = PositionBook.replayed("AAPL", OPENED)
    assert (book.quantity, book.plan, book.exits) == (100, PLAN, PLAN.exits)
    assert [(order.role, order.filled) for order in book.orders.values()] == [
        (Role.ENTRY, 100),
        (Role.STOP, 0),
        (Role.TARGET, 0),
    ]
    assert "s1" in book.signal_ids


def test_what_orders_does_not_know_any_more_is_over():
    book = PositionBook.replayed("AAPL", OPENED)
    stop = evolve(book.orders[STOP.order_ref], status=OrderStatus.ACCEPTED)
    book.adopt([stop])
    assert [order.order_ref for order in book.live(Role.ENTRY, Role.STOP, Role.TARGET)] == [STOP.order_ref]
    assert book.status(closing=False, armed=True) is PositionStatus.OPEN


def test_a_note_of_the_trailing_stop_leaves_the_plan_and_another_plan_ends_it():
    note = ExitsAdjusted(PLAN.position_id, ExitPlan(stop_loss_price=D(105)), TRAILING)
    book = PositionBook.replayed("AAPL", (*OPENED, note))
    assert (book.exits, book.trailed_to) == (PLAN.exits, 105)
    other = ExitsAdjusted(PLAN.position_id, ExitPlan(stop_loss_pct=D("0.01")), "operator")
    book = PositionBook.replayed("AAPL", (*OPENED, note, other))
    assert (book.exits, book.trailed_to) == (other.exits, None)


def test_a_checkpoint_carries_on_what_must_not_act_twice():
    stopped = booked(2, STOP, 100, "97")
    *_, checkpoint = closed(*OPENED, stopped)
    book = PositionBook.replayed("AAPL", [checkpoint])
    assert "s1" in book.signal_ids
    assert not book.book(stopped.execution, Role.STOP, PLAN.position_id)
    assert book.quantity == 0


def test_a_late_fill_and_a_late_correction_need_the_history_and_get_it():
    *before, checkpoint = closed(*OPENED, booked(2, STOP, 100, "97"))
    late = booked(3, BUY, 40, "100")
    correction = booked(1, BUY, 120, "100", version=2, replaces="x.1.01")
    for record, quantity in ((late, 40), (correction, 20)):
        with pytest.raises(HistoryNeeded):
            PositionBook.replayed("AAPL", [checkpoint, record])
        book = PositionBook.replayed("AAPL", [checkpoint, record], (*before, checkpoint, record))
        assert book.quantity == quantity
        assert book.plan == PLAN
        assert book.exits == PLAN.exits


def test_a_plan_under_another_id_takes_the_holding_and_not_the_orders():
    taken_over = evolve(PLAN, position_id="other", exits=ExitPlan())
    book = PositionBook.replayed("AAPL", (*OPENED, taken_over))
    assert (book.quantity, book.orders, book.exits) == (100, {}, ExitPlan())
    added = evolve(PLAN, quantity=D(150))
    assert len(PositionBook.replayed("AAPL", (*OPENED, added)).orders) == 3


def test_the_command_to_close_it_stands_until_it_is_closed():
    closing = PositionClosing(PLAN.position_id, "end of day", "rule")
    assert PositionBook.replayed("AAPL", (*OPENED, closing)).closing == closing
    book = PositionBook.replayed("AAPL", (*OPENED, closing))
    book.closed(book.closing_record("end of day", "2026-11-20"))
    assert book.closing is None


def test_what_is_let_go_of_is_in_the_record_of_the_closing():
    record = PositionBook.replayed("AAPL", OPENED).closing_record("released", "2026-11-20")
    assert (record.left, record.left_at, record.realized_pnl) == (100, 100, 0)


@pytest.mark.parametrize(
    ("utc", "opened"),
    [
        ("2026-11-20T14:29", False),
        ("2026-11-20T14:30", True),
        ("2026-11-20T20:59", True),
        ("2026-11-20T21:00", False),
        ("2026-11-21T15:00", False),  # closed
        ("2026-11-24T06:59", True),  # a session that began the day before
        ("2026-11-24T07:00", False),
        ("2026-12-24T15:00", True),  # a day that is not named
    ],
)
def test_liquid_hours_are_the_contracts_own(utc, opened):
    assert in_liquid_hours(STOCK, datetime.fromisoformat(f"{utc}+00:00")) is opened


def test_a_contract_without_hours_counts_as_open():
    now = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert in_liquid_hours(evolve(STOCK, liquid_hours=""), now)
    assert in_liquid_hours(evolve(STOCK, time_zone="Mars/Phobos"), now)
