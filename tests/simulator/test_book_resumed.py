"""A paper TWS that goes on from its book: what rests, what is held, what was executed, which ids come next."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import ib_insync as ibi
import pytest
import trio
import trio_asyncio
from ib_insync import IB
from trio.testing import MockClock
from trio_asyncio import aio_as_trio as aio

from config.environment import virtual
from simulator.app import PaperBroker, SimulatorSettings
from simulator.book_file import BookFile, resume_from
from simulator.model import Order, Ticked
from simulator.testing import open_paper
from simulator.testing.loops import keep_plain_loops

AAPL = ibi.Stock("AAPL", "SMART", "USD")
D = Decimal
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., None]:
    """Run `await scenario(paper, ib)` with the book `book.json`; each call is a simulator of its own."""

    def run(scenario: Callable[[Any, IB], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            settings = {"book": tmp_path / "book.json", "messages_per_second": 0, **options}
            with trio.fail_after(20):
                async with trio_asyncio.open_loop(), open_paper(**settings) as paper:
                    ib = IB()
                    await aio(ib.connectAsync)("127.0.0.1", paper.port, clientId=7, timeout=4)
                    await scenario(paper, ib)
                    ib.disconnect()

        trio.run(main)

    return run


async def settled(ib: IB) -> None:
    await aio(ib.reqCurrentTimeAsync)()


def test_everything_that_clients_can_ask_is_told_again_after_a_restart(session: Any) -> None:
    told: list[Any] = []

    async def ask(paper: Any) -> Any:
        # a client that has heard nothing before
        ib = IB()
        await aio(ib.connectAsync)("127.0.0.1", paper.port, clientId=8, timeout=4)
        fills = await aio(ib.reqExecutionsAsync)(ibi.ExecutionFilter())
        opened = await aio(ib.reqAllOpenOrdersAsync)()
        done = await aio(ib.reqCompletedOrdersAsync)(False)
        positions = await aio(ib.reqPositionsAsync)()
        cash = [one for one in await aio(ib.accountSummaryAsync)() if one.tag in ("TotalCashValue", "NetLiquidation")]
        ib.disconnect()
        return (
            sorted(repr((f.execution, f.commissionReport.commission)) for f in fills),
            sorted((repr(t.order), t.orderStatus.status, t.orderStatus.filled) for t in opened),
            sorted((repr(t.order), t.orderStatus.status) for t in done),
            [(p.contract.symbol, p.position, p.avgCost) for p in positions],
            sorted((one.tag, one.value) for one in cash),
        )

    async def before(paper: Any, ib: IB) -> None:
        paper.tick("AAPL", bid=99.99, ask=100.01)
        bracket = ib.bracketOrder("BUY", 100, 100.5, 108.0, 97.0)
        for order in bracket:
            order.orderRef = f"ref-{order.orderId}"
            order.tif = "GTC"
            ib.placeOrder(AAPL, order)
        trail = ibi.Order(action="SELL", orderType="TRAIL", totalQuantity=5, auxPrice=2.0, tif="GTC", ocaGroup="g")
        partly = ibi.LimitOrder("BUY", 70, 50.0, tif="GTC", outsideRth=True)
        for order in (trail, partly):
            ib.placeOrder(AAPL, order)
        gone = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 3, 40.0))
        await settled(ib)
        ib.cancelOrder(gone.order)
        paper.faults.do({"verb": "fill", "perm_id": partly.permId, "quantity": 30, "price": "49.5"})
        paper.trade_by_hand("EUR", 20_000, 1.1)
        await settled(ib)
        told.append(await ask(paper))

    async def after(paper: Any, ib: IB) -> None:
        told.append(await ask(paper))
        first, again = told
        for one, other in zip(first[:4], again[:4], strict=True):
            assert one == other
        # the mark is the cost, as no market has been told yet
        assert dict(again[4])["TotalCashValue"] == dict(first[4])["TotalCashValue"]
        # ids go on, and the bracket's children still cancel each other
        highest = max(order.order_id for order in paper.book.orders)
        assert ib.client.getReqId() > highest
        paper.tick("AAPL", bid=108.5, ask=108.6)
        await settled(ib)
        assert paper.book.position("AAPL") == 30
        ended = {order.order_type: order.status for order in paper.book.orders if order.parent_id}
        assert ended == {"LMT": "Filled", "STP": "Cancelled"}
        trail = next(order for order in paper.book.working if order.order_type == "TRAIL")
        assert trail.trail_stop == D("106.50")
        ids = [order.perm_id for order in paper.book.orders]
        fresh = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 1, 10.0))
        await settled(ib)
        assert fresh.order.permId > max(ids)
        again_placed = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 1, 10.0, orderId=1))
        await settled(ib)
        assert again_placed.log[-1].errorCode in (103, 104)

    session(before)
    session(after)


def test_a_client_can_go_on_managing_its_order(session: Any) -> None:
    async def before(paper: Any, ib: IB) -> None:
        ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0, tif="GTC", orderRef="one"))
        await settled(ib)

    async def after(paper: Any, ib: IB) -> None:
        (trade,) = await aio(ib.reqOpenOrdersAsync)()
        trade.order.lmtPrice = 91.0
        ib.placeOrder(AAPL, trade.order)
        await settled(ib)
        assert paper.book.order("one").limit == 91
        ib.cancelOrder(trade.order)
        await settled(ib)
        assert paper.book.order("one").status == "Cancelled"

    session(before)
    session(after)


def test_what_a_restart_made_unknown_stays_so(session: Any) -> None:
    async def before(paper: Any, ib: IB) -> None:
        paper.tick("AAPL", bid=99.99, ask=100.01)
        ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
        ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0))
        await settled(ib)
        paper.faults.do({"verb": "restart", "next_id": 1, "keep": [], "executions": False})
        paper.trade_by_hand("AAPL", 1, 100)

    async def after(paper: Any, ib: IB) -> None:
        assert ib.client._reqIdSeq <= 3
        fills = await aio(ib.reqExecutionsAsync)(ibi.ExecutionFilter())
        assert [fill.execution.shares for fill in fills] == [1]
        assert not [one for one in await aio(ib.reqCompletedOrdersAsync)(False) if one.orderStatus.status != "Filled"]
        assert paper.book.position("AAPL") == 11
        trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0))
        await settled(ib)
        assert trade.orderStatus.status == "Submitted"

    session(before)
    session(after)


class Lives:
    """A broker in virtual time that is ended and begun again on the same book."""

    def __init__(self, path: Path, clock: MockClock) -> None:
        self.path = path
        self.clock = clock

    @asynccontextmanager
    async def life(self, at: datetime, **options: Any) -> Any:
        environment = virtual(at, seed=1)
        broker = PaperBroker(SimulatorSettings(feed="manual", **options), environment)
        if self.path.exists():
            resume_from(self.path, broker.venue, broker.tws, broker.contracts)
        book = BookFile(self.path, broker.venue, broker.tws)
        yield broker
        book.write()


@pytest.fixture
def lives(tmp_path: Path) -> Callable[..., None]:
    """Run `await scenario(lives)` in virtual time."""

    def run(scenario: Callable[[Lives], Awaitable[None]]) -> None:
        clock = MockClock(autojump_threshold=0)
        trio.run(lambda: scenario(Lives(tmp_path / "book.json", clock)), clock=clock)

    return run


def order(broker: PaperBroker, order_id: int, **terms: Any) -> Order:
    (apple,) = broker.contracts.find("AAPL", "STK")
    values = {"side": "BUY", "quantity": D(10), "order_type": "LMT", "limit": D("90.00"), **terms}
    placed = Order(order_id, 1, broker.venue.accounts[0], apple.contract, **values)
    broker.venue.place(placed)
    return placed


def tick(broker: PaperBroker, kind: int, price: float) -> None:
    (apple,) = broker.contracts.find("AAPL", "STK")
    broker.deliver([Ticked(apple.contract, kind, price, 1000, broker.environment.now())])


def test_a_day_order_is_over_on_the_next_day_and_the_profit_begins_anew(lives: Any) -> None:
    async def scenario(lives: Lives) -> None:
        async with lives.life(START, calendar="XNYS") as broker:
            tick(broker, 1, 99.99)
            tick(broker, 2, 100.01)
            order(broker, 1, order_type="MKT", limit=None)
            order(broker, 2)
            order(broker, 3, tif="GTC")
            order(broker, 4, tif="GTD", good_till="20261121 12:00:00 UTC")
            order(broker, 5, order_type="MKT", limit=None, side="SELL")
            assert broker.venue.pnl("DU1234567").realized < 0
        # by Monday
        async with lives.life(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), calendar="XNYS") as broker:
            assert {one.order_id: one.status for one in broker.venue.orders.values()} == {
                1: "Filled",
                2: "Cancelled",
                3: "Submitted",
                4: "Cancelled",
                5: "Filled",
            }
            assert broker.venue.pnl("DU1234567").realized == 0
            assert broker.venue.pnl("DU1234567").daily == 0

    lives(scenario)


def test_the_same_day_goes_on(lives: Any) -> None:
    async def scenario(lives: Lives) -> None:
        async with lives.life(START, calendar="XNYS") as broker:
            tick(broker, 1, 99.99)
            tick(broker, 2, 100.01)
            order(broker, 1, order_type="MKT", limit=None)
            order(broker, 2, order_type="MKT", limit=None, side="SELL")
            order(broker, 3, order_type="STP", limit=None, stop=D("105.00"), tif="GTC")
            order(broker, 4, tif="GTC", good_after="20261120 16:00:00 UTC", limit=D("200.00"))
            before = attrs.evolve(broker.venue.pnl("DU1234567"))
        async with lives.life(START.replace(hour=15, minute=30), calendar="XNYS") as broker:
            assert broker.venue.pnl("DU1234567") == before
            third, fourth = broker.venue.find(1, 3), broker.venue.find(1, 4)
            assert third is not None
            assert fourth is not None
            assert (third.status, fourth.status) == ("PreSubmitted", "PreSubmitted")
            tick(broker, 1, 105.99)
            tick(broker, 2, 106.01)
            assert (third.status, fourth.status) == ("Filled", "PreSubmitted")
            broker.venue.advance(START.replace(hour=16, minute=1))
            assert fourth.status == "Filled"

    lives(scenario)


def test_a_book_written_again_is_the_same(lives: Any) -> None:
    async def scenario(lives: Lives) -> None:
        async with lives.life(START) as broker:
            for number in range(1, 6):
                tick(broker, 1, 99.99 + number)
                tick(broker, 2, 100.01 + number)
                order(
                    broker,
                    number,
                    order_type="MKT",
                    limit=None,
                    quantity=D(number),
                    side="BUY" if number % 2 else "SELL",
                )
            broker.venue.correct(broker.venue.executions[1].exec_id, D(1), D("101.99"))
            order(broker, 6, tif="GTC", transmit=False)
            order(broker, 7, order_type="TRAIL", limit=None, stop=D("1.5"), side="SELL", tif="GTC")
        first = json.loads(lives.path.read_text())
        async with lives.life(START):
            pass
        again = json.loads(lives.path.read_text())
        assert {**again, "saved_at": ""} == {**first, "saved_at": ""}
        assert len(first["orders"]) == 7

    lives(scenario)


@pytest.fixture
def written(session: Any, tmp_path: Path) -> dict[str, Any]:
    """A book as a simulator has left it."""

    async def scenario(paper: Any, ib: IB) -> None:
        paper.tick("AAPL", bid=99.99, ask=100.01)
        ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
        ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0))
        await settled(ib)

    session(scenario)
    book: dict[str, Any] = json.loads((tmp_path / "book.json").read_text())
    return book


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["orders", 0, "quantity"], 10, "10, expected a number in quotes @ book.orders[0].quantity"),
        (["orders", 1, "perm_id"], "x", "'x', expected a whole number @ book.orders[1].perm_id"),
        (["orders", 1, "transmit"], 1, "1, expected true or false @ book.orders[1].transmit"),
        (["orders", 1, "course", "stage"], "lost", "'lost' is not a valid Stage @ book.orders[1].course.stage"),
        (["orders", 1, "con_id"], 4711, "con_id 4711, expected a contract that is known here"),
        (["orders", 1, "type"], "XXX", "type 'XXX', expected one of MKT, LMT"),
        (["orders", 1, "parent_perm_id"], 99, "parent_perm_id 99, expected an order before it"),
        (["orders", 0, "filled"], "9", "filled 9, expected 10 as its executions say"),
        (["executions", 0, "time"], "noon", "'noon', expected a time such as 2026-11-20T14:30:00+00:00 @ book.exec"),
        (["executions", 0, "quantity"], "NaN", "'NaN', expected a number in quotes @ book.executions[0].quantity"),
        (["executions", 0, "price"], None, "None, expected a number in quotes @ book.executions[0].price"),
        (["holdings", 0, "quantity"], "11", "quantity 11, expected 10 as the executions say"),
        (["money"], {"DU9": {"USD": "1"}}, "cash: is of account DU9; expected DU1234567"),
        (["form"], 1, "form 1, expected 2"),
        (["clients"], "x", "expected"),
        (["clients", "next_order_id"], "DELETE", "next_order_id is missing @ book.clients"),
        (["orders"], "DELETE", "orders is missing @ book"),
    ],
)
def test_a_book_of_another_form_is_refused_with_field_and_expectation(
    written: dict[str, Any], path: list[Any], value: Any, reason: str, tmp_path: Path, verb: Any
) -> None:
    place: Any = written
    for step in path[:-1]:
        place = place[step]
    if value == "DELETE":
        del place[path[-1]]
    else:
        place[path[-1]] = value
    file = tmp_path / "book.json"
    file.write_text(json.dumps(written))
    before = file.read_bytes()
    done = verb("simulator", "--port", "0", "--feed", "manual", "--book", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"pitboss: the book {file} cannot be resumed: ")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"orders": [', "\x00"])
def test_a_damaged_book_is_refused_and_left_as_it_is(text: str, tmp_path: Path, verb: Any) -> None:
    file = tmp_path / "book.json"
    file.write_text(text)
    done = verb("simulator", "--port", "0", "--feed", "manual", "--book", str(file))
    assert done.returncode == 2
    assert f"the book {file} " in done.stderr
    assert "remove it, or start afresh with --fresh" in done.stderr
    assert file.read_text() == text


# real processes


def listening(simulator: Any) -> int:
    match = re.fullmatch(r"paper TWS on 127\.0\.0\.1:(\d+)\n", simulator.line())
    assert match, simulator.errors
    return int(match[1])


def test_two_simulators_cannot_keep_one_book_and_a_fresh_one_can_be_begun(
    start: Any, pitboss: Any, tmp_path: Path
) -> None:
    file = tmp_path / "book.json"
    arguments = ("simulator", "--port", "0", "--feed", "manual", "--book", str(file))
    first = start(*arguments)
    listening(first)
    done = pitboss(*arguments)
    assert done.returncode == 1
    expected = f"the book {file} is kept by process {first.process.pid}; two simulators cannot share one"
    assert done.stderr == f"pitboss: {expected}\n"
    assert first.end(signal.SIGINT) == 0
    assert [one.name for one in tmp_path.iterdir() if "book" in one.name] == ["book.json"]
    file.write_text("damaged")
    afresh = start(*arguments, "--fresh")
    listening(afresh)
    assert json.loads(file.read_text())["orders"] == []
    assert afresh.end(signal.SIGTERM) == 0


@pytest.fixture
def client() -> Iterator[Callable[[int], IB]]:
    keep_plain_loops()
    clients = []

    def connect(port: int) -> IB:
        ib = IB()
        ib.connect("127.0.0.1", port, clientId=7, timeout=10)
        clients.append(ib)
        return ib

    yield connect
    for ib in clients:
        ib.disconnect()


def test_nothing_that_was_told_is_lost_when_the_process_is_killed_at_any_moment(
    start: Any, client: Any, tmp_path: Path
) -> None:
    file = tmp_path / "book.json"
    script = tmp_path / "faults.toml"
    # each order is filled at once, whatever the market
    script.write_text('[[fault]]\non = "placeOrder"\ndo = ["accept", { verb = "fill", price = 100 }]\n')
    arguments = ("--port", "0", "--feed", "manual", "--book", str(file), "--faults", str(script))
    told: dict[str, float] = {}
    for life in range(4):
        simulator = start("simulator", *arguments, "--messages-per-second", "0")
        ib = client(listening(simulator))
        known = {fill.execution.execId: fill.execution.shares for fill in ib.reqExecutions()}
        assert told.items() <= known.items()
        assert sum(one.position for one in ib.reqPositions()) == sum(known.values())
        heard: list[ibi.Fill] = []
        ib.execDetailsEvent += lambda trade, fill, heard=heard: heard.append(fill)
        for number in range(30):
            ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 1 + number % 3, 90.0))
        while len(heard) < 3 + 5 * life:
            ib.waitOnUpdate(2)
        os.kill(simulator.process.pid, signal.SIGKILL)
        with suppress(ConnectionError):
            ib.sleep(2)
        told |= {fill.execution.execId: fill.execution.shares for fill in heard}
        assert json.loads(file.read_text())["form"] == 2
    assert len(told) > 20
