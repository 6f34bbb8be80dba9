"""The same seed gives the same conversation, byte for byte, through the real client in virtual time."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import ib_insync as ibi
import pytest
import trio
import trio._core._run as trio_run
from trio_asyncio import aio_as_trio as aio

from simulator.faults import RandomFaults


@pytest.fixture
def scheduled_in_order() -> Any:
    """trio shuffles tasks that are ready together; from a seed it shuffles them the same way each time."""
    before = trio_run._ALLOW_DETERMINISTIC_SCHEDULING
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True
    yield lambda: trio_run._r.seed(1)
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = before


def conversation(in_memory: Any, seed: int) -> tuple[int, str]:
    digest = hashlib.sha256()
    length = 0

    def note(data: bytes) -> None:
        nonlocal length
        length += len(data)
        digest.update(data)

    async def scenario(paper: Any) -> None:
        paper.broker.faults.throw(RandomFaults(messages=("orderStatus", "position"), drop=0.2, delay=0.2, seed=seed))
        dice = random.Random(seed)
        async with paper.client(1) as ib, paper.client(2) as other:
            ib.client.conn.hasData += note
            other.client.conn.hasData += note
            stocks = [ibi.Stock(symbol, "SMART", "USD") for symbol in ("AAPL", "MSFT", "NVDA")]
            await aio(ib.qualifyContractsAsync)(*stocks)
            for stock in stocks:
                ib.reqMktData(stock)
            for _ in range(40):
                await trio.sleep(dice.random() * 3)
                side = dice.choice(("BUY", "SELL"))
                client = dice.choice((ib, other))
                client.placeOrder(dice.choice(stocks), ibi.MarketOrder(side, dice.randrange(1, 50)))

    in_memory(scenario, feed="synthetic:AAPL,MSFT,NVDA@20", seed=seed)
    return length, digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(in_memory: Any, scheduled_in_order: Any) -> None:
    runs = []
    for seed in (5, 5, 6):
        scheduled_in_order()
        runs.append(conversation(in_memory, seed))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert runs[0][0] > 50_000
