"""A position from the command to its close."""

from decimal import Decimal

import pytest
import trio
from attrs import evolve

from messages.event import BaseEvent
from messages.gateway import AccountValue, TradingAllowed
from messages.market import FeedInterrupted, PriceEvent, TickType, VolumeEvent
from messages.order import (
    OrderCancelledEvent,
    OrderExpiredEvent,
    OrderStatus,
    OrderType,
    Role,
    Side,
    TimeInForce,
)
from messages.position import (
    AdjustExits,
    ClosePosition,
    CommandAccepted,
    CommandRefused,
    ExitPlan,
    OpenPosition,
    PlaceOrder,
    PositionCloseEvent,
    PositionOpenEvent,
    PositionStatus,
    PositionUpdateEvent,
    ProtectionArmedEvent,
    Size,
)
from messages.risk import DescribePortfolio

D = Decimal


def test_a_bracket_is_one_group_and_protects_what_fills(house):
    async def body(it):
        answer = await it.open()
        assert isinstance(answer, CommandAccepted)
        (group,) = it.submitted
        entry, stop, target = group.orders
        assert answer.order_refs == (entry.order_ref,)
        assert (entry.role, entry.side, entry.quantity, entry.order_type) == (Role.ENTRY, Side.BUY, 100, "MKT")
        assert group.reference_price == D("100.01")
        assert group.cleared
        assert (stop.order_type, stop.stop_price) == (OrderType.STOP, D("97.01"))
        assert (target.order_type, target.limit_price) == (OrderType.LIMIT, D("108.02"))
        for leg in (stop, target):
            assert leg.parent_ref == entry.order_ref
            assert leg.tif is TimeInForce.GTC
            assert leg.oca_group == f"oca-{entry.position_id}"
            assert leg.side is Side.SELL
        assert (await it.view()).status is PositionStatus.OPENING

        it.fill(it.order(Role.ENTRY), 40, "100.00")
        await it.system.idle()
        assert [(order.role, order.remaining) for order in it.live(Role.STOP, Role.TARGET)] == [
            (Role.STOP, 40),
            (Role.TARGET, 40),
        ]
        assert it.order(Role.STOP).stop_price == 97
        it.fill(it.order(Role.ENTRY), 60, "100.10")
        await it.system.idle()
        assert {order.remaining for order in it.live()} == {D(100)}
        assert it.order(Role.STOP).stop_price == D("97.06")  # 100.06 less 3 %, 97.0582, rounded up

        view = await it.view()
        assert view.status is PositionStatus.OPEN
        assert view.protected
        assert (view.quantity, view.average_price, view.stop, view.target) == (
            100,
            D("100.06"),
            D("97.06"),
            D("108.07"),
        )
        assert len(it.seen(PositionOpenEvent)) == 1
        assert it.seen(ProtectionArmedEvent)
        assert len(it.submitted) == 1
        assert not it.alarms()

    house(body)


@pytest.mark.parametrize(
    ("side", "role", "price", "reason", "pnl"),
    [
        (Side.BUY, Role.STOP, "96.90", "stop", -310),
        (Side.BUY, Role.TARGET, "108.01", "target", 801),
        (Side.SELL, Role.STOP, "103.10", "stop", -310),
        (Side.SELL, Role.TARGET, "92.00", "target", 800),
    ],
)
def test_an_exit_closes_it_and_leaves_nothing_behind(house, side, role, price, reason, pnl):
    async def body(it):
        await it.opened(side)
        it.fill(it.order(role), 100, price)
        await it.system.idle()
        assert it.live() == []
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, closed.position.realized_pnl, closed.position.quantity) == (reason, pnl, 0)
        (record,) = await it.records("PositionClosed")
        assert (record.reason, record.realized_pnl, len(record.exec_bases)) == (reason, pnl, 2)
        assert (await it.view()).status is PositionStatus.CLOSED
        portfolio = await it.system.address("portfolio").ask(DescribePortfolio())
        assert (portfolio.gross_exposure, portfolio.reserved, portfolio.realized_pnl) == (0, 0, pnl)
        assert not it.alarms()

    house(body)


def test_what_the_entry_did_not_fill_is_not_protected_and_not_waited_for(house):
    async def body(it):
        await it.open()
        it.fill(it.order(Role.ENTRY), 40, "100.00")
        it.event(OrderCancelledEvent, it.order(Role.ENTRY), "by hand", status=OrderStatus.CANCELLED)
        await it.system.idle()
        view = await it.view()
        assert (view.status, view.quantity, view.protected) == (PositionStatus.OPEN, 40, True)
        assert {order.remaining for order in it.live()} == {D(40)}

    house(body)


