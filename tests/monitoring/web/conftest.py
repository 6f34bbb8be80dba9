"""Logs to look at, and `pitboss web` in front of them: as an application, and in a browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
import trio
from trio.testing import MockClock

from config.environment import virtual
from monitoring.web import Place, WebSettings
from monitoring.web.app import web_app
from monitoring.web.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

TOKEN = "a-token-that-nobody-guesses"
SCRAPER = "a-token-of-the-scraper-alone"
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOST = "127.0.0.1:8808"
PATIENCE = 20_000  # milliseconds
_HISTOGRAM = {"bounds": [0.001, 0.01], "counts": [3, 9], "sum": 0.042, "count": 10}


class Log:
    """A log, line by line; its lines have what the pages show, and lack some of what a process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.moment = START

    def write(self, event: str, **fields: Any) -> None:
        """One line, a second after the one before."""
        self.moment += timedelta(seconds=1)
        ts = self.moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
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
    return Log(tmp_path / "desk.jsonl")


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
                await nursery.start(watch.run)
                while not watch.caught_up:
                    await trio.sleep(1)
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                    await body(client)
                nursery.cancel_scope.cancel()

        trio.run(main, clock=MockClock(autojump_threshold=0))

    return run


# in a browser

_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A chromium of this machine."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no chromium on the PATH: apt-get install chromium, for the tests in a real browser")
    from playwright.sync_api import sync_playwright

    # trio-asyncio, once it is imported, hands out loops of its own, which playwright cannot work in
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", asyncio.SelectorEventLoop)
        context = sync_playwright()
        playwright = context.__enter__()
    try:
        browser = playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
        yield browser
        browser.close()
    finally:
        context.__exit__()


PLACES = 12  # logs that the one server of a module shows: each test has one of its own


class Site:
    """`pitboss web` over several logs that are still empty."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.logs = [Log(folder / f"log-{number}.jsonl") for number in range(PLACES)]
        for log in self.logs:
            log.path.touch()
        self.taken = 0
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "supervisors",
                "web",
                "--listen",
                "127.0.0.1:0",
                *(str(log.path) for log in self.logs),
            ],
            env=environ | {"WEB_TOKEN": TOKEN, "XDG_CACHE_HOME": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.base = address_in(self.process.stdout.readline())


def address_in(line: str) -> str:
    match = re.fullmatch(r"pitboss web on (http://127\.0\.0\.1:\d+)\n", line)
    assert match, line
    return match[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests of the module: it takes a second to start."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PITBOSS_")}
    made = Site(tmp_path_factory.mktemp("site"), environ)
    yield made
    made.process.send_signal(signal.SIGINT)
    assert made.process.stdout is not None
    made.process.stdout.close()
    assert made.process.wait(20) == 0


@pytest.fixture
def shown(site: Site) -> tuple[Log, str]:
    """A log of its own, and what leads to it: `?p=3`."""
    number = site.taken
    site.taken += 1
    return site.logs[number], f"?p={number}"


@pytest.fixture
def serve(start: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[str, Any]]:
    """Start `pitboss web` with these arguments; return its address and the process."""

    def run(*arguments: str) -> tuple[str, Any]:
        cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        started = start("web", "--listen", "127.0.0.1:0", *arguments, WEB_TOKEN=TOKEN, **cache)
        return address_in(started.line()), started

    return run


@pytest.fixture(scope="module")
def passes() -> dict[str, Any]:
    """address → what a browser keeps of its login there."""
    return {}


@pytest.fixture
def visitor(browser: Browser, passes: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """Open a page of a browser that is logged in. What goes wrong in it, or is blocked, fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def told(message: ConsoleMessage) -> None:
        refused = "status of 409" in message.text or "status of 401" in message.text  # the browser says it by itself
        if message.type in ("error", "warning") and not refused:
            wrong.append(message.text)

    def enter(base: str, width: int = 1280, height: int = 800, scheme: str = "light", *, login: bool = True) -> Page:
        context = browser.new_context(
            base_url=base,
            viewport={"width": width, "height": height},
            color_scheme=cast("Any", scheme),
            storage_state=passes.get(base) if login else None,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", told)
        page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
        if login and base not in passes:
            page.goto("/login")
            page.get_by_label("Token").fill(TOKEN)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{base}/")
            passes[base] = context.storage_state()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not wrong
