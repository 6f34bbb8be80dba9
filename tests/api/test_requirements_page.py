"""docs/requirements.md names tests, verbs and examples that exist, and the events come as the requirements say."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

import pitboss
from pitboss.event.order import OrderCreatedEvent, OrderEvent, OrderFilledEvent, OrderSubmittedEvent
from supervisors.cli import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in re.findall(r"^\| \d+ \|.*$", PAGE, flags=re.M)
]

# the requirements' modules (src/… there) → what each has
MODULES = {
    "event.base": ["BaseEvent"],
    "event.bus": ["EventBus"],
    "event.market": ["PriceEvent", "VolumeEvent"],
    "event.position": ["PositionOpenEvent", "PositionUpdateEvent", "PositionCloseEvent"],
    "event.order": ["OrderCreatedEvent", "OrderSubmittedEvent", "OrderFilledEvent"],
    "event.api": ["PredictionSignalEvent"],
    "position.base": ["Position"],
    "position.stock": ["StockPosition"],
    "position.tracker": ["PositionTracker"],
    "order.base": ["Order", "OrderType", "OrderStatus"],
    "order.group": ["OrderGroup"],
    "order.manager": ["OrderManager"],
    "rule.condition": ["EventCondition"],
    "rule.action": ["CreatePositionAction"],
}


def test_the_rows_are_numbered_and_whole() -> None:
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, len(ROWS) + 1)]
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_each_test_that_is_named_exists() -> None:
    missing = []
    for number, _, tests, _ in ROWS:
        if "**open**" in tests:
            continue
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert named, f"row {number} names no test"
        for path, name in named:
            file = ROOT / path
            if not file.exists() or f"def {name}(" not in file.read_text(encoding="utf-8"):
                missing.append(f"row {number}: {path}::{name}")
    assert not missing, "\n".join(missing)


def test_each_command_that_is_named_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    verbs = set(re.findall(r"^│ (\w+)", capsys.readouterr().out, flags=re.M))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    for number, _, _, command in ROWS:
        for program, argument in re.findall(r"`(pitboss|make|python) (\S+)[^`]*`", command) or [("", "")]:
            match program:
                case "pitboss":
                    assert argument in verbs, f"row {number}: pitboss {argument}"
                case "make":
                    assert argument in targets, f"row {number}: make {argument}"
                case "python":
                    assert (ROOT / argument).is_file(), f"row {number}: {argument}"
                case _:
                    pytest.fail(f"row {number} names no command")


def test_the_last_line_counts_the_open_rows() -> None:
    counted = re.search(r"^(\d+) of (\d+) rows (?:is|are) open\.\s*\Z", PAGE, flags=re.M)
    assert counted
    still = sum("**open**" in tests for _, _, tests, _ in ROWS)
    assert (int(counted[1]), int(counted[2])) == (still, len(ROWS))


@pytest.mark.parametrize("module", MODULES)
def test_the_modules_of_the_requirements_are_there_under_their_names(module: str) -> None:
    found = importlib.import_module(f"pitboss.{module}")
    for name in MODULES[module]:
        assert name in found.__all__
        assert isinstance(getattr(found, name), type)


def test_everything_public_is_there_and_documented() -> None:
    for name in pitboss.__all__:
        assert getattr(pitboss, name).__doc__, name
    tour = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    assert [name for name in pitboss.__all__ if f"`{name}" not in tour] == []


def test_the_events_of_the_requirements_come_in_their_order(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        await house.listen(OrderEvent)
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        order = await manager.create_and_submit("AAPL", 10)
        await order.wait_done()
        await house.bus.idle()
        kinds = [type(event) for event in house.events]
        places = [kinds.index(kind) for kind in (OrderCreatedEvent, OrderSubmittedEvent, OrderFilledEvent)]
        assert places == sorted(places)
        await trio.lowlevel.checkpoint()

    run_api(body)
