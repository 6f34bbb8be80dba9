"""A day of trading in virtual time: the paper TWS and the real client in one thread, linked in memory."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import trio
import trio_asyncio
from attrs import define
from ib_insync import MarketOrder, Stock
from trio.testing import MockClock

from actors.ib.client import WireClient
from actors.ib.memory import MemoryConnection
from config.determinism import scheduled_from
from config.environment import virtual
from simulator.app import PaperBroker, SimulatorSettings
from simulator.memory import MemoryLink

__all__ = ["Day", "run_day"]

HOURS = 8
SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMD", "TSLA", "AMZN", "META", "NFLX", "GOOGL", "SPY")
TICKS_A_SECOND = 5  # of each symbol
ORDERS = 200
START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@define(slots=True)
class Day:
    """What happened in it."""

    simulated: float  # seconds
    real: float  # seconds
    cpu: float  # seconds of this process: what `real` would be on a machine with nothing else to do
    ticks: int
    filled: int


class Counter:
    """ib_insync's wrapper, reduced to counting: the client decodes each message and calls it."""

    def __init__(self) -> None:
        self.ticks = 0
        self.filled = 0

    def __getattr__(self, name: str) -> Any:
        return _ignore

    def take_price(self, fields: list[bytes]) -> bool:
        """Leave it to the library's decoder."""
        return False

    take_size = take_string = take_time = take_repeated = take_price

    def priceSizeTick(self, req_id: int, tick_type: int, price: float, size: float) -> None:
        self.ticks += 1

    def tickSize(self, req_id: int, tick_type: int, size: float) -> None:
        self.ticks += 1

    def execDetails(self, req_id: int, contract: Any, execution: Any) -> None:
        self.filled += 1

    def undecodable(self, kind: str, fields: list[str], error: Exception) -> None:
        raise error


def _ignore(*_values: Any) -> None:
    pass


def run_day(hours: float = HOURS, orders: int = ORDERS, seed: int = 1) -> Day:
    """Trade `hours` of ten symbols, and return what that took."""

    async def main() -> Day:
        settings = SimulatorSettings(feed=f"synthetic:{','.join(SYMBOLS)}@{TICKS_A_SECOND}", seed=seed)
        async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
            broker = PaperBroker(settings, virtual(START, seed))

            def dial(on_data: Any, on_lost: Any) -> MemoryLink:
                link = MemoryLink(broker.tws, on_data, on_lost)
                nursery.start_soon(link.run)
                return link

            nursery.start_soon(broker.run)
            counter = Counter()
            client = WireClient(counter, MemoryConnection(dial))
            began = trio.current_time()
            start, start_cpu = time.perf_counter(), time.process_time()
            await trio_asyncio.aio_as_trio(client.connectAsync)("memory", 0, 1)
            stocks = [Stock(symbol, "SMART", "USD") for symbol in SYMBOLS]
            for number, stock in enumerate(stocks):
                client.reqMktData(number + 1, stock, "", False, False, [])
            client.reqAccountUpdates(True, "")
            client.reqPnL(100, "DU1234567", "")
            pause = hours * 3600 / (orders + 1)
            for number in range(orders):
                await trio.sleep(pause)
                order = MarketOrder("BUY" if number // len(SYMBOLS) % 2 == 0 else "SELL", 100)
                client.placeOrder(client.getReqId(), stocks[number % len(SYMBOLS)], order)
            await trio.sleep(pause)
            client.disconnect()
            simulated = trio.current_time() - began
            nursery.cancel_scope.cancel()
        spent, spent_cpu = time.perf_counter() - start, time.process_time() - start_cpu
        return Day(simulated, spent, spent_cpu, counter.ticks, counter.filled)

    with scheduled_from(seed):
        return trio.run(main, clock=MockClock(autojump_threshold=0))
