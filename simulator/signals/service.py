"""The predictions that a signal service has: generated, scripted, pushed."""

from __future__ import annotations

from bisect import insort
from collections import deque
from datetime import datetime, timedelta

from attrs import evolve

from config.environment import Environment
from simulator.signals.flow import OptionsFlow
from simulator.signals.generator import PredictionGenerator, PriceOf
from simulator.signals.prediction import Prediction
from simulator.signals.script import ScriptLine, read_script
from simulator.signals.settings import SignalSettings

__all__ = ["SignalService"]

KEPT = 10_000  # pushed predictions of a ticker


class SignalService:
    """What the API answers from; knows nothing of HTTP."""

    def __init__(self, settings: SignalSettings, environment: Environment, price_of: PriceOf | None = None) -> None:
        """`price_of` gives a ticker's last price. Raises ScriptError for a script that cannot be used."""
        self.settings = settings
        self.started = environment.now()
        self._environment = environment
        self._script: deque[ScriptLine] = deque(read_script(settings.script) if settings.script else ())
        self._pushed: dict[str, list[Prediction]] = {}
        self._generator = PredictionGenerator(settings.seed, self.started, settings.interval, price_of)
        self.flow = OptionsFlow(settings.seed, price_of, environment.now)
        scripted = (line.ticker for line in self._script)
        self.tickers = tuple(dict.fromkeys([*settings.tickers, *scripted]))

    def push(self, prediction: Prediction) -> None:
        """Make a prediction known from now on; a ticker not served yet is served too."""
        if prediction.ticker not in self.tickers:
            self.tickers += (prediction.ticker,)
        known = self._pushed.setdefault(prediction.ticker, [])
        insort(known, prediction, key=lambda one: one.prediction_time)
        del known[:-KEPT]

    def latest(self, ticker: str) -> Prediction | None:
        """Return the prediction made last, None if there is none yet."""
        self._play_script()
        candidates = self._pushed.get(ticker, [])[-1:]
        if self.settings.generated:
            candidates = [self._generator.latest(ticker, self._environment.now()), *candidates]
        # of two made at the same time the pushed one counts
        return max(reversed(candidates), key=lambda one: one.prediction_time, default=None)

    def between(self, ticker: str, start: datetime, end: datetime, limit: int) -> list[Prediction]:
        """Return the predictions with data of `[start, end]`, oldest first, the last `limit` of them."""
        self._play_script()
        found = [one for one in self._pushed.get(ticker, []) if start <= one.timestamp <= end]
        if self.settings.generated:
            found += self._generator.between(ticker, start, end, self._environment.now(), limit)
        found.sort(key=lambda one: one.prediction_time)
        return found[-limit:]

    def _play_script(self) -> None:
        elapsed = (self._environment.now() - self.started).total_seconds()
        while self._script and self._script[0].after <= elapsed:
            self.push(self._from_script(self._script.popleft()))

    def _from_script(self, line: ScriptLine) -> Prediction:
        at = self.started + timedelta(seconds=line.after)
        price = line.stock_price if line.stock_price is not None else self.flow.price(line.ticker, at)
        made = Prediction.now(line.ticker, line.signal, line.confidence, at, price)
        return evolve(made, id=line.id)
