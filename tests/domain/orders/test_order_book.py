"""What single facts do to an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.order_states import IllegalTransition
from domain.orders.effects import Alarm, AlarmOver, SendCancel, ToJournal, Verify, Watch
from messages.gateway import BrokerOrder, BrokerOrderStatus, OrderNotSent
from messages.order import (
    CommissionBooked,
    ExecutionBooked,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderCorrectedEvent,
    OrderCreatedEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderResolvedEvent,
    OrderStatus,
    OrderSubmittedEvent,
    OrderType,
    OrderUnknownEvent,
    Role,
    Side,
    TimeInForce,
)

D = Decimal


def test_an_order_goes_from_intent_to_filled(desk: Any) -> None:
    record = desk.placed()
    assert Watch("pb-1") in desk.effects
    desk.tell(desk.echo(record, "PreSubmitted"), desk.fill(), desk.commission())
    kinds = [type(e.message) for e in desk.effects if hasattr(e, "message")]
    assert kinds == [
        OrderCreatedEvent,
        OrderSubmittedEvent,
        OrderAcceptedEvent,
        OrderFilledEvent,
        CommissionBooked,
    ]
    booked = desk.journaled(ExecutionBooked)[0]
    assert (booked.role, booked.position_id, booked.replaces) == (Role.ENTRY, "p1", None)
    assert desk.view().confirmed
    assert desk.view().perm_id == 900


def test_repeated_words_are_journaled_once(desk: Any) -> None:
    record = desk.placed()
    for _ in range(3):
        desk.tell(desk.echo(record), desk.status())
    assert len(desk.journaled(BrokerOrder)) == len(desk.journaled(BrokerOrderStatus)) == 1


def test_a_trailing_trigger_that_moves_is_no_news(desk: Any) -> None:
    record = desk.placed(
        side=Side.SELL, order_type=OrderType.TRAILING_STOP, limit_price=None, stop_price=D(95), trailing_pct=D("0.02")
    )
    for trigger in (95, 96, 97):
        desk.tell(desk.echo(record, trail_stop_price=D(trigger), trailing_pct=D("0.02"), stop_price=None))
    assert len(desk.journaled(BrokerOrder)) == 1
    assert desk.view().confirmed


def test_a_trailing_stop_that_starts_looser_than_asked_is_not_confirmed(desk: Any) -> None:
    record = desk.placed(
        side=Side.SELL, order_type=OrderType.TRAILING_STOP, limit_price=None, stop_price=D(95), trailing_amount=D(2)
    )
    desk.tell(desk.echo(record, trail_stop_price=D(94), stop_price=D(2)))
    assert desk.view().stop_price == D(94)  # what rests is shown, whoever made it so
    assert [event.applied for event in desk.happened(OrderModifiedEvent)] == [False]


def test_an_echo_with_another_time_in_force_does_not_confirm(desk: Any) -> None:
    # INC-31: a GTC child that a preset turned into DAY dies at the close
    record = desk.placed(role=Role.STOP, tif=TimeInForce.GTC)
    desk.tell(desk.echo(record, tif="DAY"))
    assert not desk.view().confirmed
    assert desk.view().tif == "DAY"


def test_pending_submit_is_held_by_the_broker_but_not_confirmed(desk: Any) -> None:
    record = desk.placed()
    desk.tell(desk.echo(record, "PendingSubmit"))
    assert (desk.view().status, desk.view().confirmed) == (OrderStatus.ACCEPTED, False)
    desk.tell(desk.status("Submitted"))
    assert desk.view().confirmed
    assert len(desk.happened(OrderAcceptedEvent)) == 2


def test_locating_shares_holds_it(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.status("PreSubmitted", why_held="locate"))
    assert desk.order().status is OrderStatus.HELD


# identity


def test_a_status_is_found_by_id_only_in_the_epoch_it_was_sent_in(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.status("Submitted", perm_id=0, epoch=2))
    assert desk.order().status is OrderStatus.SENT
    desk.tell(desk.status("Submitted", perm_id=0, client_id=8))
    assert desk.order().status is OrderStatus.SENT
    desk.tell(desk.status("Submitted", perm_id=0))
    assert desk.order().status is OrderStatus.ACCEPTED


def test_inc_06_an_id_used_again_by_another_order_does_not_reach_ours(desk: Any) -> None:
    desk.working()
    stranger = desk.echo(desk.order(), "Cancelled", order_ref="other-system", perm_id=77, epoch=2)
    desk.tell(stranger)
    assert desk.order().status is OrderStatus.ACCEPTED


def test_inc_08_a_second_perm_id_is_severe_and_its_death_is_not_the_orders(desk: Any) -> None:
    record = desk.working()
    effects = desk.tell(desk.modify(100, 151), desk.sent(), desk.echo(record, version=0, perm_id=901))
    alarm = next(effect for effect in effects if isinstance(effect, Alarm))
    assert (alarm.kind, alarm.hold, alarm.order_ref) == ("order.duplicated", True, "pb-1")
    assert "900, 901" in alarm.text
    assert desk.cancels() == ["pb-1"]
    desk.tell(desk.status("Cancelled", perm_id=901))
    assert not desk.order().status.done
    assert desk.cancels() == ["pb-1", "pb-1"]  # the surplus may be either
    desk.tell(desk.fill(100, perm_id=900))
    assert desk.order().filled == 100


def test_inc_08_an_intent_that_became_two_orders_ends_with_the_second_of_them(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(200, 151), desk.sent(), desk.echo(record, perm_id=901, quantity=Decimal(200)))
    desk.tell(desk.fill(100, perm_id=900), desk.status("Filled", 100, perm_id=900))
    assert not record.status.done
    desk.tell(desk.status("Cancelled", perm_id=901))
    assert (record.status, record.filled) == (OrderStatus.FILLED, 100)


def test_inc_08_a_second_order_that_is_heard_of_after_both_have_ended_alarms_and_holds_nothing(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.status("Cancelled", perm_id=900))
    assert record.status.done
    effects = desk.tell(desk.echo(record, "Cancelled", perm_id=901, completed=True))
    assert [type(effect) for effect in effects if isinstance(effect, Alarm | AlarmOver)] == [Alarm, AlarmOver]
    assert list(desk.book.troubled()) == []


def test_inc_08_a_second_order_that_lives_holds_the_symbol_though_the_first_has_ended(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.status("Cancelled", perm_id=900))
    effects = desk.tell(desk.echo(record, "Submitted", perm_id=901))
    assert not any(isinstance(effect, AlarmOver) for effect in effects)
    assert list(desk.book.troubled()) == [record]
    effects = desk.tell(desk.status("Cancelled", perm_id=901))
    assert AlarmOver("order.duplicated", record.symbol, record.order_ref) in effects
    assert list(desk.book.troubled()) == []


@pytest.mark.parametrize(
    ("wrong", "halts"),
    [
        ({"symbol": "HOOD", "con_id": 2}, True),
        ({"side": Side.SELL}, True),
        ({"quantity": D(1000)}, False),
        ({"account": "DU2"}, True),
    ],
)
def test_inc_23_an_echo_that_differs_from_the_intent_is_severe(desk: Any, wrong: dict[str, Any], halts: bool) -> None:
    record = desk.placed()
    desk.tell(desk.echo(record, **wrong))
    alarms = [effect for effect in desk.effects if isinstance(effect, Alarm)]
    assert [(a.kind, a.hold, a.halt) for a in alarms] == [("order.mismatch", True, halts)]


def test_inc_23_a_fill_of_another_contract_is_booked_where_it_happened(desk: Any) -> None:
    desk.placed()
    effects = desk.tell(desk.fill(100, symbol="HOOD", con_id=2))
    booked = next(e for e in effects if isinstance(e, ToJournal))
    assert booked.stream == "HOOD"
    assert booked.payload.role is None
    assert desk.book.executions.net() == {"HOOD": D(100)}
    assert [(a.kind, a.halt) for a in effects if isinstance(a, Alarm)] == [("order.mismatch", True)]


def test_a_known_contract_id_is_compared(desk: Any) -> None:
    record = desk.placed()
    desk.book.con_ids["AAPL"] = 265598
    desk.tell(desk.echo(record, con_id=1))
    assert desk.alarms() == ["order.mismatch"]


# executions


def test_a_correction_replaces_and_a_bust_removes_without_reviving_the_order(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.fill(100, "150", "a.01"), desk.fill(100, "150.05", "a.02"))
    corrected = desk.happened(OrderCorrectedEvent)[0]
    assert (corrected.execution.price, corrected.replaces.price) == (D("150.05"), D("150"))
    assert desk.stands() == (OrderStatus.FILLED, D(100), D("150.05"))
    desk.tell(desk.fill(0, "150.05", "a.03"))
    assert desk.stands() == (OrderStatus.FILLED, D(0), None)
    assert [booked.replaces for booked in desk.journaled(ExecutionBooked)] == [None, "a.01", "a.02"]


def test_a_commission_may_come_first_and_is_booked_once(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.commission("a.01"))
    assert desk.journaled(CommissionBooked) == []
    desk.tell(desk.fill(exec_id="a.01"), desk.commission("a.01"))
    assert len(desk.journaled(CommissionBooked)) == 1
    desk.tell(desk.commission("a.01", "1.25"))
    assert [c.commission.amount for c in desk.journaled(CommissionBooked)] == [D("1.00"), D("1.25")]


def test_a_commission_that_the_broker_does_not_know_is_no_news(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.fill(exec_id="a.01"), desk.commission("a.01", None))
    assert desk.journaled(CommissionBooked) == []


def test_a_fill_of_nobodys_order_is_booked_without_a_role(desk: Any) -> None:
    desk.tell(desk.fill(50, order_ref="", order_id=-1, perm_id=0, client_id=0, symbol="MSFT", exec_id="z.01"))
    event = desk.happened(OrderFilledEvent)[0]
    assert (event.order.role, event.order.symbol, event.order.filled) == (None, "MSFT", D(50))
    assert desk.journaled(ExecutionBooked)[0].role is None


def test_a_liquidation_is_booked_and_alarmed(desk: Any) -> None:
    desk.tell(desk.fill(100, order_ref="", order_id=0, perm_id=5, side=Side.SELL, liquidation=True))
    assert desk.alarms() == ["execution.liquidation"]
    assert desk.book.executions.net() == {"AAPL": D(-100)}


def test_a_fill_whose_order_shows_itself_only_later_is_counted_for_it(desk: Any) -> None:
    record = desk.placed()
    desk.tell(desk.fill(40, order_ref="", client_id=0, perm_id=900))
    assert desk.order().filled == 0
    desk.tell(desk.echo(record))
    assert desk.order().filled == 40
    assert desk.order().status is OrderStatus.PARTIALLY_FILLED


def test_a_fill_beyond_the_quantity_is_booked_and_alarmed(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.fill(100, exec_id="a.01"), desk.fill(50, exec_id="b.01"))
    assert desk.stands()[1] == D(150)
    assert desk.alarms() == ["order.overfilled"]


def test_a_late_fill_of_a_cancelled_order_is_booked(desk: Any) -> None:
    desk.working()
    desk.tell(desk.status("Cancelled"), desk.fill(60))
    assert desk.stands() == (OrderStatus.CANCELLED, D(60), D(150))


# errors


@pytest.mark.parametrize("code", [399, 10349, 2109, 404])
def test_inc_12_an_informational_code_changes_nothing(desk: Any, code: int) -> None:
    desk.working()
    effects = desk.tell(desk.error(code))
    assert desk.order().status is OrderStatus.ACCEPTED
    assert not [e for e in effects if isinstance(e, Verify)]


@pytest.mark.parametrize("code", [10147, 10148, 161, 135, 10149])
def test_inc_16_an_answer_to_a_cancel_that_settles_nothing_asks(desk: Any, code: int) -> None:
    desk.working()
    desk.tell(desk.cancel())
    effects = desk.tell(desk.error(code))
    assert desk.order().status is OrderStatus.PENDING_CANCEL
    assert [e for e in effects if isinstance(e, Verify)]


def test_an_unasked_202_is_verified_and_an_asked_one_believed(desk: Any) -> None:
    desk.working()
    assert any(isinstance(e, Verify) for e in desk.tell(desk.error(202)))
    assert desk.order().status is OrderStatus.ACCEPTED
    desk.tell(desk.cancel(), desk.error(202))
    assert desk.order().status is OrderStatus.CANCELLED
    assert desk.happened(OrderCancelledEvent)[0].reason == "operator"


@pytest.mark.parametrize("first", ["code", "status"])
def test_a_rejection_needs_code_and_status(desk: Any, first: str) -> None:
    desk.placed()
    words = [desk.error(201), desk.status("Inactive")]
    desk.tell(*(words if first == "code" else words[::-1]))
    assert desk.order().status is OrderStatus.REJECTED
    event = desk.happened(OrderRejectedEvent)[0]
    assert (event.code, event.reason) == (201, "text")


def test_a_rejection_code_alone_is_verified(desk: Any) -> None:
    desk.placed()
    effects = desk.tell(desk.error(201))
    assert desk.order().status is OrderStatus.SENT
    assert any(isinstance(e, Verify) for e in effects)


# modifications


def test_a_modification_is_in_force_when_the_broker_shows_it(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(60, 151), desk.sent())
    assert desk.order().status is OrderStatus.PENDING_MODIFY
    assert desk.view().limit_price == D(150)
    desk.tell(desk.echo(record, version=0))
    assert desk.order().status is OrderStatus.PENDING_MODIFY
    desk.tell(desk.echo(record, version=1))
    assert [(e.applied, e.order.limit_price, e.order.quantity) for e in desk.happened(OrderModifiedEvent)] == [
        (True, D(151), D(60))
    ]
    assert desk.view().confirmed


@pytest.mark.parametrize("code", [105, 110, 201, 2102, 321])
def test_a_refused_modification_leaves_the_earlier_version(desk: Any, code: int) -> None:
    desk.working()
    effects = desk.tell(desk.modify(60, 151), desk.sent(), desk.error(code))
    assert [e.applied for e in desk.happened(OrderModifiedEvent)] == [False]
    assert (desk.view().limit_price, desk.order().status) == (D(150), OrderStatus.ACCEPTED)
    assert any(isinstance(e, Verify) for e in effects)


def test_a_refused_modification_that_the_broker_shows_later_is_believed(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(60, 151), desk.sent(), desk.error(2102))
    desk.tell(desk.echo(record, version=1))
    assert desk.view().limit_price == D(151)


def test_a_modification_that_never_left_is_refused(desk: Any) -> None:
    desk.working()
    desk.tell(desk.modify(60, 151), OrderNotSent("pb-1", 5, "link down"))
    assert [e.applied for e in desk.happened(OrderModifiedEvent)] == [False]
    assert desk.order().status is OrderStatus.ACCEPTED


def test_a_fill_while_a_larger_quantity_is_asked_for_does_not_end_it(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(150, 150), desk.sent(), desk.fill(100))
    assert desk.order().status is OrderStatus.PENDING_MODIFY
    desk.tell(desk.error(104))
    assert desk.order().status is OrderStatus.FILLED
    assert record.wanted is None


def test_a_change_made_by_hand_in_tws_is_shown_as_what_rests(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.echo(record, limit_price=D(140)))
    assert desk.view().limit_price == D(140)
    assert [e.applied for e in desk.happened(OrderModifiedEvent)] == [False]


def test_no_modification_of_a_done_order(desk: Any) -> None:
    desk.working()
    desk.tell(desk.fill())
    with pytest.raises(IllegalTransition):
        desk.tell(desk.modify())


# cancellations


def test_a_cancel_of_a_queued_order_follows_its_bytes(desk: Any) -> None:
    desk.tell(desk.intent(), desk.cancel())
    assert desk.order().status is OrderStatus.INTENDED
    assert SendCancel("pb-1") in desk.tell(desk.sent())
    assert desk.order().status is OrderStatus.PENDING_CANCEL


def test_a_queued_order_that_never_leaves_needs_no_cancel(desk: Any) -> None:
    desk.tell(desk.intent(), desk.cancel(), OrderNotSent("pb-1", 5, "deadline"))
    assert desk.order().status is OrderStatus.NOT_SENT
    assert desk.happened(OrderExpiredEvent)[0].reason == "deadline"
    assert desk.cancels() == []


def test_a_cancel_during_a_modification_wins(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(60, 151), desk.sent(), desk.cancel())
    desk.tell(desk.echo(record, version=1))
    assert desk.order().status is OrderStatus.PENDING_CANCEL
    desk.tell(desk.status("Cancelled"))
    assert desk.order().status is OrderStatus.CANCELLED


# doubt


def test_doubt_ends_with_evidence(desk: Any) -> None:
    record = desk.placed()
    desk.effects += desk.book.doubt(desk.order(), "no acknowledgement")
    assert desk.happened(OrderUnknownEvent)[0].reason == "no acknowledgement"
    desk.tell(desk.echo(record))
    assert desk.happened(OrderResolvedEvent)[0].order.status is OrderStatus.ACCEPTED


def test_an_order_in_the_gateways_queue_is_not_in_doubt(desk: Any) -> None:
    desk.tell(desk.intent())
    assert desk.book.doubt(desk.order(), "link lost") == []
    assert desk.order().status is OrderStatus.INTENDED


def test_a_doubted_cancellation_is_outstanding_again_once_the_order_is_seen(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.cancel())
    desk.book.doubt(desk.order(), "link lost")
    desk.tell(desk.echo(record, epoch=2))
    assert desk.order().status is OrderStatus.PENDING_CANCEL


def test_an_external_order_is_listed_until_it_is_done(desk: Any) -> None:
    record = desk.placed()
    manual = desk.echo(record, order_ref="", order_id=0, client_id=0, perm_id=55)
    desk.tell(manual)
    assert [(r.role, r.perm_id, r.status) for r in desk.book.external()] == [(None, 55, OrderStatus.ACCEPTED)]
    desk.tell(desk.echo(record, "Cancelled", order_ref="", order_id=0, client_id=0, perm_id=55))
    assert list(desk.book.external()) == []


def test_what_has_filled_of_an_external_order_is_the_brokers_word(desk: Any) -> None:
    record = desk.placed()
    desk.tell(desk.echo(record, order_ref="", order_id=0, client_id=0, perm_id=55))
    desk.tell(desk.status("Submitted", 30, order_id=0, client_id=0, perm_id=55))
    assert [external.view().filled for external in desk.book.external()] == [D(30)]
    desk.tell(desk.status("Filled", 100, order_id=0, client_id=0, perm_id=55))
    desk.tell(desk.status("Cancelled", 30, order_id=0, client_id=0, perm_id=55))
    assert list(desk.book.external()) == []


def test_what_happens_on_another_account_of_the_login_is_not_ours(desk: Any) -> None:
    desk.book.account = "DU1"
    record = desk.placed()
    desk.tell(desk.echo(record, order_ref="", perm_id=55, account="DU2", order_id=0, client_id=0))
    desk.tell(desk.fill(order_ref="", perm_id=55, account="DU2", order_id=0, client_id=0))
    assert list(desk.book.external()) == []
    assert desk.book.executions.net() == {}


def test_an_error_of_an_order_that_has_not_shown_itself_in_this_connection_asks(desk: Any) -> None:
    desk.working()
    desk.tell(desk.error(201, epoch=2))
    assert [each.order_ref for each in desk.asked()] == [""]
    assert desk.order().status is OrderStatus.ACCEPTED
