"""A halt stands from the moment at which it takes effect, whatever fails before it is durable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pykka
import pytest
import trio

from messages.order import CancelOrder, ListOrders
from messages.risk import DescribePortfolio, FlattenAll, Halt, Rearm, TradingState


def test_a_kill_switch_that_the_journal_failed_under_is_not_forgotten(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        it.crash_next("journal")
        with pytest.raises(pykka.ActorDeadError):
            await it.ask("portfolio", FlattenAll("now"))
        await it.settle(30.0)
        assert it.held() == 0
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED
        assert it.process.state.state == "HALTED"
        await it.ask("portfolio", Rearm("looked", "operator"))
        await it.settle(5.0)
        assert it.process.state.state == "READY"
        it.crash_next("portfolio")
        it.process.system.address("portfolio").tell(CancelOrder("none", "crashes it"))
        await it.settle(5.0)
        assert it.process.state.state == "READY"

    plant(body)


def test_what_is_not_resumed_durably_stays_halted(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.ask("portfolio", FlattenAll("now"))
        await it.settle(5.0)
        it.crash_next("journal")
        with pytest.raises(pykka.ActorDeadError):
            await it.ask("portfolio", Rearm("looked", "operator"))
        await it.settle(30.0)
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED
        assert it.process.state.state == "HALTED"

    plant(body)


def test_a_halt_over_which_the_portfolio_crashes_is_carried_out_by_the_next(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.settle(2.0)
        it.crash_next("portfolio")
        it.process.system.address("portfolio").tell(Halt("another contract than was meant"))
        await it.settle(10.0)
        assert it.process.state.state == "HALTED"
        assert "another contract" in it.process.state.reason

    plant(body)


@pytest.mark.parametrize("stop", [Halt("somebody says so", cancel_entries=True), FlattenAll("now")])
def test_an_entry_whose_intent_is_being_written_does_not_leave_after_a_halt(
    plant: Callable[..., None], stop: Halt | FlattenAll
) -> None:
    async def body(it: Any) -> None:
        await it.settle(2.0)
        it.disk.sync_seconds = 0.05
        buy = {"command": "buy", "symbol": "AAPL", "quantity": "10"}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(it.process.commands.answer, buy)
            await trio.sleep(0.02)
            it.process.system.address("portfolio").tell(stop)
            await it.settle(5.0)
        assert it.process.state.state == "HALTED"
        assert (it.held(), it.at_broker(), list(it.paper.venue.orders)) == (0, [], [])
        assert (await it.ask("orders", ListOrders())) == ()
        await it.agree()

    plant(body)


def test_a_command_whose_answer_a_crash_took_is_not_called_refused(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        it.crash_next("journal")
        answer = await it.process.commands.answer({"command": "flatten", "reason": "now"})
        await it.settle(30.0)
        assert it.held() == 0
        assert answer == {
            "ok": False,
            "perhaps": True,
            "error": "PortfolioActor portfolio ended before it answered; it may have been carried out all the same: "
            "look at `pitboss status`",
        }

    plant(body)


@pytest.mark.parametrize("killed", [False, True])
def test_a_rearm_that_the_journal_refused_has_not_been(plant: Callable[..., None], killed: bool) -> None:
    def full(step: str) -> None:
        if step in ("write", "sync"):
            raise OSError(28, "no space left on device")

    async def body(it: Any) -> None:
        it.disk.sync_seconds = 0.01
        await it.settle(2.0)
        await it.ask("portfolio", FlattenAll("now"))
        await it.settle(5.0)
        well, it.disk.before = it.disk.before, full
        answer = await it.process.commands.answer({"command": "rearm", "reason": "looked"})
        assert answer["error"].startswith("the journal has failed")
        await it.settle(5.0)
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED
        assert it.process.state.state == "HALTED"
        if killed:
            await it.kill()
            it.disk.before = well
            await it.start()
            await it.settle(5.0)
            assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED
            answer = await it.process.commands.answer({"command": "resume"})
            assert answer["error"].startswith("the breaker has tripped")

    plant(body)
