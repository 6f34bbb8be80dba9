"""Pitboss from Python: order and position management for Interactive Brokers, awaited under trio.

    async with pitboss.open_system() as system:
        tracker = pitboss.PositionTracker(pitboss.EventBus())
        position = await tracker.create_position("AAPL", quantity=100, stop_loss_pct=0.03)

What this package has are views and commands; behind them are the same actors that `pitboss run` runs. A tour is in
docs/python-api.md.
"""

from __future__ import annotations

import pitboss.origin  # noqa: F401 - before any other import of ours

# isort: split
from config.problems import SettingsError
from config.settings import Settings
from messages.position import ScaleTarget, StopStep
from pitboss.current import current_system
from pitboss.errors import (
    BrokerUnreachableError,
    EmitRefusedError,
    NoAnswerError,
    NotRunningError,
    OrderRefusedError,
    PitbossError,
    PositionRefusedError,
    RefusedError,
    RuleRefusedError,
    StartError,
    SystemFailedError,
    UnknownOrderError,
    UnknownPositionError,
)
from pitboss.event.base import BaseEvent
from pitboss.event.bus import EventBus
from pitboss.event.subscription import Subscriber
from pitboss.gateway import IBGateway
from pitboss.opening import open_system
from pitboss.order import (
    BracketGroup,
    OcoGroup,
    Order,
    OrderGroup,
    OrderManager,
    OrderStatus,
    OrderType,
    Role,
    Side,
    TimeInForce,
)
from pitboss.paper import PaperMarket
from pitboss.position import Position, PositionStatus, PositionTracker, StockPosition
from pitboss.rule import Rule, RuleEngine
from pitboss.system import PitbossSystem

__all__ = [
    "BaseEvent",
    "BracketGroup",
    "BrokerUnreachableError",
    "EmitRefusedError",
    "EventBus",
    "IBGateway",
    "NoAnswerError",
    "NotRunningError",
    "OcoGroup",
    "Order",
    "OrderGroup",
    "OrderManager",
    "OrderRefusedError",
    "OrderStatus",
    "OrderType",
    "PaperMarket",
    "PitbossError",
    "PitbossSystem",
    "Position",
    "PositionRefusedError",
    "PositionStatus",
    "PositionTracker",
    "RefusedError",
    "Role",
    "Rule",
    "RuleEngine",
    "RuleRefusedError",
    "ScaleTarget",
    "Settings",
    "SettingsError",
    "Side",
    "StartError",
    "StockPosition",
    "StopStep",
    "Subscriber",
    "SystemFailedError",
    "TimeInForce",
    "UnknownOrderError",
    "UnknownPositionError",
    "current_system",
    "open_system",
]
