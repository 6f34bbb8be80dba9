"""What can go wrong with a position, and what becomes of it (incidents INC-14, 19, 24, 28, 29, 31, 32, 34)."""

from decimal import Decimal

import pytest
import trio
from attrs import evolve

from messages.gateway import AskBroker
from messages.journal import Append, Entry
from messages.market import TickType
from messages.order import (
    ExecutionBooked,
    OrderCancelledEvent,
    OrderCorrectedEvent,
    OrderExpiredEvent,
    OrderStatus,
    OrderType,
    Role,
    Side,
)
from messages.position import (
    BrokerHolding,
    ClosePosition,
    CommandRefused,
    ExitPlan,
    ExitsAdjusted,
    PlaceOrder,
    PositionCloseEvent,
    PositionStatus,
    ProtectionArmedEvent,
    ProtectionMissingEvent,
)
from messages.risk import DescribePortfolio

D = Decimal
TRAIL = ExitPlan(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02"))


# protection


def test_inc_31_an_exit_that_is_lost_is_sent_again_at_once(house):
    async def body(it):
        await it.opened()
        it.event(OrderExpiredEvent, it.order(Role.STOP), "DAY", status=OrderStatus.EXPIRED)
        await it.system.idle()
        stop = it.order(Role.STOP)
        assert (stop.status, stop.stop_price, stop.remaining) == (OrderStatus.ACCEPTED, 97, 100)
        assert len(it.submitted) == 2
        assert (await it.view()).protected

    house(body)


def test_naked_time_is_measured_alarmed_and_over_when_the_exits_are_confirmed(house):
    async def body(it):
        it.answering = False
        await it.open()
        it.fill(it.order(Role.ENTRY), 100, "100")
        await it.system.idle()
        await trio.sleep(4.9)
        assert it.alarms() == set()
        await trio.sleep(0.2)
        assert it.alarms() == {"protection.missing"}
        assert len(it.seen(ProtectionMissingEvent)) == 1
        assert not (await it.view()).protected
        await trio.sleep(0.9)
        for order in it.live(Role.STOP, Role.TARGET):
            it.accept(order)
        it.answering = True
        await it.system.idle()
        await trio.sleep(11)
        assert it.alarms() == set()
        assert (await it.view()).protected
        assert it.seen(ProtectionArmedEvent)[0].naked_seconds == pytest.approx(6.0)

    house(body)


def test_a_stop_that_the_broker_refuses_for_good_ends_in_a_flat_position(house):
    async def body(it):
        await it.opened()
        it.refusing = {Role.STOP}
        it.event(OrderCancelledEvent, it.order(Role.STOP), "?", status=OrderStatus.CANCELLED)
        await trio.sleep(60)
        assert "protection.failed" in it.alarms()
        stops = [view for view in it.views.values() if view.role is Role.STOP]
        assert len(stops) == 6
        it.fill(it.order(Role.EXIT), 100, "99")
        await it.system.idle()
        await trio.sleep(2)
        assert it.live() == []
        assert it.alarms() == set()
        assert it.seen(PositionCloseEvent)[0].reason == "protection failed"

    house(body)


def test_a_refused_target_never_flattens(house):
    async def body(it):
        await it.opened()
        it.refusing = {Role.TARGET}
        it.event(OrderCancelledEvent, it.order(Role.TARGET), "?", status=OrderStatus.CANCELLED)
        await trio.sleep(300)
        assert it.live(Role.EXIT) == []
        assert len(it.live(Role.STOP)) == 1
        assert len([view for view in it.views.values() if view.role is Role.TARGET]) < 20

    house(body)


def test_a_refused_amendment_is_tried_again_later(house):
    async def body(it):
        await it.opened()
        it.answering = False
        it.modified.clear()
        it.outside(Side.SELL, 40, "100")
        await it.system.idle()
        first = [message.order_ref for message in it.modified]
        assert sorted(first) == sorted(order.order_ref for order in it.live())
        for message in list(it.modified):
            it.amend(message, applied=False)
        it.answering = True
        await trio.sleep(5)
        assert {order.remaining for order in it.live()} == {D(60)}
        assert (await it.view()).protected

    house(body)


def test_amendments_that_never_leave_do_not_end_in_a_flat_position(house):
    async def body(it):
        await it.opened()
        it.denying = True
        it.outside(Side.SELL, 1, "100")
        await trio.sleep(120)
        assert it.alarms() == {"protection.missing"}
        assert it.live(Role.EXIT) == []
        assert len(it.modified) > 5
        it.denying = False
        await trio.sleep(31)
        assert {order.remaining for order in it.live()} == {D(99)}
        assert it.alarms() == set()

    house(body)


def test_one_amendment_of_an_order_is_under_way_at_a_time_and_the_last_word_counts(house):
    async def body(it):
        await it.open(quantity=100)
        it.answering = False
        for _ in range(10):
            it.fill(it.order(Role.ENTRY), 10, "100")
            await it.system.idle()
        assert len(it.modified) == 2
        it.answering = True
        for message in list(it.modified):
            it.amend(message)
        await it.system.idle()
        assert {order.remaining for order in it.live()} == {D(100)}
        assert len(it.modified) == 4

    house(body)


def test_inc_29_a_target_that_fills_in_part_and_takes_the_stop_along(house):
    async def body(it):
        await it.opened()
        it.fill(it.order(Role.TARGET), 40, "108")
        await it.system.idle()
        stop, target = it.order(Role.STOP), it.order(Role.TARGET)
        assert {order.order_ref for order in it.live()} == {stop.order_ref, target.order_ref}
        assert stop.oca_group == target.oca_group
        assert stop.oca_group.endswith("-2")
        assert (stop.remaining, target.remaining) == (60, 60)
        assert (await it.view()).protected

    house(body)


def test_inc_29_both_legs_fill_and_the_flip_is_flattened_with_an_alarm(house):
    async def body(it):
        await it.opened()
        stop, target = it.order(Role.STOP), it.order(Role.TARGET)
        it.fill(target, 100, "108", group=False)
        it.fill(stop, 100, "97", group=False)
        await it.system.idle()
        assert (await it.view()).quantity == -100
        assert "position.flipped" in it.alarms()
        exit_order = it.order(Role.EXIT)
        assert (exit_order.side, exit_order.quantity, exit_order.oca_group) == (Side.BUY, 100, "")
        it.fill(exit_order, 100, "98")
        await it.system.idle()
        assert it.live() == []
        assert it.alarms() == set()
        assert it.seen(PositionCloseEvent)[-1].reason == "flipped"

    house(body)


# fills of others


def test_inc_34_a_manual_part_is_followed_by_the_exits_and_a_manual_close_ends_it(house):
    async def body(it):
        await it.opened()
        it.outside(Side.SELL, 30, "101")
        await it.system.idle()
        assert {order.remaining for order in it.live()} == {D(70)}
        it.outside(Side.SELL, 70, "102")
        await it.system.idle()
        assert it.live() == []
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, closed.position.realized_pnl) == ("manual", 170)

    house(body)


