"""Journals that a whole process has written against paper TWS and signal service, and the verbs that read them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve

from actors.signals.client import OptionsFlowClient
from config.settings import SignalSettings as PollerSettings
from domain.rules import CreatePositionAction, EventCondition, Rule
from messages.signal import PredictionSignalEvent
from simulator.signals import Prediction, SignalService, SignalSettings
from simulator.signals.api import api
from storage.sqlite import SqliteJournal

KEY = "test-key"


class Forecast:
    """A plant whose predictions come from a signal service that the test feeds. What is not here is the plant's."""

    def __init__(self, plant: Any) -> None:
        self.plant = plant
        self.quiet = False  # no trades in the market
        environment = plant.paper.environment
        tickers = tuple(plant.settings.symbols)
        self.service = SignalService(SignalSettings(api_key=KEY, generated=False, tickers=tickers), environment)
        transport = httpx.ASGITransport(api(self.service, environment))
        url = "http://service/api/v1"
        plant.settings = evolve(
            plant.settings,
            signals=PollerSettings(base_url=url, api_key=KEY, poll_seconds=10.0, min_confidence=0.6),
        )
        plant.world = {"signals": lambda: OptionsFlowClient(url, KEY, transport), "rules": self.rules()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plant, name)

    @staticmethod
    def rules() -> tuple[Rule, ...]:
        """Buy what is sure, once in 300 s; sell short only MSFT."""

        def rule(rule_id: str, signal: str, **terms: Any) -> Rule:
            exits = {"stop_loss_pct": 0.03, "take_profit_pct": 0.08}
            side = "BUY" if signal == "BUY" else "SELL"
            return Rule(
                rule_id=rule_id,
                condition=EventCondition(PredictionSignalEvent, {"signal": signal, "confidence": ">= 0.8"}),
                action=CreatePositionAction(quantity=100, side=side, **exits),
                **terms,
            )

        return (
            rule("buy", "BUY", cooldown_seconds=300),
            rule("short", "SHORT", symbols=frozenset({"MSFT"}), max_executions_per_day=1),
        )

    async def predict(self, word: str, confidence: float, identity: str, ticker: str = "AAPL", **changes: Any) -> str:
        """Have the service predict, let Pitboss hear of it while the market trades, and return the prediction's id."""
        made = Prediction.now(ticker, word, confidence, self.paper.environment.now(), 100.0)
        self.service.push(evolve(made, id=identity, **changes))
        for _ in range(12):
            await self.settle(0.8)
            if not self.quiet:
                await self.trade_at(100.0)
        return f"{ticker}:{identity}"


@pytest.fixture
def journal_of(plant: Any, plant_type: Any, tmp_path: Path) -> Callable[..., Path]:
    """Run `body(forecast)` in virtual time; return the journal that is left, as a file."""

    def run(body: Callable[[Forecast], Awaitable[None]], **risk: Any) -> Path:
        plants: list[Any] = []

        def kind(*parts: Any) -> Forecast:
            plants.append(plant_type(*parts))
            return Forecast(plants[-1])

        plant(body, kind=kind, **risk)
        disk = plants[0].disk
        path = tmp_path / "copy.journal"
        journal = SqliteJournal(path)
        journal.open(disk.header.owner, disk.header.created)
        journal.append(disk.rows)
        journal.close()
        return path

    return run


@pytest.fixture
def told(verb: Any) -> Callable[..., dict[str, Any]]:
    """What `why` or `whynot` prints with --json."""

    def ask(name: str, identity: str, path: Path, *more: str) -> dict[str, Any]:
        done = verb(name, identity, "--json", "--journal", str(path), *more)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return ask
