"""Every code block of the requirements, with nothing changed but its import lines (`src.` is `pitboss.` here)."""

from __future__ import annotations

import ast
import inspect
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Optional

import pytest

import pitboss
from pitboss.event.api import PredictionSignal, RuleFiredEvent, prediction
from pitboss.order.base import OrderStatus, OrderType
from pitboss.position.base import PositionStatus

PAGE = Path(__file__).with_name("requirements_code.txt").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^## ([^\n]+)\n\n```python\n(.*?)^```$", PAGE, flags=re.M | re.S))
CLASSES = {
    "Event Bus": pitboss.EventBus,
    "Position Class": pitboss.Position,
    "Position Tracker": pitboss.PositionTracker,
    "Order Class": pitboss.Order,
    "Order Manager": pitboss.OrderManager,
}
PROGRAMS = ("Integration with Rule Engine", "Basic Position Management", "Order Creation and Submission")


def rewritten(block: str) -> str:
    """The block with its import lines pointing here."""
    return re.sub(r"^from src\.", "from pitboss.", block, flags=re.M)


async def run_block(heading: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block as it stands, with `await` at its top level; return all names that it leaves."""
    code = compile(rewritten(BLOCKS[heading]), heading, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    answer = eval(code, names)
    if inspect.isawaitable(answer):
        await answer
    return names


def documented(heading: str) -> type:
    """The class as the block defines it."""
    names: dict[str, Any] = {
        "Type": type,
        "Callable": Callable,
        "Optional": Optional,
        "Dict": dict,
        "uuid": uuid,
        "BaseEvent": pitboss.BaseEvent,
        "EventBus": pitboss.EventBus,
        "IBGateway": pitboss.IBGateway,
        "Position": pitboss.Position,
        "Order": pitboss.Order,
        "PositionStatus": PositionStatus,
        "OrderType": OrderType,
        "OrderStatus": OrderStatus,
    }
    before = set(names)
    exec(rewritten(BLOCKS[heading]), names)
    [name] = set(names) - before - {"__builtins__"} or {CLASSES[heading].__name__}
    found = names[name]
    assert isinstance(found, type)
    return found


def test_no_block_is_left_out() -> None:
    assert set(BLOCKS) == {*CLASSES, *PROGRAMS}
    assert PAGE.count("```python") == len(BLOCKS) == 8


@pytest.mark.parametrize("heading", CLASSES)
def test_each_class_has_the_documented_methods_with_the_documented_parameters(heading: str) -> None:
    wanted, ours = documented(heading), CLASSES[heading]
    assert wanted is not ours
    assert wanted.__name__ == ours.__name__
    methods = {name: member for name, member in vars(wanted).items() if inspect.isfunction(member)}
    assert methods
    for name, method in methods.items():
        own = getattr(ours, name)
        assert inspect.iscoroutinefunction(own) == inspect.iscoroutinefunction(method), name
        theirs, mine = inspect.signature(method).parameters, inspect.signature(own).parameters
        for at, parameter in enumerate(theirs.values()):
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                assert any(one.kind is inspect.Parameter.VAR_KEYWORD for one in mine.values()), name
                continue
            assert list(mine)[at] == parameter.name, name
            if parameter.default is not inspect.Parameter.empty:
                assert mine[parameter.name].default == parameter.default, name
        extra = list(mine.values())[len(theirs) :]
        needed = [one.name for one in extra if one.default is inspect.Parameter.empty and one.kind in (0, 1, 3)]
        assert not needed, f"{name} needs more than is documented: {needed}"


def test_each_instance_has_the_documented_attributes(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        made = {
            "Position Class": (("AAPL",), pitboss.Position("AAPL")),
            "Position Tracker": ((house.bus,), pitboss.PositionTracker(house.bus)),
            "Order Class": (("AAPL", 1, OrderType.MARKET), pitboss.Order("AAPL", 1, OrderType.MARKET)),
            "Order Manager": (
                (house.system.gateway, house.bus),
                pitboss.OrderManager(house.system.gateway, house.bus),
            ),
        }
        for heading, (arguments, ours) in made.items():
            wanted = vars(documented(heading)(*arguments))
            assert wanted
            for name, value in wanted.items():
                assert hasattr(ours, name), f"{heading}: {name}"
                if name not in ("position_id", "order_id", "positions", "orders"):
                    assert getattr(ours, name) == value, f"{heading}: {name}"
        assert dict(pitboss.OrderManager(house.system.gateway, house.bus).orders) == {}
        assert pitboss.Position("AAPL", "mine").position_id == "mine"
        assert pitboss.Order("AAPL", 1, OrderType.MARKET, "my-order").order_id == "my-order"

    run_api(body)


def test_basic_position_management_runs(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        names = await run_block("Basic Position Management", {})
        position = names["position"]
        await position.wait_closed()
        assert (position.status, position.close_reason) == (PositionStatus.CLOSED, "manual exit")
        assert names["position_tracker"].positions[position.position_id] == position
        await house.until(lambda: not house.working() and not house.at_broker(), "flat, and nothing works")

    run_api(body)


def test_order_creation_and_submission_runs(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        names = await run_block(
            "Order Creation and Submission", {"gateway": house.system.gateway, "event_bus": house.bus}
        )
        order, limit_order = names["order"], names["limit_order"]
        assert await order.wait_done() is OrderStatus.FILLED
        assert order.execution_details["filled"] == 100
        assert house.at_broker() == {"AAPL": 100}
        assert await limit_order.wait_accepted() is OrderStatus.ACCEPTED
        [working] = house.working()
        assert (working.order_ref, working.quantity, working.limit) == (limit_order.order_id, 50, Decimal("280.5"))

    run_api(body)


def test_the_rule_of_the_requirements_runs(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        await house.listen(RuleFiredEvent)
        names = {"rule_engine": pitboss.RuleEngine(), "Rule": pitboss.Rule}
        await run_block("Integration with Rule Engine", names)
        tracker = pitboss.PositionTracker(house.bus)
        await house.bus.emit(prediction("AAPL", "BUY", 0.80))
        await house.bus.emit(prediction("AAPL", PredictionSignal.SELL, 0.95))
        await house.bus.emit(prediction("AAPL", "BUY", 0.81))
        await house.until(lambda: bool(tracker.positions), "a position")
        [position] = tracker.positions.values()
        await position.wait_protected()
        assert (position.quantity, position.entry_price) == (100, pytest.approx(150, abs=0.02))
        assert float(position.stop_loss / position.entry_price) == pytest.approx(0.97, abs=0.0005)
        assert float(position.take_profit / position.entry_price) == pytest.approx(1.08, abs=0.0005)
        await house.until(lambda: bool(house.events), "the rule is told to have fired")
        assert [event.rule_id for event in house.events] == ["prediction_entry"]

    run_api(body)
