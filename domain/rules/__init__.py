"""Rules: which event, under which condition, leads to which command.

`Rule`, `EventCondition`, `CreatePositionAction` and `RuleEngine` are the requirements' names; rules come from the
configuration (`from_settings`) or from Python, and both are these same objects.
"""

from __future__ import annotations

from domain.rules.action import (
    Action,
    ActionError,
    ClosePositionAction,
    Command,
    CreatePositionAction,
    SequenceAction,
)
from domain.rules.condition import Condition, ConditionError, EventCondition
from domain.rules.engine import Due, Examined, Faulty, RuleEngine, Skipped
from domain.rules.predicate import PredicateError, parse_predicate
from domain.rules.rule import Rule

__all__ = [
    "Action",
    "ActionError",
    "ClosePositionAction",
    "Command",
    "Condition",
    "ConditionError",
    "CreatePositionAction",
    "Due",
    "EventCondition",
    "Examined",
    "Faulty",
    "PredicateError",
    "Rule",
    "RuleEngine",
    "SequenceAction",
    "Skipped",
    "parse_predicate",
]
