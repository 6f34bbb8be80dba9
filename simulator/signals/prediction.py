"""A prediction in the shape of the Options Flow Monitor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import field, frozen

__all__ = ["SIGNALS", "Prediction"]

SIGNALS = {"BUY": 1, "SELL": -1, "SHORT": -1, "NEUTRAL": 0, "HOLD": 0}
"""signal word → numeric"""


@frozen(slots=True, kw_only=True)
class Prediction:
    """What the model said about a ticker. `timestamp` is the time of the data, `prediction_time` when it was made."""

    ticker: str
    signal: str
    confidence: float
    timestamp: datetime
    prediction_time: datetime
    stock_price: float
    probabilities: tuple[float, ...] = ()
    feature_values: Mapping[str, float] = field(factory=dict)
    id: str | None = None

    def body(self) -> dict[str, Any]:
        """Return it as the API writes it. An id is written only where there is one."""
        data = self.timestamp.isoformat(timespec="milliseconds")
        written = {
            "ticker": self.ticker,
            "signal": self.signal,
            "numeric": SIGNALS.get(self.signal, 0),
            "confidence": self.confidence,
            "probabilities": list(self.probabilities),
            "timestamp": round(self.timestamp.timestamp() * 1000),
            "datetime": data,
            "datetime_of_data": data,
            "stock_price": self.stock_price,
            "feature_values": dict(self.feature_values),
            "prediction_time": self.prediction_time.astimezone(UTC).isoformat(timespec="milliseconds"),
        }
        return written if self.id is None else {**written, "id": self.id}

    @classmethod
    def now(cls, ticker: str, signal: str, confidence: float, at: datetime, stock_price: float) -> Prediction:
        """Make one at the time `at`, on data of a second before, with probabilities that fit."""
        return cls(
            ticker=ticker,
            signal=signal,
            confidence=confidence,
            timestamp=at - timedelta(seconds=1),
            prediction_time=at,
            stock_price=stock_price,
            probabilities=spread(signal, confidence),
        )


def spread(signal: str, confidence: float) -> tuple[float, ...]:
    """Return three probabilities, falling, flat, rising, of which the signal's own is `confidence`.

    What remains is shared two to one in favour of flat, or equally where flat is the signal. A confidence that is no
    number, which a test may want to send, has no probabilities.
    """
    if not math.isfinite(confidence):
        return ()
    rest = 1 - confidence
    match SIGNALS.get(signal, 0):
        case 1:
            parts = (rest / 3, rest * 2 / 3, confidence)
        case -1:
            parts = (confidence, rest * 2 / 3, rest / 3)
        case _:
            parts = (rest / 2, confidence, rest / 2)
    return tuple(round(part, 4) for part in parts)
