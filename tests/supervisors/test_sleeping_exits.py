"""Exits that are children of an entry sleep at the broker until it fills: they protect nothing before that."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from messages.order import Side
from messages.position import ExitPlan, OpenPosition, Size

D = Decimal
EXITS = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))


def _add(quantity: int) -> OpenPosition:
    return OpenPosition(side=Side.BUY, size=Size(quantity=D(quantity)), exits=EXITS, source="operator", add=True)


async def _stops(it: Any) -> list[tuple[Decimal, str]]:
    """Quantity and parent of each stop that rests, the sleeping ones marked by theirs."""
    orders = it.paper.venue.orders
    live = [one for one in it.at_broker() if one.order_type == "STP"]
    asleep = [bool(one.parent_perm_id and not orders[one.parent_perm_id].done) for one in live]
    return [(one.remaining, "asleep" if sleeps else "awake") for one, sleeps in zip(live, asleep, strict=True)]


def test_shares_bought_beside_a_resting_bracket_get_a_stop_of_their_own(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open(quantity=7, limit="90.00")
        assert await _stops(it) == [(D(7), "asleep")]
        await it.ask("position/AAPL", _add(50))
        await it.settle(2.0)
        assert it.held() == 50
        assert await _stops(it) == [(D(50), "awake")]
        assert (await it.view()).protected
        await it.trade_at(89.0)
        await it.settle(3.0)
        # 90 is below the stop at 97: what was held is sold, and the bracket's entry has filled, both by the market
        assert it.held() == (await it.view()).quantity
        assert [quantity for quantity, _ in await _stops(it)] == ([it.held()] if it.held() else [])

    plant(body)


def test_a_trade_by_hand_beside_a_resting_bracket_gets_a_stop_too(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open(quantity=7, limit="99.00")
        it.by_hand(Side.BUY, 20, "100.00")
        await it.settle(90.0)
        assert await _stops(it) == [(D(20), "awake")]
        await it.trade_at(98.5)
        await it.settle(3.0)
        assert it.held() == 27
        assert await _stops(it) == [(D(27), "awake")]
        await it.agree_exactly()
        assert await it.alarms() == set()

    plant(body)


def test_an_entry_by_limit_still_arms_with_its_own_children(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open(quantity=7, limit="99.00")
        before = {one.order_ref for one in it.at_broker()}
        await it.trade_at(98.5)
        await it.settle(2.0)
        assert {one.order_ref for one in it.at_broker()} < before
        assert await _stops(it) == [(D(7), "awake")]

    plant(body)


def test_shares_added_beside_a_part_of_an_entry_are_in_a_stop_that_no_entry_binds(plant: Callable[..., None]) -> None:
    """The child of an entry of which 30 have filled may execute 30, however many it is for."""

    async def body(it: Any) -> None:
        await it.open(quantity=100, limit="99.00")
        await it.trade_at(98.5, size=30)
        await it.settle(2.0)
        assert it.held() == 30
        assert await _stops(it) == [(D(30), "asleep")]
        before = {one.order_ref for one in it.at_broker() if one.order_type == "STP"}
        await it.trade_at(100.0)
        await it.ask("position/AAPL", _add(10))
        await it.settle(2.0)
        assert it.held() == 40
        assert await _stops(it) == [(D(40), "awake")]
        assert not before & {one.order_ref for one in it.at_broker()}
        assert (await it.view()).protected
        await it.trade_at(98.5)
        await it.settle(2.0)
        assert it.held() == 110
        assert await _stops(it) == [(D(110), "awake")]
        await it.trade_at(95.0)
        await it.settle(3.0)
        assert it.held() == 0
        await it.agree_exactly()
        assert await it.alarms() == set()

    plant(body)
