"""Rules: which event, under which condition, leads to which command.

`Rule`, `EventCondition`, `CreatePositionAction` and `RuleEngine` are the requirements' names; rules come from the
configuration (`from_settings`) or from Python, and both are these same objects.
"""

from __future__ import annotations

from domain.rules.action import (
    Action,
    ActionError,
    Command,
    ConditionalAction,
    LogAction,
    LogLine,
    SequenceAction,
)
from domain.rules.condition import Condition, ConditionError, EventCondition
from domain.rules.engine import Due, Examined, Faulty, RuleEngine, Skipped
from domain.rules.entry_actions import (
    CreateBracketAction,
    CreateOrderAction,
    CreatePositionAction,
    DoubleDownAction,
    ScaleInAction,
)
from domain.rules.exit_actions import (
    AdjustExitsAction,
    CancelOrderAction,
    CloseAllAction,
    ClosePositionAction,
    FlattenAction,
)
from domain.rules.facts import Facts, NotKnownError
from domain.rules.predicate import PredicateError, parse_predicate
from domain.rules.rule import Rule
from domain.rules.state_conditions import MarketCondition, PositionCondition, TimeCondition

__all__ = [
    "Action",
    "ActionError",
    "AdjustExitsAction",
    "CancelOrderAction",
    "CloseAllAction",
    "ClosePositionAction",
    "Command",
    "Condition",
    "ConditionError",
    "ConditionalAction",
    "CreateBracketAction",
    "CreateOrderAction",
    "CreatePositionAction",
    "DoubleDownAction",
    "Due",
    "EventCondition",
    "Examined",
    "Facts",
    "Faulty",
    "FlattenAction",
    "LogAction",
    "LogLine",
    "MarketCondition",
    "NotKnownError",
    "PositionCondition",
    "PredicateError",
    "Rule",
    "RuleEngine",
    "ScaleInAction",
    "SequenceAction",
    "Skipped",
    "TimeCondition",
    "parse_predicate",
]
