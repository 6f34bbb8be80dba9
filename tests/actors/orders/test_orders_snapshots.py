"""Snapshots of the order book in a running process, which is killed again and again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest

from actors.orders import OrderActor
from domain.orders.book import FACTS, OrderBook
from messages.book import BookArchived, BookSnapshotEnded
from messages.gateway import BrokerExecution
from messages.journal import Record, Replay
from messages.order import Execution, ListOrders
from messages.position import ClosePosition
from messages.risk import FlattenAll
from storage.rows import seal

D = Decimal
FORGOTTEN = ("heard", "text", "epoch", "request_epoch", "missing", "stale", "at", "queued")


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot every ten records, and two done orders in memory."""
    monkeypatch.setattr("actors.orders.snapshots.EVERY", 10)
    monkeypatch.setattr("actors.orders.snapshots.KEPT_DONE", 2)


async def records(p: Any, *kinds: str) -> list[Record]:
    found: list[Record] = await p.ask("journal", Replay(kinds=kinds, whole=True))
    return found


def actor(p: Any) -> OrderActor:
    found = p.process.system.address("orders").actor
    assert isinstance(found, OrderActor)
    return found


async def from_the_beginning(p: Any) -> OrderBook:
    book = OrderBook(p.settings.broker.client_id)
    book.account = actor(p)._desk.book.account
    for record in await records(p, *FACTS):
        book.apply(record.payload, record.time)
    return book


async def agree_with_the_whole_journal(p: Any) -> None:
    """Assert that what is in memory is what the whole journal says."""
    whole, known = await from_the_beginning(p), actor(p)._desk.book
    for record in known.orders():
        other = whole.get(record.order_ref)
        assert other is not None
        for field in attrs.fields(type(record)):
            if field.name not in FORGOTTEN:
                assert getattr(record, field.name) == getattr(other, field.name), (field.name, record.order_ref)
    assert all(known.knows(record.order_ref) for record in whole.orders())
    assert {record.order_ref for record in known.live()} == {record.order_ref for record in whole.live()}
    assert known.executions.net() == whole.executions.net()
    assert known.ids.reserved == whole.ids.reserved
    for base in whole.executions.in_memory():
        execution = whole.executions.in_force(base)
        assert known.executions.book(execution) is None


async def rounds(p: Any, count: int) -> None:
    """Buy and sell, so often."""
    for number in range(count):
        await p.trade_at(100.0)
        await p.open()
        await p.settle(1)
        if number % 2:
            p.paper.venue.manual_trade("DU1234567", p.paper.contracts.find("MSFT", "STK")[0].contract, D(7), D(400))
        await p.ask("position/AAPL", ClosePosition("close"))
        await p.settle(2)


def test_killed_again_and_again_it_knows_what_the_whole_journal_says(plant: Callable[..., None], often: None) -> None:
    async def body(p: Any) -> None:
        for _ in range(4):
            await rounds(p, 2)
            await p.open()
            await agree_with_the_whole_journal(p)
            sent = len(p.paper.venue.orders)
            await p.kill()
            await p.start()
            await p.settle(5)
            await agree_with_the_whole_journal(p)
            assert len(p.paper.venue.orders) == sent, "nothing was sent anew"
            assert (await p.view()).protected
            await p.ask("position/AAPL", ClosePosition("close"))
            await p.settle(2)
        ends = await records(p, "BookSnapshotEnded")
        assert len(ends) > 5
        assert len(await records(p, "OrderIntended")) > 40
        assert len(list(actor(p)._desk.book.orders())) < 12, "what is done has left memory"
        await p.kill()
        await p.start()
        assert actor(p)._desk.recorded < 40, "only the facts since the last snapshot were replayed"
        assert await p.ask("orders", ListOrders()) == ()
        assert p.crashes() == []

    plant(body)


def test_a_fill_that_comes_again_after_its_order_left_memory_is_known(plant: Callable[..., None], often: None) -> None:
    async def body(p: Any) -> None:
        await rounds(p, 6)
        assert await records(p, "BookArchived")
        await p.kill()
        await p.start()
        booked = [record.payload.execution for record in await records(p, "ExecutionBooked")]
        for execution in booked:
            p.process.system.address("orders").tell(BrokerExecution(1, execution))
        await p.settle(1)
        assert len(await records(p, "ExecutionBooked")) == len(booked)
        first: Execution = booked[0]
        corrected = attrs.evolve(first, exec_id=f"{first.base}.02", quantity=D(90))
        p.process.system.address("orders").tell(BrokerExecution(1, corrected))
        await p.settle(1)
        (last,) = (await records(p, "ExecutionBooked"))[len(booked) :]
        assert last.payload.replaces == first.exec_id

    plant(body)


@pytest.mark.parametrize("damage", ["its end is of another version", "a part of it is missing"])
def test_a_snapshot_that_cannot_be_used_is_passed_over(plant: Callable[..., None], often: None, damage: str) -> None:
    async def body(p: Any) -> None:
        await rounds(p, 4)
        await p.kill()
        assert p.disk.header is not None
        fields = [(row.time, row.stream, row.kind, row.checkpoint, row.payload) for row in p.disk.rows]
        if damage.startswith("its end"):
            fields = [
                (*each[:4], each[4].replace('"version":1', '"version":99')) if each[2] == "BookSnapshotEnded" else each
                for each in fields
            ]
        else:
            fields = [each for each in fields if each[2] != "OrdersKept"]
        p.disk.rows = seal(fields, 0, p.disk.header.hash)
        p.disk.synced = len(p.disk.rows)
        await p.start()
        await agree_with_the_whole_journal(p)
        await rounds(p, 2)
        await p.kill()
        await p.start()
        await agree_with_the_whole_journal(p)

    plant(body)


def test_no_snapshot_is_written_into_the_reserve(plant: Callable[..., None], often: None) -> None:
    async def body(p: Any) -> None:
        await rounds(p, 2)

        def full(step: str) -> None:
            if step == "write":
                raise OSError(28, "No space left on device")

        await p.open()
        p.disk.before = full
        await p.ask("portfolio", FlattenAll("test"))
        await p.settle(5)
        assert p.held() == 0
        kinds = {row.kind for row in p.disk.reserve}
        assert "ExecutionBooked" in kinds
        assert not kinds & {BookArchived.__name__, BookSnapshotEnded.__name__, "OrdersKept", "BookSnapshotBegun"}
        p.disk.before = lambda step: None
        await p.kill()
        await p.start()
        await agree_with_the_whole_journal(p)

    plant(body)
