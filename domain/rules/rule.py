"""A rule: condition, action and how often."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, min_len, optional

from domain.rules.action import Action
from domain.rules.condition import Condition

__all__ = ["Rule"]


@frozen(slots=True, kw_only=True, eq=False)
class Rule:
    """When `condition` holds for an event, do `action`.

    Higher `priority` goes first; on equal priority, registration order. `cooldown_seconds` and
    `max_executions_per_day` (exchange days) count per symbol, and only actions that really did something.
    `symbols` restricts the rule to events of these symbols; None means any.
    """

    rule_id: str = field(validator=min_len(1))
    name: str = ""
    condition: Condition
    action: Action
    description: str = ""
    enabled: bool = True
    priority: int = 0
    cooldown_seconds: float = field(default=0.0, validator=ge(0))
    max_executions_per_day: int | None = field(default=None, validator=optional(ge(1)))
    symbols: frozenset[str] | None = None

    def words(self) -> str:
        """Say the whole rule in words."""
        limits = []
        if self.symbols is not None:
            limits.append(f"for {', '.join(sorted(self.symbols))} only")
        if self.cooldown_seconds:
            limits.append(f"at most once in {self.cooldown_seconds:g} s per symbol")
        if self.max_executions_per_day is not None:
            limits.append(f"at most {self.max_executions_per_day} a day per symbol")
        tail = f" ({'; '.join(limits)})" if limits else ""
        state = "" if self.enabled else " [disabled]"
        return f"{self.rule_id}{state}: when {self.condition.words()}, {self.action.words()}{tail}"
