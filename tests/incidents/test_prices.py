"""INC-37's other half: prices that are stale, delayed or halted bar entries by name, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from messages.gateway import BrokerNotice
from messages.order import ListOrders, OrderStatus
from messages.position import CommandRefused
from simulator.faults.verbs import Error, Silence

FARMS = [2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158]
AWAY = [2103, 2105, 2107, 2108, 2157]


def line_of(it, symbol: str = "AAPL") -> tuple[object, int]:
    """The session, and the id under which it was asked for the symbol's ticks."""
    (session,) = it.paper.tws.clients
    return session, next(one for one, line in session.market_data._lines.items() if line.contract.symbol == symbol)


def data_type(it, kind: int) -> None:
    session, req_id = line_of(it)
    session.write(("58", "1", str(req_id), str(kind)))


async def stale(it) -> None:
    it.now(Silence("AAPL"))
    await it.settle(10)


async def delayed(it) -> None:
    await it.trade_at(100.0)
    data_type(it, 3)
    await it.settle()


async def displayed_delayed(it) -> None:
    await it.trade_at(100.0)
    session, req_id = line_of(it)
    session.error(req_id, 10167, "Requested market data is not subscribed. Displaying delayed market data.")
    await it.settle()


async def frozen(it) -> None:
    await it.trade_at(100.0)
    data_type(it, 2)
    await it.settle()


async def halted(it) -> None:
    await it.trade_at(100.0)
    it.tick("AAPL", 49, 1.0)
    await it.settle()


PRICES: dict[str, tuple[Callable, str]] = {
    "stale": (stale, "no tick for more than"),
    "delayed": (delayed, "delayed instead of live"),
    "displayed delayed": (displayed_delayed, "delayed instead of live"),
    "frozen": (frozen, "frozen"),
    "halted": (halted, "halted"),
}


@pytest.mark.parametrize("price", PRICES)
def test_an_entry_is_refused_with_its_reason(stage, price):
    spoil, reason = PRICES[price]

    async def body(it):
        await spoil(it)
        answer = await it.open()
        assert isinstance(answer, CommandRefused)
        assert reason in f"{answer.reason} {answer.figures}"
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        assert (it.held(), it.held("MSFT")) == (0, 100), "it is a matter of that symbol alone"
        await it.sound()

    stage(body)


@pytest.mark.parametrize("price", PRICES)
def test_exits_go_through(stage, price):
    spoil, _ = PRICES[price]

    async def body(it):
        await it.open()
        await spoil(it)
        await it.close()
        sent = [order for order in it.ours() if order.order_type == "MKT" and order.side == "SELL"]
        assert len(sent) == 1, "a market exit needs no quote of ours"
        if price == "halted":
            assert it.held() == 100, "the exchange itself executes nothing"
            it.tick("AAPL", 49, 0.0)
            await it.trade_at(100.0)
        await it.sound(maybe={"position.not_closed"})
        assert it.held() == 0

    stage(body)


@pytest.mark.parametrize("price", PRICES)
def test_what_rests_at_the_broker_protects_all_the_while(stage, price):
    spoil, _ = PRICES[price]

    async def body(it):
        await it.open()
        await spoil(it)
        assert (await it.view()).protected
        if price == "halted":
            it.tick("AAPL", 49, 0.0)
        it.broker_fill(it.order("STP"), 100, "97.00")
        await it.sound()
        assert it.held() == 0

    stage(body)


@pytest.mark.parametrize("code", FARMS)
def test_a_farms_notice_never_touches_an_order(stage, code):
    async def body(it):
        await it.open(limit="95.00")
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        before = await it.ask("orders", ListOrders())
        statuses = {view.order_ref: view.status for view in before}
        written = len(it.paper.venue.orders)
        for _ in range(3):
            it.now(Error(code, "data farm", everyone=True))
        await it.settle()
        assert await it.ask("orders", ListOrders()) == before
        assert OrderStatus.UNKNOWN not in statuses.values()
        assert len(it.paper.venue.orders) == written
        assert len([notice for notice in it.events(BrokerNotice) if notice.code == code]) >= 3
        await it.trade_at(400.0, "MSFT")
        await it.close("MSFT")
        await it.trade_at(94.9)
        await it.sound()
        assert (it.held(), it.held("MSFT")) == (100, 0), "exits, and entries that rest, go on"

    stage(body)


@pytest.mark.parametrize("code", AWAY)
def test_while_a_farm_is_away_a_fresh_price_still_counts(stage, code):
    async def body(it):
        it.now(Error(code, "data farm is away", everyone=True))
        await it.trade_at(100.0)
        await it.open()
        await it.sound()
        assert it.held() == 100

    stage(body)
