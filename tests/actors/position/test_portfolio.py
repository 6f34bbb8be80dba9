"""The portfolio: nothing gets past it, and what it decided survives."""

from decimal import Decimal

import pytest
import trio
from attrs import evolve

from actors.portfolio import PortfolioActor
from messages.gateway import AccountPnl, AccountValue
from messages.lifecycle import ActorQuarantined
from messages.market import Instrument, InstrumentQualified, TickType
from messages.order import (
    GroupRefused,
    OrderCancelledEvent,
    OrderRequest,
    OrderStatus,
    OrderType,
    Role,
    Side,
    SubmitOrders,
)
from messages.position import (
    ClosePosition,
    CommandAccepted,
    CommandRefused,
    ExitPlan,
    OpenPosition,
    PositionStatus,
    Size,
)
from messages.risk import (
    BreakerTrigger,
    DescribePortfolio,
    FlattenAll,
    Halt,
    HaltedEvent,
    Rearm,
    Resume,
    ResumedEvent,
    TradingState,
)

D = Decimal
AAPL = Instrument("AAPL", 265598, "STK", "SMART", "NASDAQ", "USD", D(1), ((D(0), D("0.01")),), D(1))


async def portfolio(it):
    return await it.system.address("portfolio").ask(DescribePortfolio())


async def restart_portfolio(it):
    it.system.address("portfolio").tell(object())
    await trio.sleep(0.1)
    await it.system.start(
        "portfolio",
        lambda c: PortfolioActor(c, settings=it.settings, bus=it.bus),
        watcher=lambda address, error: None,
    )
    await it.system.idle()


def test_a_fill_is_counted_as_working_or_held_at_every_moment(house):
    async def body(it):
        await it.open()
        totals = set()
        for _ in range(10):
            view = await portfolio(it)
            totals.add(view.gross_exposure + view.reserved)
            it.fill(it.order(Role.ENTRY), 10, "100.01")
            view = await portfolio(it)  # before the position has seen the fill
            totals.add(view.gross_exposure + view.reserved)
            await it.system.idle()
        # held shares are valued at the last price, 100.0, reserved ones at the quote of the decision
        assert all(D(10000) <= total <= D(10001) for total in totals)
        assert (await portfolio(it)).reserved == 0

    house(body)


def test_two_positions_cannot_use_the_same_room(house):
    async def body(it):
        await it.start_position("MSFT")
        it.system.publish([(it.system.address("position/MSFT"), int(TickType.ASK), 100.0, 1.0)])
        it.quote(99.99, 100.0, 100.0)
        command = OpenPosition(
            side=Side.BUY, size=Size(quantity=D(60)), exits=ExitPlan(stop_loss_pct=D("0.03")), source="test"
        )
        answers = [it.system.address(f"position/{symbol}").ask(command) for symbol in ("AAPL", "MSFT")]
        first, second = [await answer for answer in answers]
        assert isinstance(first, CommandAccepted)
        assert second == CommandRefused("gross exposure above the limit", "12000 > 10000")

    house(body, max_gross_exposure=D(10_000))


def test_room_comes_back_when_an_order_ends(house):
    async def body(it):
        await it.open()
        assert (await portfolio(it)).reserved == D("10001.00")
        it.reject(it.order(Role.ENTRY))
        for leg in it.live():
            it.event(OrderCancelledEvent, leg, "parent", status=OrderStatus.CANCELLED)
        await it.system.idle()
        assert (await portfolio(it)).reserved == 0

    house(body)


def test_the_collar_refuses_a_limit_far_from_the_quote(house):
    async def body(it):
        answer = await it.open(order_type=OrderType.LIMIT, limit_price=D("103"))
        assert answer.reason == "limit price beyond the collar"

    house(body, price_collar_pct=D("0.02"))


def test_a_group_is_refused_as_a_whole(house):
    async def body(it):
        entry = OrderRequest(
            order_ref="a", symbol="AAPL", role=Role.ENTRY, side=Side.BUY, quantity=D(10), order_type=OrderType.MARKET
        )
        other = OrderRequest(
            order_ref="b", symbol="AAPL", role=Role.STOP, side=Side.SELL, quantity=D(10), order_type=OrderType.STOP
        )
        it.system.address("portfolio").tell(SubmitOrders((entry, other), "events"))
        await it.system.idle()
        replies = [event for event in it.events if isinstance(event, GroupRefused)]
        assert [[denial.order_ref for denial in reply.denials] for reply in replies] == [["a", "b"]]
        assert replies[0].denials[0].reason == "no price to value the order by"
        assert it.submitted == []

    house(body)


