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
    `cooldown_cleared_by` are reasons of a PositionCloseEvent ("stop", "trailing_stop", …) that end the symbol's
    cooldown early; the prediction that the rule acted on last stays used. `symbols` restricts the rule to events of
    these symbols; None means any.

    A rule whose condition waits for no event (position, time, market alone) acts once each time that it becomes true.
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
    cooldown_cleared_by: frozenset[str] = frozenset()

    @property
    def looks_at(self) -> frozenset[str]:
        """What it looks at besides the event: "positions", "prices", "hours", "indicator NAME"."""
        return self.condition.looks_at | self.action.looks_at

    @property
    def only(self) -> frozenset[str] | None:
        """The symbols for whose events it can act, by its own word and by its condition; None means any."""
        if self.symbols is None or self.condition.symbols is None:
            return self.condition.symbols if self.symbols is None else self.symbols
        return self.symbols & self.condition.symbols

    def words(self) -> str:
        """Say the whole rule in words."""
        limits = []
        if self.symbols is not None:
            limits.append(f"for {', '.join(sorted(self.symbols))} only")
        if self.cooldown_seconds:
            limits.append(f"at most once in {self.cooldown_seconds:g} s per symbol")
        if self.cooldown_cleared_by:
            limits.append(f"at once again after a close by {' or '.join(sorted(self.cooldown_cleared_by))}")
        if self.max_executions_per_day is not None:
            limits.append(f"at most {self.max_executions_per_day} a day per symbol")
        if self.priority:
            limits.append(f"priority {self.priority}")
        tail = f" ({'; '.join(limits)})" if limits else ""
        state = "" if self.enabled else " [disabled]"
        when = "each time that" if self.condition.by_state else "when"
        return f"{self.rule_id}{state}: {when} {self.condition.words()}, {self.action.words()}{tail}"
