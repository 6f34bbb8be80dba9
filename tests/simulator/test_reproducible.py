"""The same seed gives the same conversation, byte for byte, through the real client in virtual time."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import ib_insync as ibi
import trio
from trio_asyncio import aio_as_trio as aio

from config.determinism import scheduled_from
from simulator.faults import RandomFaults

SCRIPT = Path(__file__).with_name("transcript_of_a_day.py")


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


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(in_memory: Any) -> None:
    runs = []
    for seed in (5, 5, 6):
        with scheduled_from(1):
            runs.append(conversation(in_memory, seed))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert runs[0][0] > 50_000


def test_processes_with_other_hashes_have_the_same_conversation() -> None:
    def said(hash_seed: int, seed: int) -> list[str]:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(seed)],
            cwd=SCRIPT.parents[2],
            env=os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(SCRIPT.parents[2])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.split()

    first, again, other = said(1, 7), said(2, 7), said(1, 8)
    assert first == again
    assert first[-1] != other[-1]
    messages, fills = int(first[0]), int(first[1])
    assert messages > 5_000
    assert fills > 20