def test_a_halt_stops_new_risk_alone_and_survives_a_restart(house):
    async def body(it):
        await it.opened()
        it.system.address("portfolio").tell(Halt("lunch"))
        assert (await it.open(add=True)) == CommandRefused("trading is halted", "lunch")
        it.outside(Side.SELL, 40, "100")
        await it.system.idle()
        assert {order.remaining for order in it.live()} == {D(60)}
        await restart_portfolio(it)
        view = await portfolio(it)
        assert (view.state, view.reason) == (TradingState.REDUCE_ONLY, "lunch")
        await it.restart_position()
        it.system.address("portfolio").tell(Resume("back"))
        assert isinstance(await it.open(add=True), CommandAccepted)
        await restart_portfolio(it)
        assert (await portfolio(it)).state is TradingState.ACTIVE
        assert [event.reason for event in it.seen(HaltedEvent)] == ["lunch", "lunch"]
        assert [event.reason for event in it.seen(ResumedEvent)] == ["back"]

    house(body)


def test_after_a_restart_it_waits_for_what_is_held_and_counts_what_works(house):
    async def body(it):
        await it.open(quantity=60)
        it.fill(it.order(Role.ENTRY), 20, "100")
        await it.system.idle()
        await restart_portfolio(it)
        await it.start_position("MSFT")
        it.system.publish([(it.system.address("position/MSFT"), int(TickType.ASK), 100.0, 1.0)])
        command = OpenPosition(side=Side.BUY, size=Size(quantity=D(50)), exits=ExitPlan(), source="test")
        ask = it.system.address("position/MSFT").ask
        assert await ask(command) == CommandRefused("what is held is not known yet", "AAPL")
        await it.restart_position()
        refused = await ask(command)
        assert refused.reason == "gross exposure above the limit"
        view = await portfolio(it)
        assert (view.gross_exposure, view.reserved) == (2000, D("4000.40"))

    house(body, max_gross_exposure=D(10_000))


def test_a_quarantined_symbol_does_not_hold_up_the_others(house):
    async def body(it):
        await it.opened()
        await restart_portfolio(it)
        await it.start_position("MSFT")
        it.system.publish([(it.system.address("position/MSFT"), int(TickType.ASK), 100.0, 1.0)])
        it.bus.publish(ActorQuarantined("position/AAPL", 3, "ValueError"))
        command = OpenPosition(side=Side.BUY, size=Size(quantity=D(50)), exits=ExitPlan(), source="test")
        assert isinstance(await it.system.address("position/MSFT").ask(command), CommandAccepted)

    house(body)


def test_flatten_halts_and_closes_everything(house):
    async def body(it):
        await it.opened()
        it.system.address("portfolio").tell(FlattenAll("fire"))
        await it.system.idle()
        it.fill(it.order(Role.EXIT), 100, "99")
        await it.system.idle()
        assert (await it.view()).status is PositionStatus.CLOSED
        assert (await portfolio(it)).state is TradingState.LATCHED
        it.system.address("portfolio").tell(Resume("back"))
        assert (await it.open()) == CommandRefused("the breaker has tripped", "LATCHED, kill_switch: flatten: fire")
        assert await it.system.address("portfolio").ask(Rearm("it was a drill")) == CommandAccepted(
            text="re-armed: new risk is allowed"
        )
        assert isinstance(await it.open(), CommandAccepted)

    house(body)