def test_an_entry_that_never_fills_leaves_nothing_working(house):
    async def body(it):
        await it.open(order_type=OrderType.LIMIT, limit_price=D("99.005"))
        assert it.order(Role.ENTRY).limit_price == D("99.00")
        it.event(OrderExpiredEvent, it.order(Role.ENTRY), "day is over", status=OrderStatus.EXPIRED)
        await it.system.idle()
        assert it.live() == []
        (record,) = await it.records("PositionClosed")
        assert record.reason == "not filled: expired"
        assert it.seen(PositionCloseEvent) == []

    house(body)


def test_an_entry_whose_stop_is_refused_is_withdrawn(house):
    async def body(it):
        it.refusing = {Role.STOP}
        await it.open(order_type=OrderType.LIMIT, limit_price=D("99"))
        await it.system.idle()
        assert it.live() == []
        assert len(it.submitted) == 1

    house(body)


def test_a_stop_that_fills_while_the_entry_works_withdraws_the_rest_and_a_late_fill_is_protected(house):
    async def body(it):
        await it.open()
        entry = it.order(Role.ENTRY)
        it.fill(entry, 40, "100")
        await it.system.idle()
        it.answering = False  # the cancellation takes its time
        it.fill(it.order(Role.STOP), 40, "97")
        await it.system.idle()
        assert [cancel.order_ref for cancel in it.cancelled] == [entry.order_ref]
        it.answering = True
        it.fill(entry, 60, "97.10")
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.protected) == (60, True)
        assert {order.remaining for order in it.live()} == {D(60)}
        assert it.order(Role.STOP).oca_group.endswith("-2")

    house(body)


def test_a_late_fill_after_the_close_revives_the_plan(house):
    async def body(it):
        await it.open()
        entry = it.order(Role.ENTRY)
        it.event(OrderCancelledEvent, entry, "by hand", status=OrderStatus.CANCELLED)
        await it.system.idle()
        assert (await it.view()).status is PositionStatus.CLOSED or not it.live()
        it.fill(entry, 100, "100")
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.protected, view.stop) == (100, True, 97)
        assert not it.alarms()

    house(body)


def test_a_late_fill_after_the_close_and_a_restart_revives_it_too(house):
    async def body(it):
        await it.open()
        entry = it.order(Role.ENTRY)
        it.event(OrderCancelledEvent, entry, "by hand", status=OrderStatus.CANCELLED)
        await it.system.idle()
        await it.restart_position()
        it.fill(entry, 100, "100")
        await it.system.idle()
        await trio.sleep(1)
        view = await it.view()
        assert (view.quantity, view.protected, view.stop) == (100, True, 97)
        assert not it.alarms()

    house(body)


# commands that are refused


def test_a_signal_acts_once_also_across_a_restart(house):
    async def body(it):
        await it.open(signal_id="s1")
        it.fill(it.order(Role.ENTRY), 100, "100")
        it.fill(it.order(Role.STOP), 100, "97")
        await it.system.idle()
        for _ in range(2):
            answer = await it.open(signal_id="s1")
            assert answer == CommandRefused("this signal was acted on already", "s1")
            await it.restart_position()
        assert isinstance(await it.open(signal_id="s2"), CommandAccepted)

    house(body)


def test_the_same_side_is_refused_unless_it_adds(house):
    async def body(it):
        await it.opened()
        assert (await it.open()).reason == "already long"
        assert isinstance(await it.open(quantity=50, add=True), CommandAccepted)
        scale = it.order(Role.SCALE)
        it.fill(scale, 50, "103.00")
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.average_price, view.stop) == (150, 101, D("97.97"))
        assert {order.remaining for order in it.live()} == {D(150)}

    house(body)


def test_no_decision_is_made_without_a_fresh_quote(house):
    async def body(it):
        await it.open()  # leaves a quote
        it.event(OrderCancelledEvent, it.order(Role.ENTRY), "", status=OrderStatus.CANCELLED)
        command = it.submitted[0]
        await it.system.idle()
        await trio.sleep(61)
        answers = []

        async def ask(**ticks):
            for kind, price in ticks.items():
                it.tick(TickType[kind], price)
            order = OpenPosition(
                side=Side.BUY, size=Size(quantity=D(10)), exits=ExitPlan(stop_loss_pct=D("0.03")), source="test"
            )
            answers.append((await it.position.ask(order)).reason)

        await ask()
        await ask(ASK=-1.0)
        await ask(ASK=100.0, HALTED=1.0)
        it.tick(TickType.HALTED, 0.0)
        it.position.tell(FeedInterrupted("AAPL", "delayed data"))
        await ask(ASK=100.0)
        assert answers == [
            "no tick for more than 60 s",
            "nobody offers",
            "trading is halted",
            "the feed is interrupted: delayed data",
        ]
        assert it.submitted == [command]

    house(body, quote_max_age_seconds=60.0)