def test_a_holding_of_somebody_else_is_said_and_left_alone_until_a_person_closes_it(house):
    async def body(it):
        it.outside(Side.BUY, 50, "100")
        await it.system.idle()
        assert it.alarms() == {"position.unmanaged"}
        view = await it.view()
        assert (view.quantity, view.protected, view.status) == (50, False, PositionStatus.OPEN)
        assert it.submitted == []
        assert (await it.open()).reason == "a holding that is not managed stands against it"
        await it.restart_position()
        assert (await it.view()).quantity == 50
        await it.position.ask(ClosePosition("flatten"))
        it.fill(it.order(Role.EXIT), 50, "101")
        await it.system.idle()
        assert it.alarms() == set()
        assert it.seen(PositionCloseEvent)[0].reason == "flatten"

    house(body)


def test_what_nobody_managed_is_written_as_taken_over_and_as_being_closed_at_once(house, monkeypatch):
    monkeypatch.setattr("actors.journal.actor.GROUP", 1)  # as where each fact is written by itself
    last = []

    async def body(it):
        it.outside(Side.BUY, 50, "100")
        await it.system.idle()
        it.disk.before = lambda step: last.append(it.disk.rows[-1].kind) if step == "sync" else None
        await it.position.ask(ClosePosition("flatten"))
        await it.system.idle()
        await it.records("PositionClosing")

    house(body)
    assert "PositionClosing" in last
    assert "PositionPlanned" not in last  # a start would take it for managed, and as wanting no exits


