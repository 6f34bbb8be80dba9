"""The market opens or jumps beyond an exit: what is filled, at what price, and what it is called (docs/exits.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from messages.order import Side
from messages.position import (
    AdoptHolding,
    CommandAccepted,
    Distance,
    ExitPlan,
    PositionCloseEvent,
    ScaleTarget,
    Unit,
)

D = Decimal
EARLY = datetime(2026, 11, 20, 14, 25, tzinfo=UTC)  # five minutes before the open in New York


async def jump(it: Any, sign: int, price: float) -> None:
    """Quote and trade at a price far away, without anything between; the market is never crossed on its way."""
    for kind, value in sorted(((2, price + 0.01), (1, price - 0.01)), reverse=sign > 0):
        it.tick("AAPL", kind, round(value, 2))
    it.tick("AAPL", 4, price)
    await it.settle(3)


async def closed_at(it: Any, price: float, reason: str) -> None:
    """Assert that the whole position was left in one fill at this price, and that it is over on both sides."""
    fill = it.paper.venue.executions[-1]
    assert (float(fill.price), fill.quantity) == (pytest.approx(price, abs=0.02), 100)
    assert it.held() == 0
    assert it.at_broker() == []
    assert (await it.view()).quantity == 0
    (closed,) = it.seen(PositionCloseEvent)
    assert closed.reason == reason
    assert await it.alarms() == set()
    assert not it.crashes()


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("exits", "way", "reason"),
    [
        ({"stop_loss_pct": D("0.03"), "take_profit_pct": D("0.08")}, -10, "stop"),
        ({"trailing_stop_pct": D("0.03")}, -10, "stop"),
        ({"trailing_stop_pct": D("0.03"), "trail_here": True}, -10, "stop"),
        ({"stop_loss_pct": D("0.03"), "take_profit_pct": D("0.08")}, 15, "target"),
    ],
)
def test_a_gap_is_filled_at_the_price_that_there_is(plant, side, exits, way, reason):
    """A stop is a market order once elected: beyond the gap. A target is filled at the better price."""

    async def body(it):
        sign = side.sign
        await it.open(side, 100, **exits)
        await jump(it, sign * (1 if way > 0 else -1), 100.0 + sign * way)
        await closed_at(it, 100.0 + sign * way, reason)
        pnl = it.seen(PositionCloseEvent)[0].position.realized_pnl
        assert pnl == pytest.approx(D(way * 100), abs=5)

    plant(body)


@pytest.mark.parametrize(
    ("side", "way", "reason", "there"),
    [(Side.BUY, -10, "stop", True), (Side.SELL, -10, "stop", False), (Side.SELL, 15, "target", True)],
)
def test_a_gap_at_the_open_is_filled_at_the_open(plant, side, way, reason, there):
    """With the process there, and with nobody there. Before the open nothing triggers."""

    async def body(it):
        sign = side.sign
        it.by_hand(side, 100, "100.00")
        await it.settle(70)
        plan = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
        assert isinstance(await it.ask("position/AAPL", AdoptHolding(plan)), CommandAccepted)
        await it.settle(2)
        if not there:
            await it.kill()
        for price in (100.0 + sign * way * 2, 100.0 + sign * way):
            await jump(it, sign if way > 0 else -sign, price)
            await it.settle(60)
            assert it.held() == sign * 100
        await it.settle(120)
        await jump(it, sign if way > 0 else -sign, 100.0 + sign * way)
        if not there:
            await it.start()
            await it.settle(5)
        await closed_at(it, 100.0 + sign * way, reason)

    plant(body, simulator={"calendar": "XNYS"}, start=EARLY)


@pytest.mark.parametrize("side", list(Side))
def test_a_gap_through_several_targets_takes_them_all(plant, side):
    async def body(it):
        sign = side.sign
        targets = tuple(
            ScaleTarget(fraction=D("0.5"), distance=Distance(D(part), Unit.PCT)) for part in ("0.02", "0.04")
        )
        await it.open(side, 100, stop_loss_pct=D("0.03"), targets=targets)
        await it.settle(2)
        await jump(it, sign, 100.0 + sign * 10)
        assert it.held() == 0
        assert it.at_broker() == []
        assert it.seen(PositionCloseEvent)[0].reason == "target"
        assert it.seen(PositionCloseEvent)[0].position.realized_pnl == pytest.approx(D(1000), abs=5)

    plant(body)


@pytest.mark.parametrize("side", list(Side))
def test_a_gap_through_the_stop_of_slices_leaves_everything_once(plant, side):
    async def body(it):
        sign = side.sign
        targets = (ScaleTarget(fraction=D("0.25"), distance=Distance(D("0.02"), Unit.PCT)),)
        await it.open(side, 100, stop_loss_pct=D("0.03"), targets=targets)
        await it.settle(2)
        await jump(it, -sign, 100.0 - sign * 10)
        assert it.held() == 0
        assert it.at_broker() == []
        assert await it.alarms() == set()
        assert it.seen(PositionCloseEvent)[0].reason == "stop"

    plant(body)
