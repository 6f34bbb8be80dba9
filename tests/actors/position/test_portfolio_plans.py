"""What the portfolio counts of the journal at a start, from its last count on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from actors.portfolio.plans import Plans
from messages.journal import Replay
from messages.position import ClosePosition, PositionClosed
from messages.risk import DescribePortfolio


async def count(p: Any) -> Plans:
    return await Plans.counted(p.process.system.address("journal"), lambda moment: moment.date().isoformat())


def test_a_count_that_was_journaled_and_the_rest_is_the_count_of_everything(
    plant: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.portfolio.plans.EVERY", 4)

    async def body(p: Any) -> None:
        for number in range(9):
            symbol = ("AAPL", "MSFT")[number % 2]
            await p.trade_at(100.0 + number, symbol)
            await p.open(symbol=symbol)
            await p.trade_at(101.0 + number, symbol)
            await p.ask(f"position/{symbol}", ClosePosition("close"))
            await p.settle(3)
        await p.open()
        counts = [record.payload for record in await p.ask("journal", Replay(kinds=("PlansCounted",)))]
        assert len(counts) > 1
        counted = await count(p)
        closed = [record.payload for record in await p.ask("journal", Replay(kinds=("PositionClosed",)))]
        assert all(isinstance(each, PositionClosed) for each in closed)
        assert counted.symbols == {"AAPL"}
        assert counted.realized == sum((each.realized_pnl for each in closed), Decimal(0)) != 0
        assert counted.commission == sum((each.commission for each in closed), Decimal(0))
        before = await p.ask("portfolio", DescribePortfolio())
        await p.kill()
        await p.start()
        await p.trade_at(109.0)
        after = await p.ask("portfolio", DescribePortfolio())
        assert after.realized_pnl == before.realized_pnl
        assert p.crashes() == []

    plant(body)