def test_a_command_waits_a_little_for_the_first_quote(house):
    async def body(it):
        await it.start_position("MSFT")
        command = OpenPosition(side=Side.BUY, size=Size(quantity=D(10)), exits=ExitPlan(), source="test")
        answer = it.system.address("position/MSFT").ask(command)
        await trio.sleep(2)
        it.system.publish([(it.system.address("position/MSFT"), int(TickType.ASK), 50.0, 100.0)])
        assert isinstance(await answer, CommandAccepted)

    house(body)


@pytest.mark.parametrize(
    ("exits", "reason"),
    [
        (ExitPlan(stop_loss_price=D(101)), "the exits would fire at once"),
        (ExitPlan(stop_loss_pct=D("0.03"), take_profit_price=D(99)), "the exits would fire at once"),
        (ExitPlan(stop_loss_pct=D(1)), "the exits are no prices"),
    ],
)
def test_exits_that_make_no_sense_are_refused(house, exits, reason):
    async def body(it):
        assert (await it.open(exits=exits)).reason == reason
        assert it.submitted == []

    house(body)


def test_nothing_new_is_opened_before_orders_are_reconciled(house):
    async def body(it):
        it.bus.publish(TradingAllowed(False, "link lost"))
        assert await it.open() == CommandRefused("orders are not reconciled with the broker", "link lost")
        it.bus.publish(TradingAllowed(True))
        assert isinstance(await it.open(), CommandAccepted)

    house(body)


def test_a_size_by_risk_takes_the_equity_from_the_portfolio(house):
    async def body(it):
        it.bus.publish(AccountValue("DU1", "NetLiquidation", "100000", "USD"))
        await it.open(size=Size(risk_pct=D("0.01")))
        # the stop lies 3.00 below 100.01: 1000 / 3.00
        assert it.order(Role.ENTRY).quantity == 333

    house(body)


def test_a_limit_of_the_portfolio_refuses_with_its_figures_and_leaves_nothing(house):
    async def body(it):
        answer = await it.open()
        assert answer == CommandRefused("gross exposure above the limit", "10001 > 5000")
        assert it.submitted == []
        (record,) = await it.records("PositionClosed")
        assert record.reason == "refused: gross exposure above the limit 10001 > 5000"
        assert isinstance(await it.open(quantity=10), CommandAccepted)

    house(body, max_gross_exposure=D(5000))


# leaving


def test_closing_joins_the_exits_group_and_waits_for_the_fill(house):
    async def body(it):
        await it.opened()
        answer = await it.position.ask(ClosePosition("end of day", "rule"))
        await it.system.idle()
        exit_order = it.order(Role.EXIT)
        assert answer.order_refs == (exit_order.order_ref,)
        assert exit_order.oca_group == it.order(Role.STOP).oca_group
        assert (exit_order.order_type, exit_order.side, exit_order.quantity) == (OrderType.MARKET, Side.SELL, 100)
        assert len(it.live(Role.STOP, Role.TARGET)) == 2
        assert (await it.view()).status is PositionStatus.CLOSING
        assert (await it.position.ask(ClosePosition("again"))).text == "being closed already: end of day"
        it.fill(exit_order, 100, "99.50")
        await it.system.idle()
        assert it.live() == []
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, closed.position.realized_pnl) == ("end of day", -50)

    house(body)


def test_a_close_that_was_accepted_is_carried_out_after_a_crash_though_its_order_never_left(house):
    async def body(it):
        await it.opened()
        await it.position.ask(ClosePosition("end of day", "rule"))
        await it.system.idle()
        lost = it.order(Role.EXIT)
        it.views[lost.order_ref] = evolve(lost, status=OrderStatus.NOT_SENT)
        await it.restart_position()
        await it.system.idle()
        (again,) = it.live(Role.EXIT)
        assert again.order_ref != lost.order_ref
        it.fill(again, 100, "99.50")
        await it.system.idle()
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "end of day"
        await it.restart_position()
        await it.opened()
        assert (await it.view()).status is PositionStatus.OPEN, "the command ended with its position"

    house(body)


def test_closing_an_entry_that_works_cancels_it(house):
    async def body(it):
        await it.open(order_type=OrderType.LIMIT, limit_price=D(99))
        await it.position.ask(ClosePosition("changed my mind"))
        await it.system.idle()
        assert it.live() == []
        (record,) = await it.records("PositionClosed")
        assert record.reason == "changed my mind"
        assert it.live(Role.EXIT) == []

    house(body)


def test_a_refused_market_exit_goes_alone_after_the_exits_are_cancelled(house):
    async def body(it):
        await it.opened()
        it.refusing = {Role.EXIT}
        await it.position.ask(ClosePosition("out"))
        await it.system.idle()
        assert len(it.live(Role.STOP, Role.TARGET)) == 2
        it.refusing = set()
        await trio.sleep(1.5)
        await it.system.idle()
        assert [order.role for order in it.live()] == [Role.EXIT]
        assert it.order(Role.EXIT).oca_group == ""
        it.fill(it.order(Role.EXIT), 100, "99")
        await it.system.idle()
        assert (await it.view()).status is PositionStatus.CLOSED

    house(body)


