"""The signal service of a storm: an HTTP transport that answers, lies, repeats itself, hangs or is down."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import trio
from attrs import evolve

from simulator.signals import Prediction

__all__ = ["Service"]


class Service(httpx.AsyncBaseTransport):
    """Answers `prediction/latest`; `how` is "" or what is wrong with it now."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.how = ""
        self.asked = 0
        self._now = now
        self._latest: dict[str, Prediction] = {}
        self._before: dict[str, Prediction] = {}

    def predict(self, symbol: str, word: str, confidence: float, price: float) -> None:
        """Have it predict from now on."""
        if symbol in self._latest:
            self._before[symbol] = self._latest[symbol]
        self._latest[symbol] = Prediction.now(symbol, word, confidence, self._now(), price)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, as it pleases."""
        self.asked += 1
        await trio.sleep(0.02)
        symbol = request.url.params.get("ticker", "")
        found = self._latest.get(symbol)
        match self.how:
            case "down":
                raise httpx.ConnectError("connection refused", request=request)
            case "hang":
                await trio.sleep(29.0)
                raise httpx.ReadTimeout("timed out", request=request)
            case "garbage":
                return httpx.Response(200, text='{"status": "success", "data": {"ticker": 7, "confid')
            case "limit":
                return httpx.Response(429, headers={"Retry-After": "7"}, json={"message": "too many"})
            case "stale" if found is not None:
                found = evolve(found, prediction_time=found.prediction_time - timedelta(hours=1))
            case "repeat":
                found = self._before.get(symbol, found)
        if found is None:
            return httpx.Response(404, json={"message": "no prediction"})
        body = {"status": "success", "data": {"ticker": symbol, "prediction": found.body()}}
        return httpx.Response(200, text=json.dumps(body))
