"""What waits in the journal's mailbox while the journal crashes is written, when its sender is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pykka
import pytest

from messages.journal import Append
from messages.order import ListOrders, OrderIntended, OrderStatus
from messages.position import CommandAccepted
from messages.risk import BreakerMoved, DescribePortfolio, FlattenAll, Rearm, TradingState


def crash_before(p: Any, kind: type) -> None:
    """Let the journal crash, with the next record of this kind behind what it crashes over."""
    address = p.process.system.address("journal")
    handle = address.reader.on_receive

    def dying(message: Any) -> Any:
        if isinstance(message, Append) and any(isinstance(entry.payload, kind) for entry in message.entries):
            address.reader.on_receive = handle
            address.tell(message)
            raise ValueError("crashes")
        return handle(message)

    address.reader.on_receive = dying


def written(p: Any, kind: type) -> int:
    return sum(row.kind == kind.__name__ for row in p.disk.rows)


def test_an_intent_is_resolved_as_never_sent(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.settle(2.0)
        crash_before(p, OrderIntended)
        with pytest.raises(pykka.ActorDeadError):
            await p.open()
        await p.settle(30.0)
        assert p.crashes() == ["ValueError: crashes"]
        assert written(p, OrderIntended) == 3
        assert list(p.paper.venue.orders) == []
        assert {one.status for one in await p.ask("orders", ListOrders(done=True))} == {OrderStatus.NOT_SENT}
        assert p.process.state.state == "READY"
        await p.trade_at(100.0)
        assert isinstance(await p.open(), CommandAccepted)
        await p.settle(2.0)
        assert (p.held(), (await p.view()).protected) == (100, True)
        await p.agree()

    plant(body)


def test_a_rearm_stands(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.ask("portfolio", FlattenAll("now"))
        await p.settle(5.0)
        crash_before(p, BreakerMoved)
        with pytest.raises(pykka.ActorDeadError):
            await p.ask("portfolio", Rearm("looked", "operator"))
        await p.settle(30.0)
        assert p.crashes() == ["ValueError: crashes"]
        assert (await p.ask("portfolio", DescribePortfolio())).state is TradingState.ACTIVE
        assert p.process.state.state == "READY"

    plant(body)
