"""Reading predictions of the Options Flow Monitor."""

from datetime import UTC, datetime

import pytest

from actors.signals.prediction import MalformedPredictionError, parse_prediction
from messages.signal import PredictionSignal

RECEIVED = datetime(2023, 5, 19, 14, 30, 6, tzinfo=UTC)


def data(**changes):
    prediction = {
        "ticker": "SLV",
        "signal": "BUY",
        "numeric": 1,
        "confidence": 0.85,
        "probabilities": [0.05, 0.10, 0.85],
        "timestamp": 1684510200000,
        "stock_price": 22.75,
        "feature_values": {"d_diff_short": 0.04},
        "prediction_time": "2023-05-19T14:30:05+00:00",
    } | changes
    return {"ticker": "SLV", "prediction": {k: v for k, v in prediction.items() if v != "absent"}, "new_field": 1}


def test_a_prediction_is_identified_by_ticker_time_stamp_and_signal():
    event = parse_prediction(data(), "SLV", RECEIVED)
    assert event.signal_id == "SLV:1684510200000:BUY"
    assert event.signal is PredictionSignal.BUY
    assert event.confidence == 0.85
    assert event.prediction_time == datetime(2023, 5, 19, 14, 30, 5, tzinfo=UTC)
    assert event.received == RECEIVED
    assert event.probabilities == (0.05, 0.10, 0.85)


def test_an_id_is_the_identity_where_the_service_gives_one():
    assert parse_prediction(data(id=77), "SLV", RECEIVED).signal_id == "SLV:77"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"confidence": "absent"}, "confidence: None"),
        ({"confidence": float("nan")}, "confidence: nan"),
        ({"confidence": True}, "confidence: True"),
        ({"confidence": 1.5}, "confidence: 1.5"),
        ({"confidence": "0.9"}, "confidence: '0.9'"),
        ({"signal": "MAYBE"}, "signal: 'MAYBE', expected one of BUY"),
        ({"signal": None}, "signal: None"),
        ({"timestamp": "yesterday"}, "timestamp: 'yesterday'"),
        ({"timestamp": -1}, "timestamp: -1"),
        ({"prediction_time": "14:30"}, "prediction_time: '14:30'"),
        ({"prediction_time": "2023-05-19T14:30:05"}, "has no time zone"),
        ({"ticker": "GLD"}, "ticker: 'GLD', expected 'SLV'"),
    ],
)
def test_a_malformed_prediction_names_field_value_and_expectation(changes, message):
    with pytest.raises(MalformedPredictionError, match=message):
        parse_prediction(data(**changes), "SLV", RECEIVED)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"prediction": None}, {"prediction": []}])
def test_a_body_of_the_wrong_shape_is_malformed(body):
    with pytest.raises(MalformedPredictionError):
        parse_prediction(body, "SLV", RECEIVED)
