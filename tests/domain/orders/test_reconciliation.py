"""What complete snapshots prove, and what they do not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from domain.orders.effects import AlarmOver, SendCancel
from messages.gateway import BrokerSnapshot, OrderNotSent
from messages.order import (
    ExecutionBooked,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderResolved,
    OrderResolvedEvent,
    OrderStatus,
    OrderUnknownEvent,
    Role,
    Side,
)
from messages.position import BrokerHolding

D = Decimal


def doubt(desk: Any, ref: str = "pb-1") -> None:
    desk.effects += desk.book.doubt(desk.order(ref), "no acknowledgement")


@pytest.mark.parametrize("missing", ["open_orders", "completed_orders", "executions", "positions"])
def test_inc_05_a_list_without_its_end_is_refused(desk: Any, missing: str) -> None:
    lists: dict[str, Any] = {"open_orders": (), "completed_orders": (), "executions": (), "positions": ()}
    with pytest.raises(ValueError, match="unknown, not empty"):
        desk.reconcile(BrokerSnapshot(epoch=1, commissions=(), **(lists | {missing: None})))


def test_inc_44_an_order_of_an_earlier_connection_is_proven_absent_by_one_snapshot(desk: Any) -> None:
    desk.placed()
    doubt(desk)
    result = desk.reconcile(desk.snapshot(epoch=2))
    assert desk.order().status is OrderStatus.NOT_SENT
    assert [resolved.status for resolved in desk.journaled(OrderResolved)] == [OrderStatus.NOT_SENT]
    assert len(desk.happened(OrderExpiredEvent)) == 1
    assert [difference.text for difference in result.differences] == ["UNKNOWN → NOT_SENT"]
    assert result.again == ""


def test_inc_02_in_the_same_connection_it_takes_a_second_one(desk: Any) -> None:
    # the lists of the first may have been made before the order's bytes were read
    desk.placed()
    doubt(desk)
    assert desk.reconcile(desk.snapshot()).again
    assert desk.order().status is OrderStatus.UNKNOWN
    assert desk.reconcile(desk.snapshot()).again == ""
    assert desk.order().status is OrderStatus.NOT_SENT


def test_inc_02_a_proven_absence_is_no_article_of_faith(desk: Any) -> None:
    record = desk.placed()
    desk.reconcile(desk.snapshot(epoch=2))
    desk.tell(desk.echo(record, epoch=2), desk.fill(epoch=2))
    assert desk.order().status is OrderStatus.FILLED


def test_an_order_that_waits_in_the_gateways_queue_is_not_absent(desk: Any) -> None:
    desk.tell(desk.intent())
    desk.reconcile(desk.snapshot(epoch=2))
    desk.reconcile(desk.snapshot(epoch=2))
    assert desk.order().status is OrderStatus.INTENDED


def test_an_intent_of_an_earlier_process_without_trace_is_resolved_by_the_first_snapshot(desk: Any) -> None:
    # INC-43: killed between the fsync and the send, or between the send and its note
    desk.tell(desk.intent())
    desk.book.forget_connections()
    doubt(desk)
    desk.reconcile(desk.snapshot(epoch=1))
    assert desk.order().status is OrderStatus.NOT_SENT


@pytest.mark.parametrize("where", ["open", "completed", "executions"])
def test_any_of_the_three_witnesses_resolves_it(desk: Any, where: str) -> None:
    record = desk.placed()
    doubt(desk)
    echo = desk.echo(record, epoch=2)
    cancelled = desk.echo(record, "Cancelled", epoch=2, order_id=0, completed=True, quantity=D(0), filled=D(0))
    desk.reconcile(
        desk.snapshot(
            epoch=2,
            opened=[echo] if where == "open" else [],
            completed=[cancelled] if where == "completed" else [],
            fills=[desk.fill(epoch=2)] if where == "executions" else [],
            positions={"AAPL": 100} if where == "executions" else {},
        )
    )
    expected = {"open": OrderStatus.ACCEPTED, "completed": OrderStatus.CANCELLED, "executions": OrderStatus.FILLED}
    assert desk.order().status is expected[where]
    assert len(desk.happened(OrderResolvedEvent)) == 1


def test_inc_19_completed_as_filled_without_its_executions_stays_open_and_asks_again(desk: Any) -> None:
    record = desk.placed()
    filled = desk.echo(record, "Filled", order_id=0, completed=True, quantity=D(100), filled=D(100))
    for _ in range(3):
        assert desk.reconcile(desk.snapshot(completed=[filled])).again
    assert not desk.order().status.done
    desk.reconcile(desk.snapshot(completed=[filled], fills=[desk.fill()]))
    assert desk.order().status is OrderStatus.FILLED


@pytest.mark.parametrize("heard", [0, 40])
def test_an_order_of_which_executions_stay_missing_is_said_to_be_unknown_once(desk: Any, heard: int) -> None:
    record = desk.working()
    filled = desk.echo(record, "Filled", order_id=0, completed=True, quantity=D(100), filled=D(100))
    lists = desk.snapshot(completed=[filled], fills=[desk.fill(heard)] if heard else [], positions={"AAPL": 100})
    for _ in range(6):
        assert desk.reconcile(lists).again
    assert desk.order().status is OrderStatus.UNKNOWN
    assert len(desk.happened(OrderUnknownEvent)) == 1
    assert len(desk.happened(OrderResolvedEvent)) == 0


def test_inc_19_while_the_position_has_moved_unexplained_nothing_is_absent(desk: Any) -> None:
    desk.reconcile(desk.snapshot())
    desk.placed()
    doubt(desk)
    assert desk.reconcile(desk.snapshot(epoch=2, positions={"AAPL": 100})).again
    assert desk.order().status is OrderStatus.UNKNOWN
    desk.reconcile(desk.snapshot(epoch=2, positions={"AAPL": 100}, fills=[desk.fill(epoch=2)]))
    assert desk.order().status is OrderStatus.FILLED


def test_nothing_is_absent_while_tws_has_lost_its_servers(desk: Any) -> None:
    desk.working()
    for _ in range(3):
        desk.reconcile(desk.snapshot(epoch=2, conclusive=False))
    assert desk.order().status is OrderStatus.ACCEPTED


def test_lists_without_servers_do_not_count_towards_absence(desk: Any) -> None:
    desk.working()
    for conclusive in (True, False, True):
        desk.reconcile(desk.snapshot(epoch=2, conclusive=conclusive))
    assert desk.order().status is OrderStatus.ACCEPTED


def test_nothing_is_believed_of_a_modification_while_tws_has_lost_its_servers(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(limit=149))
    for _ in range(3):
        desk.reconcile(desk.snapshot(opened=[desk.echo(record, version=0)], conclusive=False))
    assert desk.order().status is OrderStatus.PENDING_MODIFY


def test_inc_01_a_fill_learned_here_is_booked_like_a_live_one(desk: Any) -> None:
    desk.working()
    result = desk.reconcile(desk.snapshot(epoch=2, fills=[desk.fill(epoch=2)], positions={"AAPL": 100}))
    assert len(desk.happened(OrderFilledEvent)) == len(desk.journaled(ExecutionBooked)) == 1
    assert len(result.differences) == 2  # the execution, and the status it led to
    again = desk.reconcile(desk.snapshot(epoch=2, fills=[desk.fill(epoch=2)], positions={"AAPL": 100}))
    assert again.effects == again.differences == ()


def test_inc_31_a_working_order_that_is_gone_has_expired(desk: Any) -> None:
    desk.working()
    assert desk.reconcile(desk.snapshot(epoch=2)).again  # TWS may not have its orders back yet
    assert desk.order().status is OrderStatus.ACCEPTED
    desk.reconcile(desk.snapshot(epoch=2))
    assert desk.order().status is OrderStatus.EXPIRED


def test_a_cancelled_order_that_is_gone_is_cancelled(desk: Any) -> None:
    desk.working()
    desk.tell(desk.cancel())
    doubt(desk)
    desk.reconcile(desk.snapshot(epoch=2))
    desk.reconcile(desk.snapshot(epoch=2))
    assert desk.order().status is OrderStatus.CANCELLED
    assert desk.happened(OrderCancelledEvent)[0].reason == "operator"


def test_inc_40_a_cancellation_that_did_not_arrive_is_written_again(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.cancel())
    doubt(desk)
    result = desk.reconcile(desk.snapshot(epoch=2, opened=[desk.echo(record, epoch=2)]))
    assert SendCancel("pb-1") in result.effects
    assert desk.order().status is OrderStatus.PENDING_CANCEL


def test_inc_16_a_cancellation_that_pends_is_not_written_again(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.cancel())
    result = desk.reconcile(desk.snapshot(opened=[desk.echo(record, "PendingCancel")]))
    assert SendCancel("pb-1") not in result.effects


def test_a_rejection_is_proven_by_absence(desk: Any) -> None:
    desk.placed()
    desk.tell(desk.error(201))
    desk.reconcile(desk.snapshot())
    desk.reconcile(desk.snapshot())
    assert desk.happened(OrderRejectedEvent)[0].code == 201


def test_a_rejection_code_for_an_order_that_works_is_forgotten(desk: Any) -> None:
    record = desk.placed()
    desk.tell(desk.error(201))
    desk.reconcile(desk.snapshot(opened=[desk.echo(record)]))
    assert desk.order().status is OrderStatus.ACCEPTED
    desk.tell(desk.status("Cancelled"))
    assert desk.order().status is OrderStatus.CANCELLED


def test_inc_12_an_order_believed_dead_and_listed_open_twice_is_alive(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.status("Cancelled"))
    assert desk.reconcile(desk.snapshot(opened=[desk.echo(record)])).again
    assert desk.order().status is OrderStatus.CANCELLED  # the list may be older than the cancellation
    desk.reconcile(desk.snapshot(opened=[desk.echo(record)]))
    assert desk.order().status is OrderStatus.ACCEPTED
    assert desk.alarms() == ["order.revived"]
    effects = desk.tell(desk.status("Cancelled"))
    assert record.status is OrderStatus.CANCELLED
    assert AlarmOver("order.revived", record.symbol, record.order_ref) in effects


@pytest.mark.parametrize(("epoch", "needed"), [(1, 2), (2, 1)])
def test_a_modification_that_the_lists_do_not_show_is_not_in_force(desk: Any, epoch: int, needed: int) -> None:
    record = desk.working()
    desk.tell(desk.modify(60, 151), desk.sent())
    doubt(desk)
    for _ in range(needed):
        assert desk.happened(OrderModifiedEvent) == []
        desk.reconcile(desk.snapshot(epoch=epoch, opened=[desk.echo(record, version=0, epoch=epoch)]))
    assert [event.applied for event in desk.happened(OrderModifiedEvent)] == [False]
    assert (desk.order().status, desk.view().limit_price) == (OrderStatus.ACCEPTED, D(150))


def test_a_modification_that_the_lists_show_is_in_force(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(60, 151), desk.sent())
    doubt(desk)
    desk.reconcile(desk.snapshot(epoch=2, opened=[desk.echo(record, version=1, epoch=2)]))
    assert [event.applied for event in desk.happened(OrderModifiedEvent)] == [True]


def test_inc_21_a_claim_that_complete_executions_do_not_bear_out_is_dropped(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.status("Filled", 124))
    assert desk.order().short_of_claim
    desk.reconcile(desk.snapshot(opened=[desk.echo(record)]))
    assert not desk.order().short_of_claim


def test_inc_34_holdings_cover_the_union_of_symbols(desk: Any) -> None:
    desk.tell(desk.fill(100))  # known to us only: the broker's list lacks it, so it is flat there
    desk.placed("pb-2", 6, symbol="TSLA")
    result = desk.reconcile(desk.snapshot(positions={"MSFT": 5}), held=["NVDA"])
    assert {symbol: holding.quantity for symbol, holding in result.holdings} == {
        "AAPL": D(0),
        "MSFT": D(5),
        "NVDA": D(0),
        "TSLA": D(0),
    }
    assert dict(result.holdings)["MSFT"] == BrokerHolding(1, D(5), D(150))


def test_inc_10_external_orders_come_and_go_with_complete_lists(desk: Any) -> None:
    record = desk.placed()
    manual = desk.echo(record, order_ref="", order_id=0, client_id=0, perm_id=55)
    result = desk.reconcile(desk.snapshot(opened=[manual]))
    assert [difference.perm_id for difference in result.differences] == [55]
    assert [external.perm_id for external in desk.book.external()] == [55]
    desk.reconcile(desk.snapshot())
    assert list(desk.book.external()) == []


def test_inc_10_an_order_of_an_earlier_run_is_adopted_by_its_reference(desk: Any) -> None:
    record = desk.working()
    desk.book.forget_connections()
    desk.reconcile(desk.snapshot(opened=[desk.echo(record, epoch=1)]))
    desk.tell(desk.status("Cancelled", perm_id=0, epoch=1))  # by its id alone: bound again in this connection
    assert desk.order().status is OrderStatus.CANCELLED


def test_inc_43_reconciling_again_changes_nothing(desk: Any) -> None:
    record = desk.working()
    snapshot = desk.snapshot(epoch=2, opened=[desk.echo(record, epoch=2)], fills=[desk.fill(40, epoch=2)])
    desk.reconcile(snapshot)
    stands = desk.stands()
    for _ in range(5):
        assert desk.reconcile(snapshot).effects == ()
    assert desk.stands() == stands


def test_a_modification_that_never_left_is_not_looked_for(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.modify(60, 151), OrderNotSent("pb-1", 5, "link down"))
    assert desk.reconcile(desk.snapshot(opened=[desk.echo(record)])).again == ""


def test_what_is_finished_takes_no_part_however_often_it_is_listed(desk: Any) -> None:
    record = desk.working()
    desk.tell(desk.fill(), desk.commission(), desk.status("Filled", 100))
    assert desk.order().status is OrderStatus.FILLED
    told = desk.echo(record, "Filled", epoch=2, order_id=0, completed=True, filled=D(100))
    lists = desk.snapshot(epoch=2, completed=(told,), fills=(desk.fill(),))
    assert desk.reconcile(lists).effects == ()
    more = desk.snapshot(epoch=2, completed=(evolve(told, filled=D(120), quantity=D(120)),))
    assert desk.reconcile(more).effects, "a claim of more is news"


def test_an_order_of_which_the_answer_told_the_status_alone_is_not_absent(desk: Any) -> None:
    desk.working()
    for _ in range(3):
        result = desk.reconcile(evolve(desk.snapshot(), statuses=(desk.status(),)))
        assert (desk.order().status, result.again) == (OrderStatus.ACCEPTED, "")
    for _ in range(2):
        desk.reconcile(desk.snapshot())
    assert desk.order().status is OrderStatus.EXPIRED


def test_inc_40_a_cancellation_is_written_again_where_the_answer_told_the_status_alone(desk: Any) -> None:
    desk.working()
    desk.tell(desk.cancel())
    told = evolve(desk.snapshot(), statuses=(desk.status("PendingCancel"),))
    assert SendCancel("pb-1") not in desk.reconcile(told).effects
    told = evolve(desk.snapshot(), statuses=(desk.status(),))
    assert SendCancel("pb-1") in desk.reconcile(told).effects


def test_inc_12_an_order_believed_gone_that_fills_and_is_shown_again_is_told_of(desk: Any) -> None:
    desk.working()
    for _ in range(2):
        desk.reconcile(desk.snapshot())
    assert desk.order().status is OrderStatus.EXPIRED
    desk.tell(desk.fill(33))
    assert [verify.order_ref for verify in desk.asked()] == ["pb-1"], "it may live: the lists tell"
    before = len(desk.happened(OrderAcceptedEvent))
    desk.tell(desk.status(filled=33))
    assert desk.order().status is OrderStatus.PARTIALLY_FILLED
    assert len(desk.happened(OrderAcceptedEvent)) == before + 1, "whoever counts on its end must hear that it lives"


@pytest.mark.parametrize(
    ("word", "quantity", "ends"),
    [("Filled", 0, OrderStatus.FILLED), ("Filled", 40, OrderStatus.FILLED), ("Cancelled", 20, OrderStatus.CANCELLED)],
)
@pytest.mark.parametrize("claimed", [0, 100])
@pytest.mark.parametrize("ahead", [False, True])
def test_inc_24_a_fill_that_was_corrected_before_anybody_heard_of_it_ends_its_order(
    desk: Any, word: str, quantity: int, ends: OrderStatus, claimed: int, *, ahead: bool
) -> None:
    record = desk.working()
    if ahead:  # order and position were told as they were before the correction, and no execution
        before = desk.echo(record, word, order_id=0, completed=True, quantity=D(90), filled=D(90))
        for _ in range(2):
            desk.reconcile(desk.snapshot(completed=[before], positions={"AAPL": 90}))
    if claimed:
        desk.tell(desk.status(word, claimed))
    over = desk.echo(record, word, order_id=0, completed=True, quantity=D(quantity), filled=D(quantity))
    corrected = desk.fill(quantity, exec_id="e1.02")
    lists = desk.snapshot(completed=[over], fills=[corrected], positions={"AAPL": quantity} if quantity else {})
    for _ in range(3):
        desk.reconcile(lists)
    assert desk.stands()[:2] == (ends, D(quantity))
    assert desk.view().awaited == 0
    assert desk.order().finished
    assert desk.reconcile(lists).again == ""
    again = type(desk)()
    again.tell(*desk.journal)
    assert again.stands()[:2] == (ends, D(quantity)), "a replay knows it too"
    assert again.view().awaited == 0


def test_inc_19_an_order_is_not_over_while_its_quantity_or_the_position_speaks_of_more(desk: Any) -> None:
    record = desk.working()
    over = desk.echo(record, "Filled", order_id=0, completed=True, quantity=D(100), filled=D(100))
    for _ in range(4):
        desk.reconcile(desk.snapshot(completed=[over], fills=[desk.fill(40, exec_id="e1.02")], positions={"AAPL": 40}))
    assert desk.order().status is OrderStatus.UNKNOWN
    over = evolve(over, quantity=D(40), filled=D(40))
    for _ in range(4):
        desk.reconcile(desk.snapshot(completed=[over], positions={"AAPL": 100}))
    assert desk.order().status is OrderStatus.UNKNOWN
    desk.reconcile(desk.snapshot(completed=[over], positions={"AAPL": 40}))
    assert desk.order().status is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("moved", "ends"), [(360, OrderStatus.NOT_SENT), (-360, OrderStatus.NOT_SENT), (-40, OrderStatus.UNKNOWN)]
)
def test_what_orders_in_doubt_cannot_have_moved_is_none_of_their_fills(
    desk: Any, moved: int, ends: OrderStatus
) -> None:
    """Shares of a split, and shares that others sold, are no fills of an exit that sells 40; 40 that have gone may."""
    desk.reconcile(desk.snapshot(positions={"AAPL": 400}))
    desk.placed(role=Role.TARGET, side=Side.SELL, quantity=D(40))
    doubt(desk)
    lists = desk.snapshot(positions={"AAPL": 400 + moved})
    for _ in range(4):
        assert desk.reconcile(lists).again
        assert desk.order().status is OrderStatus.UNKNOWN
    for _ in range(4):
        desk.reconcile(lists)
    assert desk.order().status is ends


@pytest.mark.parametrize(
    ("seen", "others", "ends"),
    [
        (True, 0, OrderStatus.NOT_SENT),
        (False, 0, OrderStatus.NOT_SENT),
        (True, 30, OrderStatus.NOT_SENT),
        (False, 30, OrderStatus.UNKNOWN),
    ],
)
def test_a_position_that_executions_have_caught_up_with_says_nothing_of_orders_in_doubt(
    desk: Any, seen: bool, others: int, ends: OrderStatus
) -> None:
    """100 were bought, of which a bust took 40: the position was told first, then the correction. Where nobody had
    looked before the bust, and others hold shares too, what an order in doubt bought may be what is there again."""
    held = 60 + others
    desk.working()
    if seen:
        desk.reconcile(desk.snapshot(fills=[desk.fill(100)], positions={"AAPL": 100 + others}))
    desk.reconcile(desk.snapshot(fills=[desk.fill(100)], positions={"AAPL": held}))
    desk.placed("pb-2", 6, role=Role.TARGET, quantity=D(40))
    doubt(desk, "pb-2")
    lists = desk.snapshot(fills=[desk.fill(60, exec_id="e1.02")], positions={"AAPL": held})
    for _ in range(4):
        assert desk.reconcile(lists).again
        assert desk.order("pb-2").status is OrderStatus.UNKNOWN
    for _ in range(4):
        desk.reconcile(lists)
    assert desk.order("pb-2").status is ends
    assert (desk.reconcile(lists).again == "") is (ends is OrderStatus.NOT_SENT)


def test_inc_08_an_order_that_was_given_up_and_lives_is_one_of_two_when_a_second_one_comes_of_it(desk: Any) -> None:
    """TWS had not its orders back yet, and then it had. What was made of it later ends; the first one lives on."""
    record = desk.working()
    for _ in range(2):
        desk.reconcile(desk.snapshot(epoch=2))
    assert record.status is OrderStatus.EXPIRED
    first = desk.echo(record)
    for _ in range(2):
        desk.reconcile(desk.snapshot(epoch=2, opened=[first]))
    assert record.status is OrderStatus.ACCEPTED
    again = type(desk)()
    again.tell(*desk.journal)
    for each in (desk, again):
        each.tell(each.modify(100, 151), each.sent(), each.echo(each.order(), perm_id=901))
        each.tell(each.status("Cancelled", perm_id=901))
        over = each.echo(each.order(), "Cancelled", perm_id=901, completed=True, filled=Decimal(0))
        each.reconcile(each.snapshot(epoch=2, opened=[first], completed=[over]))
        assert not each.order().status.done
        assert isinstance(each.effects[-1], SendCancel)
        each.tell(each.status("Cancelled", perm_id=900))
        assert each.order().status is OrderStatus.CANCELLED


@pytest.mark.parametrize("listed", [True, False])
def test_inc_08_of_two_orders_under_one_intent_one_has_ended_and_the_other_was_forgotten(
    desk: Any, listed: bool
) -> None:
    """TWS restarted without the first, a modification of it became the second, and that is completed."""
    record = desk.working()
    desk.tell(desk.modify(100, 151), desk.sent(), desk.echo(record, perm_id=901))
    desk.tell(desk.status("Cancelled", perm_id=901))
    assert not record.status.done
    completed = [desk.echo(record, "Cancelled", perm_id=901, completed=True, filled=Decimal(0))] if listed else []
    lists = desk.snapshot(epoch=2, completed=completed)
    for _ in range(3):
        desk.reconcile(lists)
    assert record.status is OrderStatus.CANCELLED
    assert list(desk.book.troubled()) == []
    assert AlarmOver("order.duplicated", "AAPL", "pb-1") in desk.effects
    assert desk.reconcile(lists).again == ""