def test_a_late_fill_of_ours_after_it_has_latched_is_closed_like_the_rest(house):
    async def body(it):
        await it.open(order_type=OrderType.LIMIT, limit_price=D("99"))
        entry = it.order(Role.ENTRY)
        await it.system.address("portfolio").ask(FlattenAll("fire"))
        await it.system.idle()
        assert (await portfolio(it)).state is TradingState.LATCHED
        it.fill(entry, 30, "99")
        await it.system.idle()
        view = await portfolio(it)
        assert (view.state, view.closing) == (TradingState.FLATTENING, ("AAPL",))
        refused = await it.system.address("portfolio").ask(Rearm("too early"))
        assert refused.reason == "positions are still being closed"
        it.fill(it.order(Role.EXIT), 30, "98")
        await it.system.idle()
        assert (await portfolio(it)).state is TradingState.LATCHED

    house(body)


@pytest.mark.parametrize("by", ["the broker's figure", "ours"])
def test_the_days_loss_trips_the_breaker_once_it_is_confirmed(house, by):
    async def body(it):
        await it.opened()

        async def lose(loss):
            for _ in range(7):
                if by == "ours":
                    it.tick(TickType.LAST, 100 - loss / 100)
                else:
                    it.bus.publish(AccountPnl(D(-loss), None, None))
                await trio.sleep(1)

        await lose(400)
        assert (await portfolio(it)).state is TradingState.ACTIVE
        await lose(501)
        view = await portfolio(it)
        assert (view.state, view.trigger) == (TradingState.LATCHED, BreakerTrigger.DAILY_LOSS)
        assert "reaches the limit of 500" in view.reason
        assert "risk.daily_loss" in it.alarms()
        refused = await it.system.address("portfolio").ask(Rearm("I know better"))
        assert refused.reason == "the day's loss is still at its limit"
        assert refused.figures.endswith("the next day begins at 00:00 America/New_York")

    house(body, max_daily_loss=D(500))


@pytest.mark.parametrize("by", ["the broker's figure", "ours"])
def test_one_wild_figure_trips_nothing(house, by):
    async def body(it):
        await it.opened()
        for loss in (1, 90_000, 2, 3, 90_000, 4):
            if by == "ours":
                it.tick(TickType.LAST, max(100 - loss / 100, 0.01))
            else:
                it.bus.publish(AccountPnl(D(-loss), None, None))
            await trio.sleep(2)
        assert (await portfolio(it)).state is TradingState.ACTIVE
        assert it.alarms() == set()

    house(body, max_daily_loss=D(500))


def test_a_loss_realised_counts_once_all_day_and_across_a_restart(house):
    async def body(it):
        await it.opened()
        it.fill(it.order(Role.STOP), 100, "97")
        await it.system.idle()
        assert (await portfolio(it)).realized_pnl == -300
        await restart_portfolio(it)
        view = await portfolio(it)
        assert (view.realized_pnl, view.state) == (-300, TradingState.ACTIVE)
        await trio.sleep(24 * 3600)
        assert (await portfolio(it)).realized_pnl == 0

    house(body, max_daily_loss=D(500))


def test_equity_is_the_brokers_net_liquidation(house):
    async def body(it):
        for key, value, currency in (
            ("BuyingPower", "400000", "USD"),
            ("NetLiquidation", "100000.50", "USD"),
            ("NetLiquidation", "1", "BASE"),
        ):
            it.bus.publish(AccountValue("DU1", key, value, currency))
        await it.system.idle()
        assert (await portfolio(it)).equity == D("100000.50")

    house(body)


def test_what_is_too_much_is_made_smaller_with_its_exits_where_that_is_configured(house):
    async def body(it):
        assert isinstance(await it.open(quantity=150), CommandAccepted)
        assert [order.quantity for order in it.submitted[0].orders] == [99, 99, 99]
        verdict = it.submitted[0].verdicts[-1]
        assert (verdict.gate, verdict.passed) == ("resize", True)
        assert verdict.figures == "150 → 99: gross exposure above the limit, 15001.5 > 10000"
        assert await it.open(add=True) == CommandRefused("gross exposure above the limit", "19901.99 > 10000")

    house(body, max_gross_exposure=D(10_000), on_limit="resize")


