"""A process that places orders and reads what becomes of them: `python -m benchmarks.paper.orders PORT ORDERS KIND`.

KIND is `accepted` (limits far from the market, until each is told Submitted) or `filled` (market orders, until each has
its commission). All orders are sent in one piece, as the real client writes them. Says how many seconds that took.
"""

from __future__ import annotations

import sys
import threading
import time
from itertools import islice

import trio
from ib_insync import LimitOrder, MarketOrder, Order, Stock

from benchmarks.paper.link import connect, kinds, order_frames
from benchmarks.paper.serving import SYMBOLS
from config.environment import machine
from simulator.app import Serving, SimulatorSettings, serve
from simulator.contract_files import built_in
from simulator.feeds import ManualFeed
from simulator.model import Ticked

__all__ = ["KINDS", "placed"]

KINDS = {"accepted": b"3", "filled": b"59"}
"""what is measured → the message of which each order has one: orderStatus, commissionReport"""
DEEP = 10_000_000  # shares shown, so that no order waits for more


def main(port: int, orders: int, kind: str) -> None:
    """Place, read, say how long it took."""
    link = connect(port, 1)
    wanted = KINDS[kind]
    every: list[Order] = [MarketOrder("BUY", 1) if kind == "filled" else LimitOrder("BUY", 1, 1.0)] * orders
    data = order_frames([Stock(symbol, "SMART", "USD") for symbol in SYMBOLS], every)
    told = (message for message in kinds(link) if message == wanted)
    start = time.perf_counter()
    sender = threading.Thread(target=link.sendall, args=(data,))  # so that neither side waits for the other to read
    sender.start()
    for _ in islice(told, orders):
        pass
    print(time.perf_counter() - start, flush=True)
    sender.join()


def placed(orders: int, kind: str) -> float:
    """Return the seconds until so many orders of one client are accepted, or filled."""

    async def serve_it() -> float:
        settings = SimulatorSettings(port=0, feed="manual", messages_per_second=0, output_bytes=1 << 31)
        async with trio.open_nursery() as nursery:
            serving: Serving = await nursery.start(serve, settings, machine(seed=1))
            feed = serving.broker.feed
            assert isinstance(feed, ManualFeed)
            feed.push(_quotes())
            command = [sys.executable, "-m", "benchmarks.paper.orders", str(serving.port), str(orders), kind]
            done = await trio.run_process(command, capture_stdout=True)
            nursery.cancel_scope.cancel()
        return float(done.stdout)

    return trio.run(serve_it)


def _quotes() -> list[Ticked]:
    book, now = built_in(), machine(seed=1).now()
    contracts = [book.find(symbol, "STK")[0].contract for symbol in SYMBOLS]
    return [
        Ticked(contract, kind, price, DEEP, now) for contract in contracts for kind, price in ((1, 99.9), (2, 100.0))
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
