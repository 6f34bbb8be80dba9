"""A rule that buys on a confident prediction: the requirements' "Integration with Rule Engine".

python examples/prediction_rule.py
"""

from __future__ import annotations

import trio

import pitboss
from pitboss import Rule, RuleEngine
from pitboss.event.api import PredictionSignalEvent, RuleFiredEvent, SignalIgnoredEvent, prediction
from pitboss.event.bus import EventBus
from pitboss.position.tracker import PositionTracker
from pitboss.rule.action import CreatePositionAction
from pitboss.rule.condition import EventCondition


async def main() -> None:
    """Run it."""
    async with pitboss.open_system():
        event_bus, rule_engine = EventBus(), RuleEngine()
        tracker = PositionTracker(event_bus)
        fired = trio.Event()

        async def tell(event: RuleFiredEvent) -> None:
            print(f"fired:   {event.rule_id} for {event.symbol}")
            fired.set()

        await event_bus.subscribe(RuleFiredEvent, tell)
        await event_bus.subscribe(
            SignalIgnoredEvent, lambda event: print(f"ignored: {event.signal_id}, {event.reason}")
        )

        # fmt: off
        # Condition: When a BUY prediction arrives with high confidence
        condition = EventCondition(
            event_type=PredictionSignalEvent,
            field_conditions={
                "signal": "BUY",
                "confidence": lambda c: c > 0.8
            }
        )

        # Action: Create a position with risk management
        action = CreatePositionAction(
            symbol=lambda ctx: ctx["event"].symbol,
            quantity=100,
            stop_loss_pct=0.03,
            take_profit_pct=0.08
        )

        # Register rule with rule engine
        rule = Rule(
            rule_id="prediction_entry",
            name="Enter Position on High Confidence Buy Signal",
            condition=condition,
            action=action
        )
        rule_engine.register_rule(rule)

        # fmt: on
        print(f"rule:    {rule.words()}")
        await event_bus.emit(prediction("AAPL", "BUY", 0.75, signal_id="a weak one"))
        await event_bus.emit(prediction("AAPL", "BUY", 0.91, signal_id="a strong one"))
        await fired.wait()
        [position] = tracker.positions.values()
        await position.wait_protected()
        print(f"open:    {position.symbol} {position.quantity} at {position.entry_price}")
        print(f"         stop {position.stop_loss}, target {position.take_profit}, at the broker")
        await position.close(reason="the example is over")
        await position.wait_closed()
        print(f"closed:  {position.close_reason}")


if __name__ == "__main__":
    trio.run(main)
