"""The signal service over real HTTP: envelope, errors, limits, predictions."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from config.environment import Environment
from simulator.signals import Prediction, ScriptError, SignalServer, SignalSettings, serve_signals

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
KEY = "a-key-of-the-test"


class Clock:
    """A wall clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


Visit = Callable[[httpx.AsyncClient, SignalServer, Clock], Awaitable[None]]


@pytest.fixture
def visit() -> Callable[..., None]:
    """Run a visitor against a service on a free port."""

    def run(visitor: Visit, price_of: Any = None, **settings: Any) -> None:
        settings = {"api_key": KEY, "port": 0, "tickers": ("SLV", "AAPL"), "interval": 10.0, **settings}

        async def main() -> None:
            clock = Clock()
            environment = Environment(clock, seed=1)
            with trio.fail_after(20):
                async with trio.open_nursery() as nursery:

                    async def serving(task_status: Any) -> None:
                        await serve_signals(
                            SignalSettings(**settings), environment, price_of=price_of, task_status=task_status
                        )

                    server = await nursery.start(serving)
                    async with httpx.AsyncClient(base_url=server.base_url, headers={"X-API-Key": KEY}) as client:
                        await visitor(client, server, clock)
                    nursery.cancel_scope.cancel()

        trio.run(main)

    return run


def test_the_latest_prediction_has_the_documented_shape(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        answer = await client.get("/prediction/latest", params={"ticker": "slv"})
        assert answer.status_code == 200
        body = answer.json()
        assert body["status"] == "success"
        assert set(body["data"]) == {"ticker", "prediction", "model_info"}
        prediction = body["data"]["prediction"]
        assert prediction["ticker"] == "SLV"
        assert prediction["signal"] in ("BUY", "SELL", "NEUTRAL")
        assert prediction["numeric"] == {"BUY": 1, "SELL": -1, "NEUTRAL": 0}[prediction["signal"]]
        assert 0.5 <= prediction["confidence"] <= 0.98
        assert sum(prediction["probabilities"]) == pytest.approx(1.0, abs=0.001)
        made = datetime.fromisoformat(prediction["prediction_time"])
        assert made <= START < made + timedelta(seconds=10)
        assert (
            datetime.fromtimestamp(prediction["timestamp"] / 1000, UTC).isoformat()[:19] == prediction["datetime"][:19]
        )
        assert "id" not in prediction
        assert body["data"]["model_info"]["is_ticker_specific"] is True

    visit(visitor)


def test_a_prediction_stays_the_same_until_the_next_interval(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        async def latest() -> Any:
            return (await client.get("/prediction/latest", params={"ticker": "SLV"})).json()["data"]["prediction"]

        first, again = await latest(), await latest()
        assert first == again
        clock.now += timedelta(seconds=10)
        later = await latest()
        assert later["timestamp"] == first["timestamp"] + 10_000

    visit(visitor)


def test_a_demo_sees_every_signal_with_varying_confidence(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        clock.now += timedelta(minutes=10)
        data = (await client.get("/predictions", params={"ticker": "SLV", "limit": 60})).json()["data"]
        assert data["count"] == len(data["predictions"]) == 60
        assert {one["signal"] for one in data["predictions"]} == {"BUY", "SELL", "NEUTRAL"}
        assert len({one["confidence"] for one in data["predictions"]}) > 50
        times = [one["timestamp"] for one in data["predictions"]]
        assert times == sorted(times)

    visit(visitor)


def test_the_same_seed_makes_the_same_predictions(visit: Any) -> None:
    seen: list[Any] = []

    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        seen.append((await client.get("/predictions", params={"ticker": "AAPL", "limit": 20})).json())

    visit(visitor, seed=5)
    visit(visitor, seed=5)
    visit(visitor, seed=6)
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}])
def test_without_the_key_nothing_is_told(visit: Any, headers: dict[str, str]) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        async with httpx.AsyncClient(base_url=server.base_url) as stranger:
            for path in ("/status", "/tickers", "/prediction/latest?ticker=SLV", "/trades?ticker=SLV"):
                answer = await stranger.get(path, headers=headers)
                assert answer.status_code == 401
                assert answer.json()["status"] == "error"
                assert answer.json()["code"] == 401
                assert KEY not in answer.text

    visit(visitor)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/prediction/latest", 400),
        ("/prediction/latest?ticker=NOPE", 404),
        ("/predictions?ticker=SLV&limit=many", 400),
        ("/predictions?ticker=SLV&start_date=yesterday", 400),
        ("/trades?ticker=SLV&start_date=2026-11-23&end_date=2026-11-20", 400),
        ("/data-range?ticker=SLV", 400),
        ("/data-range?ticker=SLV&start_date=2026-11-01&end_date=2026-11-20", 400),
        ("/data-range?ticker=SLV&start_date=2026-11-20&end_date=2026-11-20&lambda_long=nan", 400),
        ("/nothing", 404),
    ],
)
def test_a_bad_request_is_answered_with_the_error_envelope(visit: Any, path: str, code: int) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        answer = await client.get(path)
        body = answer.json()
        assert (answer.status_code, body["status"], body["code"]) == (code, "error", code)
        assert body["message"]

    visit(visitor)


