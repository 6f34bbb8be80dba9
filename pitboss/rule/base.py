"""A rule: condition, action and how often."""

from __future__ import annotations

from domain.rules import Rule

__all__ = ["Rule"]
