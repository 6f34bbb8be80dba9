"""The fill that closed a position is busted: what is held again is protected, or an alarm says that it is not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from messages.market import TickType
from messages.order import Side
from messages.position import ClosePosition

D = Decimal


async def _close_and_bust(it: Any) -> None:
    await it.ask("position/AAPL", ClosePosition("operator"))
    await it.settle(5.0)
    assert it.held() == 0
    last = it.paper.venue.executions[-1]
    it.paper.venue.correct(last.exec_id, D(0), last.price)
    await it.settle(2.0)


def test_shares_without_a_plan_are_without_one_again(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        it.by_hand(Side.BUY, 100, "100.00")
        await it.settle(65.0)
        assert await it.alarms() == {"position.unmanaged"}
        await _close_and_bust(it)
        assert it.held() == (await it.view()).quantity == 100
        assert await it.alarms() == {"position.unmanaged"}
        await it.ask("position/AAPL", ClosePosition("operator"))
        await it.settle(5.0)
        assert it.held() == 0
        assert await it.alarms() == set()

    plant(body)


def test_shares_of_a_plan_get_its_exits_again(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open(quantity=100)
        await _close_and_bust(it)
        assert it.held() == (await it.view()).quantity == 100
        assert [one.remaining for one in it.at_broker() if one.order_type == "STP"] == [100]
        assert (await it.view()).protected
        assert await it.alarms() == set()

    plant(body)


def test_a_process_that_was_down_meanwhile_sees_it_too(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        it.by_hand(Side.BUY, 100, "100.00")
        await it.settle(65.0)
        await it.ask("position/AAPL", ClosePosition("operator"))
        await it.settle(5.0)
        await it.kill()
        last = it.paper.venue.executions[-1]
        it.paper.venue.correct(last.exec_id, D(0), last.price)
        await it.start()
        await it.settle(5.0)
        assert it.held() == (await it.view()).quantity == 100
        assert await it.alarms() == {"position.unmanaged"}

    plant(body)


def test_shares_without_a_plan_are_told_of_until_they_are_gone(plant: Callable[..., None]) -> None:
    """The order that closes them may not fill for long: nothing protects them until then."""

    async def body(it: Any) -> None:
        it.by_hand(Side.BUY, 100, "100.00")
        await it.settle(65.0)
        it.tick("AAPL", TickType.HALTED, 1.0)
        await it.ask("position/AAPL", ClosePosition("operator"))
        await it.settle(10.0)
        assert it.held() == 100
        assert "position.unmanaged" in await it.alarms()
        it.tick("AAPL", TickType.HALTED, 0.0)
        await it.trade_at(100.0)
        await it.settle(5.0)
        assert it.held() == 0
        assert await it.alarms() == set()

    plant(body)


def test_a_start_amid_the_closing_tells_of_them_too(plant: Callable[..., None]) -> None:
    """News of the order in flight reach the position before it has taken up the closing again."""

    async def body(it: Any) -> None:
        it.by_hand(Side.BUY, 100, "100.00")
        await it.settle(65.0)
        it.tick("AAPL", TickType.HALTED, 1.0)
        await it.ask("position/AAPL", ClosePosition("operator"))
        await it.kill()
        await it.start()
        await it.settle(10.0)
        assert it.held() == 100
        assert "position.unmanaged" in await it.alarms()
        it.tick("AAPL", TickType.HALTED, 0.0)
        await it.trade_at(100.0)
        await it.settle(10.0)
        assert it.held() == 0
        assert await it.alarms() == set()

    plant(body)