def test_a_market_exit_refused_again_and_again_ends_with_the_exits_armed_and_an_alarm(house):
    async def body(it):
        await it.opened()
        it.refusing = {Role.EXIT}
        await it.position.ask(ClosePosition("out"))
        await trio.sleep(20)
        view = await it.view()
        assert (view.protected, view.status) == (True, PositionStatus.OPEN)
        assert "position.not_closed" in it.alarms()
        it.refusing = set()
        await trio.sleep(40)
        it.fill(it.order(Role.EXIT), 100, "99")
        await it.system.idle()
        assert (await it.view()).status is PositionStatus.CLOSED
        assert not it.alarms()

    house(body)


def test_an_opposite_command_waits_until_the_position_is_flat(house):
    async def body(it):
        await it.opened()
        answer = await it.open(Side.SELL)
        assert answer.text == "reversing: the position is closed first"
        assert [order.role for order in it.live(Role.ENTRY, Role.EXIT)] == [Role.EXIT]
        it.fill(it.order(Role.EXIT), 60, "100")
        await it.system.idle()
        assert len(it.submitted) == 2
        it.fill(it.order(Role.EXIT), 40, "100")
        await it.system.idle()
        entry = it.order(Role.ENTRY)
        assert (entry.side, entry.quantity, entry.status) == (Side.SELL, 100, OrderStatus.ACCEPTED)
        it.fill(entry, 100, "100")
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.stop, view.protected) == (-100, 103, True)

    house(body)


def test_a_crash_drops_a_reversal_and_finishes_the_closing(house):
    async def body(it):
        await it.opened()
        await it.open(Side.SELL)
        await it.restart_position()
        it.fill(it.order(Role.EXIT), 100, "100")
        await it.system.idle()
        assert it.live() == []
        (closed,) = it.seen(PositionCloseEvent)
        assert closed.reason == "reversal"
        assert len(it.submitted) == 2

    house(body)


def test_adjusted_exits_are_changed_in_place(house):
    async def body(it):
        await it.opened()
        refs = {order.order_ref for order in it.live()}
        it.quote(99.99, 100.01, 100.0)
        wrong = await it.position.ask(AdjustExits(ExitPlan(stop_loss_price=D(101))))
        assert wrong.reason == "the exits would fire at once"
        await it.position.ask(AdjustExits(ExitPlan(stop_loss_price=D(98), take_profit_price=D(105))))
        await it.system.idle()
        assert {order.order_ref for order in it.live()} == refs
        assert (it.order(Role.STOP).stop_price, it.order(Role.TARGET).limit_price) == (98, 105)
        assert it.seen(PositionUpdateEvent)[-1].position.stop == 98
        await it.restart_position()
        assert (await it.view()).stop == 98
        assert len(it.submitted) == 1

    house(body)


def test_plain_orders_add_and_reduce_and_never_turn_the_position(house):
    async def body(it):
        await it.opened()
        sell = PlaceOrder(side=Side.SELL, quantity=D(101), order_type=OrderType.MARKET)
        assert (await it.position.ask(sell)).reason == "it would turn the position"
        sell = PlaceOrder(side=Side.SELL, quantity=D(30), order_type=OrderType.MARKET, order_ref="mine")
        assert await it.position.ask(sell) == CommandAccepted(("mine",))
        it.fill(it.views["mine"], 30, "101")
        await it.system.idle()
        view = await it.view()
        assert (view.quantity, view.realized_pnl, view.protected) == (70, 30, True)
        assert {order.remaining for order in it.live()} == {D(70)}
        wrong = PlaceOrder(side=Side.BUY, quantity=D(1), order_type=OrderType.LIMIT)
        assert (await it.position.ask(wrong)).reason == "the prices do not fit the order type"

    house(body)


# what the bus is told


def test_prices_and_volumes_are_published_to_those_who_want_them(house):
    async def body(it):
        it.quote(100.09, 100.11, 100.1)
        it.system.publish([(it.position, int(TickType.VOLUME), 0.0, 123_400.0)])
        await it.system.idle()
        (price,) = it.seen(PriceEvent)
        assert (price.symbol, price.price, price.bid, price.ask) == ("AAPL", 100.1, 100.09, 100.11)
        (volume,) = it.seen(VolumeEvent)
        assert (volume.symbol, volume.volume) == ("AAPL", 123_400.0)
        it.bus.unsubscribe(BaseEvent, it.system.address("events"))
        it.quote(100.19, 100.21, 100.2)
        await it.system.idle()
        assert len(it.seen(PriceEvent)) == 1

    house(body)
