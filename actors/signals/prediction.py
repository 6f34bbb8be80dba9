"""From what a source says to a prediction, or to the field because of which it is none. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from messages.signal import PredictionSignal, PredictionSignalEvent

__all__ = ["MalformedPredictionError", "parse_prediction", "read_prediction"]


class MalformedPredictionError(ValueError):
    """The body is no prediction; the message names the field, its value and what was expected."""

    def __init__(self, field: str, text: str) -> None:
        """`text` goes on after the field's name."""
        super().__init__(f"{field}: {text}")
        self.field = field


def parse_prediction(data: Any, symbol: str, received: datetime) -> PredictionSignalEvent:
    """Return the prediction in the `data` of a `prediction/latest` answer for `symbol`.

    Unknown fields are ignored, an `id` is taken where there is one. Raises MalformedPredictionError.
    """
    prediction = _mapping(_mapping(data, "data").get("prediction"), "prediction")
    ticker = prediction.get("ticker", symbol)
    if ticker != symbol:
        raise MalformedPredictionError("ticker", f"{ticker!r}, expected {symbol!r}")
    return _prediction(prediction, symbol, received, "options-flow", _time(prediction.get("prediction_time")))


def read_prediction(data: Any, received: datetime, source: str) -> PredictionSignalEvent:
    """Return a prediction that stands by itself, as a line of a file or the body of a request.

    As the service writes it: `ticker`, `signal`, `confidence` and `timestamp` (milliseconds since 1970) are needed;
    without `prediction_time` it was made at `timestamp`. Raises MalformedPredictionError.
    """
    prediction = _mapping(data, "prediction")
    ticker = prediction.get("ticker")
    if not isinstance(ticker, str) or not ticker:
        raise MalformedPredictionError("ticker", f"{ticker!r}, expected a symbol")
    written = prediction.get("prediction_time")
    made = datetime.fromtimestamp(_timestamp(prediction) / 1000, UTC) if written is None else _time(written)
    return _prediction(prediction, ticker, received, source, made)


def _prediction(
    prediction: dict[str, Any], symbol: str, received: datetime, source: str, made: datetime
) -> PredictionSignalEvent:
    word = prediction.get("signal")
    try:
        signal = PredictionSignal(str(word))
    except ValueError:
        expected = ", ".join(PredictionSignal)
        raise MalformedPredictionError("signal", f"{word!r}, expected one of {expected}") from None
    timestamp = _timestamp(prediction)
    given_id = prediction.get("id")
    return PredictionSignalEvent(
        signal_id=f"{symbol}:{given_id}" if given_id is not None else f"{symbol}:{timestamp}:{signal}",
        symbol=symbol,
        signal=signal,
        confidence=_confidence(prediction.get("confidence")),
        timestamp=timestamp,
        prediction_time=made,
        received=received,
        numeric=prediction["numeric"] if prediction.get("numeric") in (-1, 0, 1) else None,
        stock_price=_number(prediction.get("stock_price")),
        probabilities=_probabilities(prediction.get("probabilities")),
        source=source,
    )


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedPredictionError(name, f"{value!r:.200}, expected an object")
    return value


def _timestamp(prediction: dict[str, Any]) -> int:
    timestamp = prediction.get("timestamp")
    # up to the year 9999, which is the last that a datetime can be
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or not 0 < timestamp < 253_402_300_800_000:
        raise MalformedPredictionError("timestamp", f"{timestamp!r}, expected milliseconds since 1970")
    return timestamp


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _confidence(value: Any) -> float:
    number = _number(value)
    if number is None or not 0 <= number <= 1:
        raise MalformedPredictionError("confidence", f"{value!r}, expected a number from 0 to 1")
    return number


def _probabilities(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(number for item in value if (number := _number(item)) is not None)


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise MalformedPredictionError("prediction_time", f"{value!r}, expected an ISO 8601 time") from None
    if time.tzinfo is None:
        raise MalformedPredictionError("prediction_time", f"{value!r} has no time zone")
    return time