def test_an_unknown_exchange_rate_is_never_one_for_one(house):
    async def body(it):
        it.bus.publish(InstrumentQualified(evolve(AAPL, currency="EUR", multiplier=D(2))))
        refused = await it.open(quantity=10)
        assert refused == CommandRefused(
            "what it is worth is not known", "AAPL: no exchange rate from EUR to USD is known"
        )
        it.bus.publish(AccountValue("DU1", "ExchangeRate", "1.1", "EUR"))
        refused = await it.open(quantity=10)
        assert refused == CommandRefused("gross exposure above the limit", "2200.22 > 2000")
        assert isinstance(await it.open(quantity=9), CommandAccepted)
        assert (await portfolio(it)).reserved == D("1980.198")

    house(body, max_gross_exposure=D(2_000))


def test_limits_in_another_currency_than_the_accounts_are_kept_by_refusing(house):
    async def body(it):
        it.bus.publish(AccountValue("DU1", "NetLiquidation", "100000", "EUR"))
        refused = await it.open(quantity=10)
        assert refused.figures == "the account counts in EUR, risk.currency is USD"

    house(body)


def test_guards_on_size_rate_and_repetition_are_named_with_their_figures(house):
    async def body(it):
        assert await it.open(quantity=4) == CommandRefused("order size below the minimum", "4 < 5")
        assert await it.open(quantity=301) == CommandRefused("more shares than allowed", "301 > 300")
        assert await it.open(quantity=9) == CommandRefused("smallest notional below the minimum", "900.09 < 1000")
        assert isinstance(await it.open(quantity=20), CommandAccepted)
        twice = await it.open(quantity=20, add=True)
        assert twice.reason == "the same order was sent a moment ago"
        assert twice.figures == "BUY 20 at the market, 0.0 s ago; 10 s must pass"
        assert isinstance(await it.open(quantity=30, add=True), CommandAccepted)
        often = await it.open(quantity=40, add=True)
        assert often == CommandRefused("more orders a minute than allowed", "4 within a minute and 1 now > 4")
        await trio.sleep(61)
        it.quote(99.99, 100.0, 100.0)
        assert isinstance(await it.open(quantity=20, add=True), CommandAccepted)

    house(
        body,
        min_order_shares=D(5),
        max_order_shares=D(300),
        min_order_notional=D(1_000),
        max_orders_per_minute=4,
        duplicate_seconds=10.0,
    )


@pytest.mark.parametrize(
    ("shortable", "reason"),
    [(3.0, ""), (2.0, "shares must be located before they are sold short"), (1.0, "there are no shares to borrow")],
)
def test_what_cannot_be_borrowed_is_not_sold_short(house, shortable, reason):
    async def body(it):
        it.tick(TickType.SHORTABLE, shortable)
        answer = await it.open(Side.SELL)
        assert (answer.reason if reason else "") == reason
        assert reason or isinstance(answer, CommandAccepted)

    house(body)


def test_short_sales_can_be_forbidden_and_the_verdicts_say_so(house):
    async def body(it):
        it.tick(TickType.SHORTABLE, 3.0)
        refused = await it.open(Side.SELL)
        assert refused == CommandRefused("short sales are not allowed", "risk.allow_short = false")
        await it.system.idle()
        (weighed,) = it.weighed
        against = [verdict.gate for verdict in weighed.verdicts if not verdict.passed]
        assert against == ["short sale"]
        await it.opened()
        it.system.address("position/AAPL").tell(ClosePosition("out"))
        await it.system.idle()
        assert it.order(Role.EXIT).side is Side.SELL, "to leave a long position is no short sale"

    house(body, allow_short=False)


def test_out_of_hours_no_entry_is_made_unless_that_is_configured(house):
    async def body(it):
        await trio.sleep(6 * 3600)  # 16:00 in New York
        it.quote(99.99, 100.0, 100.0)
        refused = await it.open()
        assert refused.reason == "outside the market's hours"
        assert refused.figures == "by the contract's hours closed, 2026-11-20 21:00 UTC"

    house(body)

    async def at_any_hour(it):
        await trio.sleep(6 * 3600)
        it.quote(99.99, 100.0, 100.0)
        assert isinstance(await it.open(), CommandAccepted)

    house(at_any_hour, entry_hours="any")


def test_a_size_by_equity_waits_for_it_and_is_refused_when_it_does_not_come(house):
    async def body(it):
        refused = await it.open(size=Size(risk_pct=D("0.01")))
        assert refused == CommandRefused("the account's equity is not known")

    house(body, quote_max_age_seconds=60.0)
