"""Logs to look at, and `pitboss web` in front of them: as an application, and in a browser."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from config.environment import virtual
from monitoring.web import Place, WebSettings
from monitoring.web.app import web_app
from monitoring.web.watch import Watch

TOKEN = "a-token-that-nobody-guesses"
SCRAPER = "a-token-of-the-scraper-alone"
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOST = "127.0.0.1:8808"
_HISTOGRAM = {"bounds": [0.001, 0.01], "counts": [3, 9], "sum": 0.042, "count": 10}


class Log:
    """A log as a process writes it, line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._moment = START

    def write(self, event: str, **fields: Any) -> None:
        """One line, a second after the one before."""
        self._moment += timedelta(seconds=1)
        ts = self._moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        line = {"ts": ts, "level": "INFO", "event": event, "actor": "process", **fields}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def order(self, event: str, ref: str, symbol: str = "AAPL", **fields: Any) -> None:
        """A line about an order of 100 shares."""
        order = {"role": "entry", "side": "BUY", "quantity": "100", "type": "MKT", "filled": "0", "perm_id": 0}
        self.write(event, **{"actor": "orders", "symbol": symbol, "order_ref": ref, **order, **fields})

    def pulse(self, **fields: Any) -> None:
        """What comes every five seconds."""
        pulse = {
            "state": "READY",
            "since": "2026-11-20T15:00:02.000000Z",
            "broker": {
                "connected": True,
                "epoch": 1,
                "last_round_trip": "2026-11-20T15:00:05.000000Z",
                "round_trip_seconds": 0.0021,
                "account": "DU1234567",
            },
            "ticks": 1234,
            "mailboxes": {"orders": 3},
            "pnl": {"realized": "120.50", "unrealized": "-20.25", "commission": "3.00"},
            "exposure": [{"limit": "gross exposure", "used": "15010.00", "maximum": "50000"}],
            "reconciled_at": "2026-11-20T15:00:01.000000Z",
            "fsync": _HISTOGRAM,
            "order_latency": _HISTOGRAM,
            "round_trip": _HISTOGRAM,
        }
        self.write("system.pulse", **{**pulse, **fields})

    def mark(self, price: float, symbol: str = "AAPL", **fields: Any) -> None:
        """The price of what is held."""
        self.write(
            "position.marked",
            **{
                "actor": f"position/{symbol}",
                "symbol": symbol,
                "price": price,
                "quantity": "100",
                "average_price": "150.10",
                "unrealized_pnl": f"{(price - 150.1) * 100:.2f}",
                "stop": "145.60",
                "target": "162.11",
                **fields,
            },
        )

    def trading(self, symbol: str = "AAPL") -> None:
        """A process that starts, and opens a position with a stop and a target."""
        self.write("system.starting", name="desk", version="0.1.0", mode="paper")
        for actor in ("journal", "gateway", "orders", f"position/{symbol}"):
            self.write("actor.started", actor=actor)
        self.write("broker.connected", actor="gateway", epoch=1, account="DU1234567")
        self.write("system.ready")
        signal = {"symbol": symbol, "signal_id": f"{symbol}:1", "signal": "BUY", "confidence": 0.9}
        self.write("signal.received", actor="signals/options-flow", source="options-flow", **signal)
        self.write("position.planned", symbol=symbol, position_id="p1", signal_id=f"{symbol}:1", side="BUY")
        legs = (("pb-e", "entry", "BUY", "MKT"), ("pb-s", "stop", "SELL", "STP"), ("pb-t", "target", "SELL", "LMT"))
        for ref, role, side, kind in legs:
            leg = {"role": role, "side": side, "type": kind, "position_id": "p1"}
            self.order("order.intent", ref, symbol, status="INTENDED", **leg)
            self.order("order.sent", ref, symbol, status="SENT", **leg)
            self.order("order.accepted", ref, symbol, status="ACCEPTED", **leg)
        fill = {"status": "FILLED", "filled": "100", "price": "150.10", "average_price": "150.10", "execution": "x1"}
        self.order("order.filled", "pb-e", symbol, position_id="p1", order_quantity="100", **fill)
        held = {"symbol": symbol, "position_id": "p1", "quantity": "100", "average_price": "150.10"}
        self.write("position.opened", actor=f"position/{symbol}", stop="145.60", target="162.11", **held)
        self.write("protection.armed", symbol=symbol, naked_seconds=0.02, stop="145.60", target="162.11")
        self.pulse()
        for price in (150.2, 151.0, 150.6):
            self.mark(price, symbol)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """An empty one."""
    return Log(tmp_path / "pitboss.log.jsonl")


@pytest.fixture
def visit(log: Log) -> Callable[..., None]:
    """Run `body(client)` against the application in virtual time; keywords are those of the place and the settings."""

    def run(body: Callable[[httpx.AsyncClient], Awaitable[None]], **more: Any) -> None:
        async def main() -> None:
            settings = {name: more.pop(name) for name in ("hosts", "metrics_token", "host") if name in more}
            place = Place(log=log.path, **more)
            environment = virtual(START, seed=1)
            watch = Watch(place, environment)
            app = web_app(WebSettings(places=(place,), token=TOKEN, **settings), [watch], environment)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch.run)
                while not watch.caught_up:
                    await trio.sleep(1)
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                    await body(client)
                nursery.cancel_scope.cancel()

        trio.run(main, clock=MockClock(autojump_threshold=0))

    return run
