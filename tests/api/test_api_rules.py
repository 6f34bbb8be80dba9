"""Rules that a program registers with the running system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
import trio

import pitboss
from messages.journal import Replay
from messages.signal import SignalReceived
from pitboss.event.api import RuleFiredEvent, RuleSkippedEvent, prediction
from pitboss.rule.action import ClosePositionAction, CreatePositionAction
from pitboss.rule.condition import EventCondition


@attrs.frozen
class Earnings(pitboss.BaseEvent):
    symbol: str
    surprise: float


def beat(rule_id: str = "beat") -> pitboss.Rule:
    return pitboss.Rule(
        rule_id=rule_id,
        condition=EventCondition(Earnings, {"surprise": "> 0.1"}),
        action=CreatePositionAction(quantity=10, stop_loss_pct=0.03),
    )


def test_an_event_of_the_program_s_own_reaches_a_rule_that_was_registered_a_moment_ago(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        await house.listen(RuleFiredEvent)
        engine, tracker = pitboss.RuleEngine(house.bus), pitboss.PositionTracker(house.bus)
        engine.register_rule(beat())
        await house.bus.emit(Earnings("AAPL", 0.05))
        await house.bus.emit(Earnings("AAPL", 0.2))
        await house.until(lambda: bool(tracker.positions), "a position")
        [position] = tracker.positions.values()
        await position.wait_protected()
        assert position.quantity == 10
        engine.register_rule(
            pitboss.Rule(
                rule_id="miss", condition=EventCondition(Earnings, {"surprise": "< 0"}), action=ClosePositionAction()
            )
        )
        await house.bus.emit(Earnings("AAPL", -0.2))
        await position.wait_closed()
        assert position.close_reason == "rule:miss"
        await house.until(lambda: len(house.events) == 2, "both fired")
        assert [event.rule_id for event in house.events] == ["beat", "miss"]
        engine.unregister_rule("beat")
        await house.bus.emit(Earnings("AAPL", 0.2))
        await trio.sleep(0.2)
        assert len(tracker.positions) == 1

    run_api(body)


def test_an_id_that_is_taken_is_refused_and_rules_of_the_start_are_there(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        engine = pitboss.RuleEngine()
        assert [rule.rule_id for rule in engine.rules] == ["configured", "given"]
        with pytest.raises(pitboss.RuleRefusedError, match=r"already a rule with this id \(configured\)"):
            engine.register_rule(beat("configured"))
        with pytest.raises(pitboss.RuleRefusedError, match="no rule with this id"):
            engine.unregister_rule("nobody")

    configured = {"id": "configured", "event": "PredictionSignalEvent", "do": "close_position"}
    run_api(body, configuration={"rules": [configured]}, rules=[beat("given")])


def test_a_refused_action_is_told_with_its_reason_and_a_registered_rule_survives_a_restart(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        await house.listen(RuleSkippedEvent)
        pitboss.RuleEngine().register_rule(beat())
        house.system.process.system.address("rules").tell(object())  # it crashes, and is started again
        await house.bus.emit(Earnings("AAPL", 0.2))
        await house.until(lambda: bool(house.events), "skipped")
        [skipped] = house.events
        assert skipped.rule_id == "beat"
        assert "notional" in skipped.reason

    run_api(body, risk={"max_position_notional": 100})


def test_an_emitted_prediction_is_journaled_and_acts_once(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        await house.listen(RuleSkippedEvent)
        made = prediction("AAPL", "BUY", 0.9, signal_id="flow-1")
        await house.bus.emit(made)
        tracker = pitboss.PositionTracker(house.bus)
        await house.until(lambda: bool(tracker.positions), "a position")
        [position] = tracker.positions.values()
        await position.wait_protected()
        await position.close()
        await position.wait_closed()
        await house.bus.emit(made)
        await house.until(lambda: bool(house.events), "skipped")
        assert "acted on already" in house.events[0].reason
        records = await house.system.ask("journal", Replay(stream="signals"))
        assert [record.payload.event for record in records if isinstance(record.payload, SignalReceived)] == [made] * 2
        with pytest.raises(ValueError, match="between 0 and 1"):
            prediction("AAPL", "BUY", 90)
        with pytest.raises(ValueError, match="PERHAPS"):
            prediction("AAPL", "PERHAPS", 0.9)

    rule = {
        "id": "entry",
        "event": "PredictionSignalEvent",
        "do": "create_position",
        "side": "BUY",
        "when": {"signal": "BUY", "confidence": ">= 0.8"},
    }
    run_api(body, configuration={"rules": [rule]}, symbols=["AAPL"])


def test_outside_of_a_system_it_says_what_is_missing() -> None:
    bus = pitboss.EventBus()
    for make in (
        lambda: pitboss.PositionTracker(bus),
        lambda: pitboss.RuleEngine(bus),
        pitboss.RuleEngine,
        lambda: pitboss.Position("AAPL"),
        lambda: pitboss.Order("AAPL", 1, pitboss.OrderType.MARKET),
        lambda: prediction("AAPL", "BUY", 0.9),
    ):
        with pytest.raises(pitboss.NotRunningError, match="running system"):
            make()
