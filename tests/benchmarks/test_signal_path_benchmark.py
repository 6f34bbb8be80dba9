"""The stopwatches of the signal path stop what they say."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

import pytest
from ib_insync import MarketOrder, Stock

from actors.signals.prediction import parse_prediction, read_prediction
from benchmarks.live.signal_service import prediction, signal_service
from benchmarks.live_path import broker
from benchmarks.paper.link import connect, kinds, order_frames, subscriptions
from config.environment import machine


def poll(base_url: str, symbol: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{base_url}/prediction/latest?ticker={symbol}") as response:
        return dict(json.load(response))


def test_the_service_says_when_the_first_answer_with_something_new_left() -> None:
    with signal_service() as service:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            poll(service.base_url, "AAPL")
        before = time.perf_counter()
        service.predict("AAPL")
        answer = poll(service.base_url, "AAPL")
        after = time.perf_counter()
        poll(service.base_url, "AAPL")
        assert before < service.left() < after, "a second poll changes nothing"
        assert answer["status"] == "success"


def test_a_prediction_is_one_for_the_service_and_for_the_push_endpoint() -> None:
    now = machine(seed=1).now()
    written = prediction("AAPL")
    assert parse_prediction({"prediction": written}, "AAPL", now) is not None
    assert read_prediction(written, now, "push").symbol == "AAPL"


def test_the_broker_notes_when_each_of_the_orders_came_and_has_the_cash_for_them() -> None:
    stocks = [Stock("AAPL", "SMART", "USD")]
    with broker(["AAPL"]) as (port, do):
        link = connect(port, 3)
        link.sendall(subscriptions(stocks))
        do(do="subscribed", count=1)
        do(do="expect", orders=20)
        before = time.perf_counter()
        link.sendall(order_frames(stocks, [MarketOrder("BUY", 10_000)] * 20))
        times = do(do="arrived")["times"]
        assert len(times) == 20
        assert before < min(times)
        assert times == sorted(times)
        told, commissions, errors = kinds(link), 0, 0
        while commissions + errors < 20:
            kind = next(told)
            commissions += kind == b"59"
            errors += kind == b"4"
        assert (commissions, errors) == (20, 0)
        link.close()
