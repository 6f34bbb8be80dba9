"""Rules: which event, under which condition, leads to what."""

from __future__ import annotations

from pitboss.rule.base import Rule
from pitboss.rule.engine import RuleEngine

__all__ = ["Rule", "RuleEngine"]
