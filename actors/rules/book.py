"""The rules of a process, and the commands that change them while it runs."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from domain.rules import Rule

__all__ = ["RegisterRule", "RuleBook", "UnregisterRule"]


class RuleBook:
    """The rules of a process. It outlives the actor, which alone changes it: a restart keeps what was registered."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Take them in order of registration. Raises ValueError when two share an id."""
        self.rules: dict[str, Rule] = {}
        for rule in rules:
            if self.rules.setdefault(rule.rule_id, rule) is not rule:
                raise ValueError(f"there is already a rule {rule.rule_id!r}")

    def renew(self, rules: Iterable[Rule]) -> None:
        """Put these in the place of those with the same ids, before an incarnation of the actor begins."""
        for rule in rules:
            if rule.rule_id in self.rules:
                self.rules[rule.rule_id] = rule


@frozen(slots=True)
class RegisterRule:
    """Evaluate this rule too from now on. Answered with a CommandOutcome: its id may be taken."""

    rule: Rule


@frozen(slots=True)
class UnregisterRule:
    """Forget a rule. Answered with a CommandOutcome."""

    rule_id: str
