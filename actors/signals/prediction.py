"""From a response of the Options Flow Monitor to a prediction, or to the reason why it is none. Pure."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from messages.signal import PredictionSignal, PredictionSignalEvent

__all__ = ["MalformedPredictionError", "parse_prediction"]


class MalformedPredictionError(ValueError):
    """The body is no prediction; the message names the field, its value and what was expected."""


def parse_prediction(data: Any, symbol: str, received: datetime) -> PredictionSignalEvent:
    """Return the prediction in the `data` of a `prediction/latest` answer for `symbol`.

    Unknown fields are ignored, an `id` is taken where there is one. Raises MalformedPredictionError.
    """
    prediction = _mapping(_mapping(data, "data").get("prediction"), "prediction")
    ticker = prediction.get("ticker", symbol)
    if ticker != symbol:
        raise MalformedPredictionError(f"ticker: {ticker!r}, expected {symbol!r}")
    word = prediction.get("signal")
    try:
        signal = PredictionSignal(str(word))
    except ValueError:
        expected = ", ".join(PredictionSignal)
        raise MalformedPredictionError(f"signal: {word!r}, expected one of {expected}") from None
    timestamp = prediction.get("timestamp")
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or timestamp <= 0:
        raise MalformedPredictionError(f"timestamp: {timestamp!r}, expected milliseconds since 1970")
    given_id = prediction.get("id")
    return PredictionSignalEvent(
        signal_id=f"{symbol}:{given_id}" if given_id is not None else f"{symbol}:{timestamp}:{signal}",
        symbol=symbol,
        signal=signal,
        confidence=_confidence(prediction.get("confidence")),
        timestamp=timestamp,
        prediction_time=_time(prediction.get("prediction_time")),
        received=received,
        numeric=prediction["numeric"] if prediction.get("numeric") in (-1, 0, 1) else None,
        stock_price=_number(prediction.get("stock_price")),
        probabilities=tuple(float(item) for item in prediction.get("probabilities") or () if _number(item) is not None),
    )


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedPredictionError(f"{name}: {value!r}, expected an object")
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _confidence(value: Any) -> float:
    number = _number(value)
    if number is None or not 0 <= number <= 1:
        raise MalformedPredictionError(f"confidence: {value!r}, expected a number from 0 to 1")
    return number


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise MalformedPredictionError(f"prediction_time: {value!r}, expected an ISO 8601 time") from None
    if time.tzinfo is None:
        raise MalformedPredictionError(f"prediction_time: {value!r} has no time zone")
    return time
