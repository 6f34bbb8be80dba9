"""The requirements' "Execution Flow" from signal to closure, each step as its event tells it.

python examples/execution_flow.py
"""

from __future__ import annotations

import trio

import pitboss
from pitboss import BaseEvent, EventBus, PositionTracker, Rule, RuleEngine
from pitboss.event.api import PredictionSignalEvent, RuleFiredEvent, prediction
from pitboss.event.order import OrderCreatedEvent, OrderEvent, OrderFilledEvent, OrderSubmittedEvent
from pitboss.event.position import PositionCloseEvent, PositionEvent, PositionOpenEvent, ProtectionArmedEvent
from pitboss.rule.action import CreatePositionAction
from pitboss.rule.condition import EventCondition


def say(event: BaseEvent) -> None:
    """Print an event in words."""
    match event:
        case PredictionSignalEvent(symbol=symbol, signal=signal, confidence=confidence):
            print(f"signal:    {signal} {symbol} at {confidence:.0%}")
        case RuleFiredEvent(rule_id=rule_id):
            print(f"rule:      {rule_id} fired")
        case OrderCreatedEvent(order=order):
            print(f"intended:  {order.role} {order.order_type} {order.quantity}")
        case OrderSubmittedEvent(order=order):
            print(f"sent:      {order.role}")
        case OrderFilledEvent(order=order, execution=fill):
            print(f"filled:    {order.role}, {fill.quantity} at {fill.price}")
        case PositionOpenEvent(position=view):
            print(f"position:  {view.quantity} at {view.average_price}")
        case ProtectionArmedEvent(position=view):
            print(f"protected: stop {view.stop}, target {view.target}")
        case PositionCloseEvent(position=view, reason=reason):
            print(f"closed:    by its {reason}, realised {view.realized_pnl}")


async def main() -> None:
    """Run it."""
    async with pitboss.open_system(paper="manual") as system:
        assert system.paper is not None
        event_bus = EventBus()
        for event_type in (PredictionSignalEvent, RuleFiredEvent, OrderEvent, PositionEvent):
            await event_bus.subscribe(event_type, say)
        RuleEngine().register_rule(
            Rule(
                rule_id="entry",
                condition=EventCondition(PredictionSignalEvent, {"signal": "BUY", "confidence": "> 0.8"}),
                action=CreatePositionAction(quantity=100, stop_loss_pct=0.03, take_profit_pct=0.08),
            )
        )
        opened, closed = trio.Event(), trio.Event()
        await event_bus.subscribe(ProtectionArmedEvent, lambda _: opened.set())
        await event_bus.subscribe(PositionCloseEvent, lambda _: closed.set())

        await system.paper.trade_at("AAPL", 150)
        await event_bus.emit(prediction("AAPL", "BUY", 0.9))
        await opened.wait()
        print("           … the market falls through the stop …")
        await system.paper.trade_at("AAPL", 145)
        await closed.wait()
        await event_bus.idle()
        [position] = PositionTracker(event_bus).positions.values()
        print(f"at the end: {position.symbol} {position.status}, {position.quantity} held")


if __name__ == "__main__":
    trio.run(main)
