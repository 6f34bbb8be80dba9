"""What one writes with ib_insync and httpx in an afternoon: poll the signal service, send a bracket for a new BUY.

`python -m benchmarks.live.plain_signals PORT SYMBOL BASE_URL`. No journal, no reconnect, no supervision, no limits, no
check of what is held.
"""

from __future__ import annotations

import asyncio
import sys

import httpx
from ib_insync import IB, LimitOrder, MarketOrder, Stock, StopOrder

STOP, TARGET = 0.03, 0.08
POLL_SECONDS = 0.05


async def main(port: int, symbol: str, base_url: str) -> None:
    """Trade until the connection ends."""
    ib = IB()
    await ib.connectAsync("127.0.0.1", port, clientId=3)
    contract = Stock(symbol, "SMART", "USD")
    await ib.qualifyContractsAsync(contract)
    ticker = ib.reqMktData(contract)
    seen: set[int] = set()
    async with httpx.AsyncClient(base_url=base_url + "/") as client:
        while ib.isConnected():
            response = await client.get("prediction/latest", params={"ticker": symbol})
            if response.status_code == 200:
                prediction = response.json()["data"]["prediction"]
                new = prediction["timestamp"] not in seen
                seen.add(prediction["timestamp"])
                if new and prediction["signal"] == "BUY" and prediction["confidence"] >= 0.75:
                    enter(ib, contract, ticker.last)
            await asyncio.sleep(POLL_SECONDS)


def enter(ib: IB, contract: Stock, price: float) -> None:
    """Buy 100 with a target and a stop."""
    entry = MarketOrder("BUY", 100, orderId=ib.client.getReqId(), transmit=False)
    target = LimitOrder("SELL", 100, round(price * (1 + TARGET), 2), orderId=ib.client.getReqId(), transmit=False)
    stop = StopOrder("SELL", 100, round(price * (1 - STOP), 2), orderId=ib.client.getReqId(), transmit=True)
    target.parentId = stop.parentId = entry.orderId
    for order in (entry, target, stop):
        ib.placeOrder(contract, order)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
