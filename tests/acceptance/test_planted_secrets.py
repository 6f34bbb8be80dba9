"""Secrets planted in everything that comes into a process reach neither its log nor its console."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve, frozen
from loguru import logger

from actors.signals.client import OptionsFlowClient
from config.environment import Environment
from config.log_events.schema import line_problems
from config.log_record import LogRecord, as_words
from config.logging import log, start_logging
from config.redaction import register_environment, register_secret
from config.settings import SignalSettings
from messages.order import Side
from simulator.faults import Rule
from simulator.faults.verbs import Error, Swallow

KEY, PASSWORD, TOKEN = "canary/Key+1'x", 'canary "two" words', "canary-token-3"


@frozen
class Poison:
    """A message that no actor handles."""

    body: str


def signal_service(request: httpx.Request) -> httpx.Response:
    """One that gives back what it was sent, and breaks."""
    if "AAPL" in str(request.url):
        return httpx.Response(500, text=f"refused {request.headers!r} of {request.url}")
    body = {"predictions": [{"ticker": "MSFT", "signal": f"BUY {KEY}", "confidence": f"token={TOKEN}"}]}
    return httpx.Response(200, json=body)


def of_other_libraries() -> None:
    """As pykka, ib_insync, httpx, hypercorn, a user's rule and warnings write."""
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        client.get(f"https://user:{TOKEN}@flow/api?api_key={TOKEN}&symbol=AAPL", headers={"X-API-Key": KEY})
    try:
        raise ConnectionError(f"login as pitboss with password: {PASSWORD!r} to https://{TOKEN}@host/")
    except ConnectionError as error:
        logging.getLogger("pykka").exception("Unhandled exception in actor, headers=%r", [(b"x-api-key", KEY.encode())])
        logging.getLogger("ib_insync.client").error("API connection failed: %r", error)
        logging.getLogger("hypercorn.error").error("Error in ASGI Framework", exc_info=True)
        logger.bind(api_key=TOKEN, note=f"Bearer {TOKEN}").exception("rule failed with {}", KEY)
    logging.getLogger("hypercorn.access").info('127.0.0.1 "GET /signals?access_token=%s" 401', TOKEN)
    logging.getLogger("ib_insync.wrapper").error("%d arguments for %s", 1, f"token={TOKEN}")
    warnings.warn(f"Authorization: Basic {TOKEN}", stacklevel=1)


@pytest.mark.filterwarnings("default")
def test_no_secret_that_comes_in_anywhere_comes_out(plant: Callable[..., None], tmp_path: Path) -> None:
    path, said = tmp_path / "log.jsonl", []
    running = []

    def console(record: LogRecord) -> None:
        said.append(as_words(record))

    async def body(built: Any) -> None:
        register_secret(KEY)
        register_environment({"TWS_PASSWORD": PASSWORD})
        environment = Environment(built.paper.environment.now, seed=1)
        running.append(start_logging(environment, path=path, level="DEBUG", listeners=(console,), background=False))
        await built.kill()
        signals = SignalSettings(base_url="http://signals/api/v1", allow_plain_http=True, api_key=KEY)
        built.settings = evolve(built.settings, signals=signals)
        address = f"http://user:{TOKEN}@signals/api/v1"
        transport = httpx.MockTransport(signal_service)
        built.world = {"signals": lambda: OptionsFlowClient(address, KEY, transport)}
        await built.start()
        await built.trade_at(100.0)
        # the broker's text, about an order and about none
        refusal = Error(201, f"Order rejected for user with password={TOKEN}: {KEY}")
        built.paper.faults.add(Rule(on="placeOrder", nth=1, do=[Swallow(), refusal]))
        await built.open(Side.BUY)
        built.paper.faults.do(Error(2104, f"farm ok, Authorization: Bearer {TOKEN}", id=-1, everyone=True))
        # what a person asks for, and what an actor crashes of
        await built.process.commands.answer({"command": "buy", "symbol": "AAPL", "password": TOKEN})
        await built.process.commands.answer({"command": KEY, "quantity": PASSWORD})
        built.process.system.address("position/MSFT").tell(Poison(f"{{'token': '{TOKEN}'}} {KEY} {PASSWORD}"))
        await built.settle(200.0)
        of_other_libraries()
        log("rule.log", rule_id="mine", text=f"https://hooks/{KEY} with {PASSWORD}")

    try:
        plant(body)
    finally:
        for one in running:
            one.stop()
    text = path.read_text()
    events = [line.split('"event": "')[1].split('"')[0] for line in text.splitlines()]
    planted = {"order.rejected", "broker.notice", "system.command", "actor.crashed", "signal.unavailable", "rule.log"}
    assert planted <= set(events)
    assert {"log.pykka", "log.ib_insync.client", "log.ib_insync.wrapper", "log.hypercorn.error", "log.httpx"} <= set(
        events
    )
    assert {"log.hypercorn.error", "log.hypercorn.access", "log.py.warnings"} <= set(events)
    for line in [*text.splitlines(), *said]:
        assert "canary" not in line, line
    assert not [problem for line in text.splitlines() for problem in line_problems(line)]
    assert "rule failed with ***" in text
    assert text.count("***") > 15
    assert "AAPL" in text