def test_a_position_turned_outside_is_no_longer_ours(house):
    async def body(it):
        await it.opened()
        it.outside(Side.SELL, 150, "101")
        await it.system.idle()
        assert it.live() == []
        assert it.alarms() == {"position.unmanaged"}
        assert (await it.view()).quantity == -50
        it.outside(Side.BUY, 50, "100")
        await it.system.idle()
        assert it.alarms() == set()

    house(body)


def test_inc_24_a_correction_and_a_bust_move_position_and_exits(house):
    async def body(it):
        await it.open()
        first = it.fill(it.order(Role.ENTRY), 100, "100")
        await it.system.idle()
        second = evolve(first, exec_id=f"{first.base}.02", quantity=D(80), price=D("100.05"))
        it.event(OrderCorrectedEvent, it.order(Role.ENTRY), second, first)
        it.event(OrderCorrectedEvent, it.order(Role.ENTRY), second, first)
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.average_price) == (80, D("100.05"))
        assert {order.remaining for order in it.live()} == {D(80)}
        bust = evolve(first, exec_id=f"{first.base}.03", quantity=D(0))
        it.event(OrderCorrectedEvent, it.order(Role.ENTRY), bust, second)
        await it.system.idle()
        assert it.live() == []
        assert (await it.view()).realized_pnl == 0

    house(body)


def test_a_correction_of_a_fill_before_the_checkpoint_survives_a_restart(house):
    async def body(it):
        await it.open()
        bought = it.fill(it.order(Role.ENTRY), 100, "100")
        await it.system.idle()
        it.fill(it.order(Role.TARGET), 100, "108")
        await it.system.idle()
        corrected = evolve(bought, exec_id=f"{bought.base}.02", quantity=D(120))
        booked = ExecutionBooked(corrected, Role.ENTRY, it.order(Role.ENTRY).position_id, bought.exec_id)
        it.system.address("journal").tell(Append((Entry("AAPL", booked),)))
        it.event(OrderCorrectedEvent, it.order(Role.ENTRY), corrected, bought)
        await it.system.idle()
        before = await it.view()
        assert before.quantity == 20
        await it.restart_position()
        assert (await it.view()).quantity == 20

    house(body)


def amend(it, fill, version, role, **changes):
    """Have the broker tell another version of a fill."""
    view = it.order(role)
    amended = evolve(fill, exec_id=f"{fill.base}.{version:02d}", **changes)
    booked = ExecutionBooked(amended, role, view.position_id, fill.exec_id)
    it.system.address("journal").tell(Append((Entry("AAPL", booked),)))
    it.event(OrderCorrectedEvent, view, amended, fill)


@pytest.mark.parametrize("begun_anew", [False, True])
def test_inc_24_what_two_corrections_of_a_closed_position_come_to_is_its_result_and_not_lost_to_the_next_one(
    house, begun_anew
):
    """Both of its fills were of 75: for a moment 25 seem to be held."""

    async def body(it):
        await it.open()
        bought = it.fill(it.order(Role.ENTRY), 100, "100")
        sold = it.fill(it.order(Role.STOP), 100, "97")
        await it.system.idle()
        if begun_anew:
            await it.restart_position()
        amend(it, bought, 2, Role.ENTRY, quantity=D(75))
        amend(it, sold, 2, Role.STOP, quantity=D(75))
        await it.opened()
        closings = [(one.reason, one.realized_pnl) for one in await it.records("PositionClosed")]
        assert closings == [("stop", -300), ("correction", 75)]
        view = await it.view()
        assert (view.quantity, view.average_price, view.realized_pnl, view.protected) == (100, 100, 0, True)
        assert (await it.system.address("portfolio").ask(DescribePortfolio())).losses_in_a_row == 1

    house(body)


