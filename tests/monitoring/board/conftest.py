"""A storm that writes a log, and is asked for its status while it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import attrs
import pytest
import trio

from config.environment import Environment
from config.logging import start_logging
from simulation.guests import Guests, Look
from simulation.plan import Weather, draw
from simulation.storm import START, ride

STORM = 12
Storm = tuple[list[bytes], list[tuple[int, Mapping[str, Any]]]]


@pytest.fixture(scope="session")
def storm_log(tmp_path_factory: pytest.TempPathFactory) -> Storm:
    """The lines of a two-hour storm's log, and each status with the number of lines that were written before it."""
    path = tmp_path_factory.mktemp("storm") / "log.jsonl"
    statuses: list[tuple[int, Mapping[str, Any]]] = []
    written: list[str] = []

    def look(look: Look) -> None:
        statuses.append((len(written), json.loads(json.dumps(look.status))))

    plan = draw(STORM, Weather(minutes=120.0, orders=(20, 20), faults=(15, 15), symbols={"AAPL": 100.0, "MSFT": 250.0}))
    plan = attrs.evolve(plan, settings={**plan.settings, "log": {"pulse_seconds": 5.0}}, step_seconds=15.0)
    environment = Environment(lambda: START + timedelta(seconds=trio.current_time()), STORM)
    log = start_logging(
        environment, path=path, listeners=(lambda record: written.append(record.event),), background=False, strict=True
    )
    try:
        outcome = ride(plan, guests=Guests(checks=(look,)))
    finally:
        log.stop()
    assert outcome.violation in (None, ""), outcome.violation
    return path.read_bytes().splitlines(keepends=True), statuses


@pytest.fixture
def folded() -> Callable[..., Any]:
    """A board of these lines."""
    from monitoring.board import Board

    def fold(lines: list[bytes]) -> Board:
        board = Board()
        for line in lines:
            board.fold(json.loads(line))
        return board

    return fold
