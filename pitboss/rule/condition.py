"""Conditions. Combine them with `&`, `|` and `~`."""

from __future__ import annotations

from domain.rules import Condition, ConditionError, EventCondition

__all__ = ["Condition", "ConditionError", "EventCondition"]