@pytest.mark.parametrize("how", ["position", "plain order"])
def test_what_somebody_else_held_and_sold_is_closed_before_the_next_plan(house, how):
    async def body(it):
        it.outside(Side.BUY, 10, "100")
        it.outside(Side.SELL, 10, "90", commission=False)
        if how == "position":
            await it.open()
        else:
            it.quote(99.99, 100.01, 100.0)
            await it.position.ask(PlaceOrder(side=Side.BUY, quantity=D(100), order_type=OrderType.MARKET))
        assert [one.realized_pnl for one in await it.records("PositionClosed")] == [-100]
        it.fill(it.order(Role.ENTRY), 100, "100")
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.realized_pnl) == (100, 0)

    house(body)


def test_inc_27_a_commission_counts_once_and_a_close_waits_a_moment_for_the_last(house):
    async def body(it):
        await it.open()
        bought = it.fill(it.order(Role.ENTRY), 100, "100", commission=False)
        it.charge(bought, "1.25")
        it.charge(bought, "1.25")
        await it.system.idle()
        assert (await it.view()).commission == D("1.25")
        sold = it.fill(it.order(Role.STOP), 100, "97", commission=False)
        await trio.sleep(0.2)
        assert it.seen(PositionCloseEvent) == []
        it.charge(sold, "1.30")
        await it.system.idle()
        assert it.seen(PositionCloseEvent)[0].position.commission == D("2.55")

    house(body)


def test_inc_27_a_commission_that_never_comes_holds_nothing_up_and_one_too_late_charges_nobody_else(house):
    async def body(it):
        await it.opened()
        sold = it.fill(it.order(Role.STOP), 100, "97", commission=False)
        await trio.sleep(1.1)
        assert len(it.seen(PositionCloseEvent)) == 1
        it.charge(sold, "9")
        await it.opened()
        assert (await it.view()).commission == 0
        await it.restart_position()
        assert (await it.view()).commission == 0

    house(body)


# the broker's holding


def test_inc_32_a_difference_is_asked_about_again_and_then_an_alarm_and_never_booked(house):
    async def body(it):
        await it.opened()
        it.position.tell(BrokerHolding(1, D(0), D(0)))
        await it.system.idle()
        await trio.sleep(10)
        asked = [message for message in it.gateway if isinstance(message, AskBroker)]
        assert len(asked) == 1
        assert it.alarms() == set()
        it.position.tell(BrokerHolding(1, D(60), D(100)))
        await it.system.idle()
        assert it.alarms() == {"reconcile.difference"}
        assert (await it.view()).quantity == 100
        refused = await it.open(add=True)
        assert refused == CommandRefused("the broker holds another quantity", "broker 60, executions 100")
        it.position.tell(BrokerHolding(1, D(100), D(100)))
        await it.system.idle()
        assert it.alarms() == set()

    house(body)


def test_a_holding_that_lags_behind_a_fill_is_no_alarm(house):
    async def body(it):
        await it.opened()
        for _ in range(5):
            it.outside(Side.BUY, 1, "100")
            it.position.tell(BrokerHolding(1, D(0), D(0)))
            await trio.sleep(1)
        assert it.alarms() == set()

    house(body)


# restart


