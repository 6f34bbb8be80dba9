"""The breaker in a whole running tree against the paper TWS: what trips it, what it does, and what it survives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from messages.journal import Replay
from messages.order import OrderStatus, Role, Side
from messages.position import CommandAccepted, CommandRefused
from messages.risk import (
    BreakerMoved,
    BreakerTrigger,
    DescribePortfolio,
    FlattenAll,
    Halt,
    PortfolioView,
    Rearm,
    Resume,
    TradingState,
)

D = Decimal
S = TradingState


async def portfolio(p: Any) -> PortfolioView:
    return await p.ask("portfolio", DescribePortfolio())


async def moves(p: Any) -> list[str]:
    records = await p.ask("journal", Replay(kinds=("BreakerMoved",)))
    found: list[BreakerMoved] = [record.payload for record in records]
    return [f"{each.event} {each.before}>{each.after}" for each in found]


def test_a_daily_loss_with_flatten_cancels_entries_closes_everything_and_latches(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.open()
        await p.trade_at(50.0, "MSFT")
        await p.open(symbol="MSFT", limit="49.00")
        assert len(await p.working(Role.ENTRY)) == 1
        for price in (96.0, 95.5, 95.4, 95.3):
            await p.trade_at(price)
            await p.settle(2)
        view = await portfolio(p)
        assert (view.state, view.trigger) == (S.LATCHED, BreakerTrigger.DAILY_LOSS)
        assert p.at_broker() == []
        assert (p.held(), p.held("MSFT")) == (0, 0)
        assert await moves(p) == ["trip ACTIVE>REDUCE_ONLY", "close REDUCE_ONLY>FLATTENING", "latch FLATTENING>LATCHED"]
        assert "risk.daily_loss" in await p.alarms()
        refused = await p.ask("portfolio", Resume("go on"))
        assert refused.reason == "the breaker has tripped: `pitboss rearm --reason …`"
        refused = await p.open()
        assert refused.reason == "the breaker has tripped"
        await p.agree_exactly()

    plant(body, max_daily_loss=D(400), daily_loss_action="flatten", breaker_seconds=3.0, max_drawdown=D(2_000))


def test_reduce_only_keeps_positions_and_their_exits(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.open(stop_loss_pct=D("0.2"))
        for price in (95.5, 95.4, 95.3, 95.2):
            await p.trade_at(price)
            await p.settle(2)
        view = await portfolio(p)
        assert view.state is S.LATCHED
        assert p.held() == 100
        assert [order.remaining for order in p.at_broker()] == [100]
        assert (await p.view()).protected
        await p.trade_at(79.0)  # the stop that was left fills
        await p.settle(3)
        assert p.held() == 0

    plant(body, max_daily_loss=D(400), breaker_seconds=3.0)


def test_a_flash_of_one_bad_print_trips_nothing(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.open(stop_loss_pct=D("0.9"))
        p.tick("AAPL", 4, 20.0)
        await p.settle(1.5)
        await p.trade_at(100.0)
        await p.settle(30)
        assert (await portfolio(p)).state is S.ACTIVE
        assert await p.alarms() == set()

    plant(body, max_daily_loss=D(400))


@pytest.mark.parametrize("seconds", [0.0, 0.002, 0.01, 0.05, 0.5])
def test_killed_while_it_flattens_the_next_process_goes_on_and_latches(
    plant: Callable[..., None], seconds: float
) -> None:
    async def body(p: Any) -> None:
        await p.open()
        await p.open(symbol="MSFT")
        await p.trade_at(50.0, "MSFT")
        await p.open(symbol="MSFT", limit="49.00")
        answer = p.process.system.address("portfolio").ask(FlattenAll("drill"))
        await p.settle(seconds)
        durable = answer.settled
        await p.kill()
        await p.start()
        await p.trade_at(100.0)
        await p.trade_at(50.0, "MSFT")
        await p.settle(15)
        view = await portfolio(p)
        if view.state is S.ACTIVE:  # killed before the word was durable: nobody was told that it was taken
            assert not durable
            assert not await moves(p)
            return
        assert (view.state, view.trigger) == (S.LATCHED, BreakerTrigger.KILL_SWITCH)
        assert (p.held(), p.held("MSFT"), p.at_broker()) == (0, 0, [])
        refused = await p.open()
        assert isinstance(refused, CommandRefused)
        await p.kill()
        await p.start()
        assert (await portfolio(p)).state is S.LATCHED, "a restart never re-arms"
        assert p.crashes() == []

    plant(body)


def test_a_halt_cancels_what_could_still_add_risk_and_survives(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.open(limit="99.00")
        accepted = CommandAccepted(text="halted: no new risk; exits go on")
        assert await p.ask("portfolio", Halt("lunch", cancel_entries=True)) == accepted
        await p.settle(2)
        assert p.at_broker() == []
        assert (await portfolio(p)).state is S.REDUCE_ONLY
        await p.kill()
        await p.start()
        assert (await portfolio(p)).state is S.REDUCE_ONLY
        assert (await p.ask("portfolio", Rearm("x"))).reason == "it is halted by hand: `pitboss resume`"
        await p.ask("portfolio", Resume("back"))
        await p.trade_at(100.0)
        assert isinstance(await p.open(), CommandAccepted)

    plant(body)


def test_losses_in_a_row_trip_it_across_a_restart_and_are_counted_anew_after_rearm(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        async def lose() -> None:
            await p.trade_at(100.0)
            await p.open()
            await p.trade_at(96.9)
            await p.settle(3)

        await lose()
        await p.kill()
        await p.start()
        assert (await portfolio(p)).losses_in_a_row == 1
        await lose()
        view = await portfolio(p)
        assert (view.state, view.trigger) == (S.LATCHED, BreakerTrigger.CONSECUTIVE_LOSSES)
        await p.ask("portfolio", Rearm("seen"))
        assert (await portfolio(p)).losses_in_a_row == 0
        await p.kill()
        await p.start()
        view = await portfolio(p)
        assert (view.state, view.losses_in_a_row) == (S.ACTIVE, 0)
        await lose()
        view = await portfolio(p)
        assert (view.state, view.losses_in_a_row) == (S.ACTIVE, 1)

    plant(body, max_consecutive_losses=2)


def test_refusals_in_a_row_trip_it_and_an_order_that_is_taken_ends_the_row(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        async def refused() -> None:
            await p.open(quantity=900_000)  # more than the account can pay
            await p.settle(2)

        await refused()
        await refused()
        assert (await portfolio(p)).rejects_in_a_row == 2
        await p.trade_at(50.0, "MSFT")
        await p.open(symbol="MSFT", limit="45.00")
        assert (await portfolio(p)).rejects_in_a_row == 0
        await refused()
        await p.kill()
        await p.start()
        await p.trade_at(100.0)
        assert (await portfolio(p)).rejects_in_a_row == 1
        await refused()
        await refused()
        view = await portfolio(p)
        assert (view.state, view.trigger) == (S.LATCHED, BreakerTrigger.REJECT_STREAK)
        assert view.reason.startswith("3 entries in a row were refused by the broker, the last one: 201")
        assert p.at_broker() == []

    plant(body, max_reject_streak=3)


def test_a_holding_that_nobody_manages_is_left_alone_by_a_trip_and_closed_by_the_kill_switch(
    plant: Callable[..., None],
) -> None:
    async def body(p: Any) -> None:
        await p.trade_at(50.0, "MSFT")
        p.by_hand(Side.BUY, 10, "50.00", "MSFT")
        await p.settle(70)  # until the next look at the broker
        assert (await p.view("MSFT")).quantity == 10
        await p.trade_at(100.0)
        await p.open()
        for price in (95.5, 95.4, 95.3, 95.2):
            await p.trade_at(price)
            await p.settle(2)
        view = await portfolio(p)
        assert (view.state, view.trigger) == (S.LATCHED, BreakerTrigger.DAILY_LOSS)
        assert (p.held(), p.held("MSFT")) == (0, 10)
        await p.trade_at(50.0, "MSFT")
        await p.ask("portfolio", FlattenAll("everything"))
        await p.settle(5)
        assert p.held("MSFT") == 0
        assert (await portfolio(p)).state is S.LATCHED
        assert [order for order in await p.working() if order.status is not OrderStatus.FILLED] == []

    plant(body, max_daily_loss=D(400), daily_loss_action="flatten", breaker_seconds=3.0)


def test_the_day_is_the_exchanges_and_what_was_lost_before_it_is_left_out(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.open(stop_loss_pct=D("0.5"))
        await p.trade_at(97.0)
        await p.settle(2)
        view = await portfolio(p)
        assert (view.day, view.daily_pnl) == ("2026-11-19", D("-302"))
        await p.settle(120)  # midnight in New York, 05:00 UTC
        view = await portfolio(p)
        assert (view.day, view.daily_pnl, view.unrealized_pnl) == ("2026-11-20", D(0), D("-301"))
        await p.trade_at(96.0)
        await p.settle(2)
        assert (await portfolio(p)).daily_pnl == -100
        await p.kill()
        await p.start()
        await p.trade_at(96.0)
        await p.settle(2)
        view = await portfolio(p)
        assert (view.daily_pnl, view.state) == (D(-100), S.ACTIVE)

    start = datetime(2026, 11, 20, 4, 58, tzinfo=UTC)
    plant(body, start=start, entry_hours="any", max_daily_loss=D(350))


def test_a_fall_of_the_equity_from_its_best_trips_it_and_the_best_survives_a_restart(
    plant: Callable[..., None],
) -> None:
    async def body(p: Any) -> None:
        await p.open(quantity=1000, stop_loss_pct=D("0.9"))
        await p.settle(20)
        await p.kill()
        await p.start()
        for price in (88.0, 87.9, 87.8, 87.7):
            await p.trade_at(price)
            await p.settle(200)
        view = await portfolio(p)
        assert (view.state, view.trigger) == (S.LATCHED, BreakerTrigger.DRAWDOWN)
        assert view.reason.startswith("the equity ")
        assert "the limit is 1.00%" in view.reason

    plant(body, max_drawdown_pct=D("0.01"))
