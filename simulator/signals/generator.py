"""Predictions from a seed: each ticker has one at every interval, now and in the past."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.signals.noise import PricePath
from simulator.signals.prediction import Prediction, spread

__all__ = ["PredictionGenerator", "PriceOf"]

PriceOf = Callable[[str], float | None]
"""ticker → its last price, None if not known"""

_WORDS = ("BUY", "SELL", "NEUTRAL")
_WEIGHTS = (35, 25, 40)
_LATENCY = 0.05  # from the data to the prediction, as a part of the interval; at most five seconds


class PredictionGenerator:
    """The k-th prediction of a ticker, counted from `origin`, depends on the seed, the ticker and k alone."""

    def __init__(self, seed: int, origin: datetime, interval: float, price_of: PriceOf | None = None) -> None:
        """`interval` in seconds. Prices come from `price_of`, or from a curve where it knows none."""
        self._seed = seed
        self._origin = origin
        self._interval = interval
        self._latency = min(interval * _LATENCY, 5.0)
        self._price_of = price_of
        self._paths: dict[str, PricePath] = {}

    def latest(self, ticker: str, now: datetime) -> Prediction:
        """Return the last one made by `now`."""
        return self._numbered(ticker, self._last(now), now)

    def between(self, ticker: str, start: datetime, end: datetime, now: datetime, limit: int) -> list[Prediction]:
        """Return those with data of `[start, end]` that were made by `now`, oldest first, the last `limit` of them."""
        last = min(self._last(now), int((end - self._origin).total_seconds() // self._interval))
        first = -int(-(start - self._origin).total_seconds() // self._interval)
        return [self._numbered(ticker, number, now) for number in range(max(first, last - limit + 1), last + 1)]

    def _last(self, now: datetime) -> int:
        return int(((now - self._origin).total_seconds() - self._latency) // self._interval)

    def _numbered(self, ticker: str, number: int, now: datetime) -> Prediction:
        drawn = random.Random(f"{self._seed}/{ticker}/{number}")
        signal = drawn.choices(_WORDS, _WEIGHTS)[0]
        confidence = round(drawn.uniform(0.5, 0.98), 4)
        timestamp = self._origin + timedelta(seconds=number * self._interval)
        short = round(drawn.gauss(0.0, 0.05) + {"BUY": 0.06, "SELL": -0.06}.get(signal, 0.0), 6)
        return Prediction(
            ticker=ticker,
            signal=signal,
            confidence=confidence,
            timestamp=timestamp,
            prediction_time=timestamp + timedelta(seconds=self._latency),
            stock_price=self._price(ticker, timestamp, now),
            probabilities=spread(signal, confidence),
            feature_values={
                "d_diff_short": short,
                "d_diff_long": round(short * 0.6 + drawn.gauss(0, 0.02), 6),
                "d_diff_derivative_short": round(drawn.gauss(0, 0.01), 6),
                "d_diff_derivative_long": round(drawn.gauss(0, 0.006), 6),
            },
        )

    def _price(self, ticker: str, timestamp: datetime, now: datetime) -> float:
        current = self._price_of(ticker) if self._price_of is not None else None
        if ticker not in self._paths:
            self._paths[ticker] = PricePath(ticker, self._seed)
        path = self._paths[ticker]
        price = path.at(timestamp.timestamp())
        # where the price of now is known, the past leads up to it
        if current is not None and current > 0:
            price *= current / path.at(now.timestamp())
        return round(price, 4)