def test_a_crash_loses_nothing_and_sends_nothing_twice(house):
    async def body(it):
        await it.opened(signal_id="s1")
        it.fill(it.order(Role.TARGET), 30, "108")
        await it.system.idle()
        before = await it.view()
        sent = len(it.submitted), len(it.modified), len(it.cancelled)
        for _ in range(3):
            await it.restart_position()
        assert (len(it.submitted), len(it.modified), len(it.cancelled)) == sent
        after = await it.view()
        assert evolve(after, last_price=before.last_price, unrealized_pnl=before.unrealized_pnl) == before
        assert it.alarms() == set()

    house(body)


def test_what_fills_while_it_is_down_is_booked_once(house):
    async def body(it):
        await it.open()
        it.position.tell(object())
        await trio.sleep(0.1)
        it.fill(it.order(Role.ENTRY), 100, "100")
        await it.start_position()
        view = await it.view()
        assert (view.quantity, view.protected) == (100, True)
        assert {order.remaining for order in it.live()} == {D(100)}

    house(body)


def test_an_exit_lost_while_it_was_down_is_sent_again(house):
    async def body(it):
        await it.opened()
        it.position.tell(object())
        await trio.sleep(0.1)
        stop = it.order(Role.STOP)
        it.views[stop.order_ref] = evolve(stop, status=OrderStatus.CANCELLED)
        await it.start_position()
        await it.system.idle()
        assert (await it.view()).protected
        assert it.order(Role.STOP).order_ref != stop.order_ref

    house(body)


# trailing, second line


def test_a_trailing_stop_is_one_order_and_is_followed_locally(house):
    async def body(it):
        await it.opened(exits=TRAIL)
        (stop,) = it.live()
        assert (stop.order_type, stop.stop_price, stop.trailing_pct) == (OrderType.TRAILING_STOP, D("98.01"), D("0.02"))
        it.tick(TickType.LAST, 110.0)
        it.tick(TickType.LAST, 108.5)
        assert (await it.view()).stop == D("107.80")
        await trio.sleep(2)
        noted = await it.records("ExitsAdjusted")
        assert noted == [
            ExitsAdjusted(it.order(Role.ENTRY).position_id, ExitPlan(stop_loss_price=D("107.8")), "trailing")
        ]
        assert it.modified == []
        await it.restart_position()
        assert (await it.view()).stop == D("107.80")
        it.outside(Side.SELL, 40, "108.5")
        await it.system.idle()
        assert (it.order(Role.STOP).stop_price, it.order(Role.STOP).remaining) == (D("107.80"), 60)
        it.fill(it.order(Role.STOP), 60, "107.70")
        await it.system.idle()
        assert it.seen(PositionCloseEvent)[0].reason == "trailing_stop"

    house(body)


def test_a_stop_that_the_broker_does_not_execute_is_executed_from_here(house):
    async def body(it):
        await it.opened()
        it.tick(TickType.LAST, 96.9)
        await trio.sleep(4.9)
        assert it.live(Role.EXIT) == []
        await trio.sleep(0.2)
        assert it.alarms() == {"stop.not_executed"}
        exit_order = it.order(Role.EXIT)
        assert exit_order.oca_group == it.order(Role.STOP).oca_group
        it.fill(exit_order, 100, "96.8")
        await it.system.idle()
        assert it.seen(PositionCloseEvent)[0].reason == "stop"
        assert it.alarms() == set()

    house(body)


@pytest.mark.parametrize("case", ["executed", "recovered", "closed hours", "delayed"])
def test_the_second_line_keeps_still_where_it_must(house, case):
    async def body(it):
        if case == "closed hours":
            await trio.sleep(7 * 3600)  # 17:00 in New York
        await it.opened()
        it.tick(TickType.LAST if case != "delayed" else 68, 96.9)
        await it.system.idle()
        if case == "executed":
            it.fill(it.order(Role.STOP), 40, "96.9")
        elif case == "recovered":
            it.tick(TickType.LAST, 99.0)
        await trio.sleep(10)
        assert it.live(Role.EXIT) == []
        assert "stop.not_executed" not in it.alarms()

    house(body, entry_hours="any")
