"""A signal source of one's own, put through storms: `pytest examples/test_storm_source.py --pitboss-seeds 50`.

`ModelSource` polls the HTTP API of a model. In a storm its client gets the storm's own service, which also answers
late, with rubbish, or with what it said before; the source crashes now and then, and so does everything around it.
Every prediction must act at most once.
"""

from __future__ import annotations

from collections import Counter

import httpx
import pytest
import trio

from actors.signals.prediction import MalformedPredictionError, parse_prediction
from actors.signals.source import SourceActor
from messages.gateway import AskTradingAllowed
from messages.signal import PredictionSignalEvent


class ModelSource(SourceActor):
    """Asks for each symbol every five seconds."""

    def __init__(self, context, *, symbols, intake, bus, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(context, intake=intake, bus=bus)
        self._symbols = symbols
        self._http = httpx.AsyncClient(base_url="http://model/api/v1/", transport=transport, timeout=10.0)

    async def prepare(self) -> None:
        await super().prepare()
        self.spawn(self._poll)

    def on_receive(self, message):
        match message:
            case PredictionSignalEvent():
                self.take(message)
            case _:
                return super().on_receive(message)
        return None

    async def _poll(self) -> None:
        while True:
            # a prediction is taken once; one that comes while nothing may be traded would be lost
            if (await self.system.address("orders").ask(AskTradingAllowed())).allowed:
                for symbol in sorted(self._symbols):
                    await self._ask(symbol)
            await trio.sleep(5.0)

    async def _ask(self, symbol: str) -> None:
        try:
            answer = await self._http.get("prediction/latest", params={"ticker": symbol})
            answer.raise_for_status()
            self.tell_self(parse_prediction(answer.json()["data"], symbol, self.environment.now()))
        except (httpx.HTTPError, ValueError, KeyError, MalformedPredictionError):
            return  # it is asked again in five seconds


class EachOnce:
    """A prediction is taken once, however often it is heard, by the journal; and opens at most one position."""

    def __call__(self, look) -> None:
        taken = Counter(record["event"]["signal_id"] for kind, record in look.journal if kind == "SignalReceived")
        acted = Counter(record["signal_id"] for kind, record in look.journal if kind == "PositionPlanned")
        for signal_id, times in taken.items():
            assert times == 1, f"{signal_id} was taken {times} times"
            assert acted[signal_id] <= 1, f"{signal_id} opened {acted[signal_id]} positions"


SETTINGS = {
    "signals": {"base_url": ""},  # only the source under test
    "symbols": {"AAPL": {"quantity": 10}, "MSFT": {"quantity": 5}},
    "rules": [
        {
            "id": "up",
            "event": "PredictionSignalEvent",
            "when": {"signal": "BUY", "confidence": ">= 0.8"},
            "do": "create_position",
            "side": "BUY",
            "stop_loss_pct": 0.02,
        }
    ],
}


@pytest.mark.storm(seeds=5, predictions=(10, 25))
def test_each_prediction_acts_once(storm) -> None:
    def sources(service: httpx.AsyncBaseTransport):
        def model(context, **parts):
            return ModelSource(context, transport=service, **parts)

        return {"model": model}

    storm(SETTINGS, sources=sources, checks=[EachOnce])
