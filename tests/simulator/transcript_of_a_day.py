"""One conversation of two clients with the paper TWS, in virtual time: `python transcript_of_a_day.py SEED`.

Prints how many messages came, how many fills were among them, and the hash of every byte in both directions with its
time. Run as a process of its own by test_reproducible.py, so that nothing is shared between two runs.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import trio
import trio_asyncio
from ib_insync import LimitOrder, MarketOrder, Order, Stock
from trio.testing import MockClock

from actors.ib.client import WireClient
from actors.ib.memory import MemoryConnection
from config.determinism import scheduled_from
from config.environment import virtual
from simulator.app import PaperBroker, SimulatorSettings
from simulator.faults import RandomFaults
from simulator.memory import MemoryLink

SYMBOLS = ("AAPL", "MSFT", "NVDA", "SPY")


class Transcript:
    """Every byte with the time and the link on which it went."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.messages = 0
        self.fills = 0

    def note(self, link: int, way: str, data: bytes) -> None:
        self.digest.update(f"{link} {way} {trio.current_time()!r} ".encode())
        self.digest.update(data)


class CountingWrapper:
    """Takes each call of the decoder; counts."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    def __getattr__(self, name: str) -> Callable[..., None]:
        def count(*_values: Any) -> None:
            self._transcript.messages += 1

        return count

    def take_price(self, fields: list[bytes]) -> bool:
        return False

    take_size = take_string = take_time = take_repeated = take_price

    def tcpDataProcessed(self) -> None:
        pass

    def execDetails(self, *_values: Any) -> None:
        self._transcript.fills += 1

    def undecodable(self, kind: str, fields: list[str], error: Exception) -> None:
        raise error


async def converse(transcript: Transcript, seed: int) -> None:
    dice = random.Random(seed)
    feed = f"synthetic:{','.join(SYMBOLS)}@20"
    settings = SimulatorSettings(feed=feed, seed=seed, messages_per_second=0)
    async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
        broker = PaperBroker(settings, virtual(datetime(2026, 11, 23, 14, 30, tzinfo=UTC), seed))
        broker.faults.throw(RandomFaults(messages=("orderStatus", "position"), drop=0.1, delay=0.2, seed=seed))
        nursery.start_soon(broker.run)

        async def connected(number: int) -> WireClient:
            def dial(on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
                def arrive(data: bytes) -> None:
                    transcript.note(number, "<", data)
                    on_data(data)

                link = MemoryLink(broker.tws, arrive, on_lost)
                send = link.send

                def noted(data: bytes) -> None:
                    transcript.note(number, ">", data)
                    send(data)

                link.send = noted  # type: ignore[method-assign]
                nursery.start_soon(link.run)
                return link

            client = WireClient(CountingWrapper(transcript), MemoryConnection(dial))
            await trio_asyncio.aio_as_trio(client.connectAsync)("memory", 0, number)
            return client

        stocks = [Stock(symbol, "SMART", "USD") for symbol in SYMBOLS]

        async def trade(number: int) -> None:
            client = await connected(number)
            client.reqAccountUpdates(True, "")
            client.reqPositions()
            client.reqPnL(900, "DU1234567", "")
            for req_id, stock in enumerate(stocks, 1):
                client.reqMktData(req_id, stock, "233", False, False, [])
            client.reqTickByTickData(100, stocks[0], "BidAsk", 0, False)
            client.reqRealTimeBars(101, stocks[1], 5, "TRADES", False, [])
            client.reqHistoricalData(102, stocks[2], "", "3600 S", "1 min", "TRADES", False, 1, True, [])
            order_id = number * 1000
            for _ in range(25):
                await trio.sleep(dice.randrange(1, 20) / 4)  # both clients often act at the same instant
                order_id += 1
                side = dice.choice(("BUY", "SELL"))
                order: Order = MarketOrder(side, dice.randrange(1, 50))
                if dice.random() < 0.3:
                    order = LimitOrder(side, 10, 100.0)
                client.placeOrder(order_id, dice.choice(stocks), order)
                if dice.random() < 0.2:
                    client.cancelOrder(order_id)
            client.reqGlobalCancel()
            await trio.sleep(1)
            client.disconnect()

        async with trio.open_nursery() as traders:
            for number in (1, 2):
                traders.start_soon(trade, number)
        nursery.cancel_scope.cancel()


def main(seed: int) -> None:
    transcript = Transcript()
    with scheduled_from(seed):
        trio.run(converse, transcript, seed, clock=MockClock(autojump_threshold=0))
    print(transcript.messages, transcript.fills, transcript.digest.hexdigest())


if __name__ == "__main__":
    main(int(sys.argv[1]))
