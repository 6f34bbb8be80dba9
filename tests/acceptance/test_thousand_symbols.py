"""A thousand symbols in one process, a hundred market data lines."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.gateway.feeds import Fault
from config.settings import SymbolSettings
from messages.lifecycle import ActorCrashed
from messages.position import CommandAccepted

COUNT, LINES = 1_000, 100
SYMBOLS = tuple(f"S{number:04d}" for number in range(COUNT))


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """Definitions of the thousand."""
    path = tmp_path / "contracts.csv"
    rows = (f"{900_000 + number},{symbol},NYSE" for number, symbol in enumerate(SYMBOLS))
    path.write_text("con_id,symbol,primary_exchange\n" + "\n".join(rows) + "\n")
    return path


def test_a_thousand_symbols_share_a_hundred_lines_and_one_that_crashes_reaches_no_other(
    plant: Callable[..., None], contracts: Path
) -> None:
    async def body(p: Any) -> None:
        system = p.process.system
        board = p.paper.tws.board
        most = 0
        gateway = system.describe("gateway")
        for _ in range(600):
            await p.settle(1.0)
            most = max(most, board.subscriptions)
            gateway = system.describe("gateway")
            # a line is given at once, and asked of TWS when the rate allows
            if most >= LINES and gateway["lines_awaited"] == COUNT + 2 - LINES:
                break
        assert most == LINES
        assert (gateway["lines_used"], gateway["lines_awaited"]) == (LINES, COUNT + 2 - LINES)

        # one that has no line just now gets one for the decision, and keeps it while something is held
        def has_line(symbol: str) -> bool:
            return Fault.WAITING not in system.describe(f"position/{symbol}")["feed"]  # silent it may be

        waiting = next(symbol for symbol in reversed(SYMBOLS) if not has_line(symbol))
        answers = []

        async def buy() -> None:
            answers.append(await p.open(quantity=10, symbol=waiting))

        p._nursery.start_soon(buy)
        await p.settle(1.0)
        await p.trade_at(100.0, waiting)
        await p.settle(1.0)
        assert [type(answer) for answer in answers] == [CommandAccepted]
        view = await p.view(waiting)
        assert (view.quantity, view.protected) == (Decimal(10), True)
        for _ in range(10):
            await p.settle(15.0)
            assert has_line(waiting)
            assert board.subscriptions <= LINES

        before = {each.address: each.restarts for each in system.snapshot()}
        for symbol in SYMBOLS[:5]:
            for _ in range(5):
                system.address(f"position/{symbol}").tell(object())
                await p.settle(0.5)
        after = {each.address: each.restarts for each in system.snapshot()}
        assert {name for name in before if after[name] != before[name]} == {f"position/{name}" for name in SYMBOLS[:5]}
        assert set(await p.quarantined()) == {f"position/{name}" for name in SYMBOLS[:5]}
        assert {event.actor for event in p.seen(ActorCrashed)} == {f"position/{name}" for name in SYMBOLS[:5]}
        assert (await p.view(waiting)).protected

    plant(
        body,
        symbols={symbol: SymbolSettings() for symbol in SYMBOLS},
        simulator={"contracts": contracts},
        broker={"market_data_lines": LINES},
        quote_max_age_seconds=60.0,
    )