def test_only_get_is_answered(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        answer = await client.post("/status")
        assert (answer.status_code, answer.json()["status"]) == (405, "error")

    visit(visitor)


def test_the_rate_limit_is_told_enforced_and_lifted_after_a_minute(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        for number in range(30):
            answer = await client.get("/tickers")
            assert answer.status_code == 200
            assert answer.headers["X-RateLimit-Remaining"] == str(29 - number)
        refused = await client.get("/status")
        assert refused.status_code == 429
        assert refused.json()["code"] == 429
        assert refused.headers["X-RateLimit-Limit"] == "30"
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert int(refused.headers["X-RateLimit-Reset"]) == int(START.timestamp()) + 60
        heavy = await client.get("/minute-data", params={"ticker": "SLV"})
        assert heavy.headers["X-RateLimit-Limit"] == "15"
        clock.now += timedelta(seconds=60)
        assert (await client.get("/status")).status_code == 200

    visit(visitor)


def test_status_and_tickers(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        data = (await client.get("/status")).json()["data"]
        assert data["market"]["is_market_hours"] is True
        assert data["system"]["current_time_et"] == "2026-11-23T12:00:00-05:00"
        assert data["ml_system"]["running"] is True
        assert (await client.get("/tickers")).json()["data"] == {"tickers": ["SLV", "AAPL"], "count": 2}

    visit(visitor)


def test_a_pushed_prediction_is_the_latest_from_then_on(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        none_yet = await client.get("/prediction/latest", params={"ticker": "SLV"})
        assert none_yet.status_code == 404
        server.service.push(Prediction.now("SLV", "SHORT", 0.91, clock.now, 22.75))
        prediction = (await client.get("/prediction/latest", params={"ticker": "SLV"})).json()["data"]["prediction"]
        assert (prediction["signal"], prediction["confidence"], prediction["stock_price"]) == ("SHORT", 0.91, 22.75)
        server.service.push(Prediction.now("NEW", "BUY", 0.6, clock.now, 5.0))
        assert (await client.get("/prediction/latest", params={"ticker": "NEW"})).status_code == 200

    visit(visitor, generated=False)


def test_a_script_plays_at_its_times(visit: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    rows = [
        {"after": 5, "ticker": "SLV", "signal": "SELL", "confidence": 0.8, "id": "s-2"},
        {"after": 1, "ticker": "SLV", "signal": "BUY", "confidence": 0.9, "stock_price": 22.5},
    ]
    script.write_text("# a comment\n\n" + "\n".join(json.dumps(row) for row in rows), encoding="utf-8")

    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        async def latest() -> Any:
            answer = (await client.get("/prediction/latest", params={"ticker": "SLV"})).json()
            return answer["data"]["prediction"] if answer["status"] == "success" else None

        assert await latest() is None
        clock.now += timedelta(seconds=1)
        first = await latest()
        assert (first["signal"], first["stock_price"]) == ("BUY", 22.5)
        clock.now += timedelta(seconds=7)
        second = await latest()
        assert (second["signal"], second["id"]) == ("SELL", "s-2")
        assert second["prediction_time"].startswith("2026-11-23T17:00:05")

    visit(visitor, generated=False, script=script)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Expecting"),
        ('{"after": 1, "ticker": "SLV", "signal": "BUY"}', "'confidence' is missing"),
        ('{"after": 1, "ticker": "SLV", "signal": "MAYBE", "confidence": 1}', "unknown signal"),
        ('{"after": -1, "ticker": "SLV", "signal": "BUY", "confidence": 1}', "after"),
        ('{"after": 1, "ticker": "SLV", "signal": "BUY", "confidence": 1, "x": 1}', "unknown key 'x'"),
    ],
)
def test_a_bad_script_names_its_line(visit: Any, tmp_path: Path, line: str, reason: str) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text(f"\n{line}\n", encoding="utf-8")

    async def main() -> None:
        settings = SignalSettings(api_key=KEY, port=0, script=script)
        await serve_signals(settings, Environment(Clock(), seed=1))

    with pytest.raises(ScriptError, match=rf"script\.jsonl:2: .*{reason}"):
        trio.run(main)


def test_trades_bars_and_divergence_agree_with_each_other(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        query = {"ticker": "SLV", "start_date": "2026-11-23", "start_time": "11:00"}
        trades = (await client.get("/trades", params={**query, "limit": 1000})).json()["data"]
        bars = (await client.get("/minute-data", params=query)).json()["data"]
        rows = (await client.get("/divergence", params=query)).json()["data"]
        assert bars["count"] == 60
        assert rows["count"] == 60
        assert trades["count"] == sum(row["number_of_trades"] for row in rows["divergence_data"]) > 20
        for trade in trades["trades"]:
            assert trade["bid"] <= trade["price"] <= trade["ask"]
            assert trade["trade_value"] == pytest.approx(trade["price"] * trade["size"] * 100, abs=0.01)
            assert len(trade["option_symbol"]) == 21
        for bar in bars["minute_data"]:
            assert bar["low"] <= min(bar["open"], bar["close"]) <= max(bar["open"], bar["close"]) <= bar["high"]
        assert len({row["d_diff_short"] for row in rows["divergence_data"]}) > 30
        assert bars["minute_data"][1]["open"] == bars["minute_data"][0]["close"]

    visit(visitor)


def test_data_range_filters_trades(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        query = {"ticker": "SLV", "start_date": "2026-11-20", "end_date": "2026-11-20"}
        everything = (await client.get("/data-range", params=query)).json()["data"]
        large = (await client.get("/data-range", params={**query, "min_size": 20})).json()["data"]
        assert everything["data_info"]["filtered_trades"] == everything["data_info"]["original_trades"]
        assert 0 < large["data_info"]["filtered_trades"] < large["data_info"]["original_trades"]
        assert large["parameters"]["filters"]["min_size"] == 20
        assert len(everything["divergence_data"]) == 1440

    visit(visitor)


def test_prices_follow_the_market_where_it_is_known(visit: Any) -> None:
    async def visitor(client: httpx.AsyncClient, server: SignalServer, clock: Clock) -> None:
        prediction = (await client.get("/prediction/latest", params={"ticker": "SLV"})).json()["data"]["prediction"]
        assert prediction["stock_price"] == pytest.approx(28.0, rel=0.02)

    visit(visitor, price_of={"SLV": 28.0}.get)


def test_a_taken_port_is_an_os_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = SignalSettings(api_key=KEY, port=other.getsockname()[1])

        async def main() -> None:
            await serve_signals(settings, Environment(Clock(), seed=1))

        with pytest.raises(OSError):
            trio.run(main)


@pytest.mark.parametrize(
    "wrong", [{"api_key": ""}, {"host": "0.0.0.0"}, {"port": 70000}, {"interval": 0}, {"tickers": ()}]
)
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SignalSettings(**{"api_key": KEY, **wrong})


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(SignalSettings(api_key=KEY))
