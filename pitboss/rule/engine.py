"""The rules of a running system."""

from __future__ import annotations

from actors.rules import RegisterRule, UnregisterRule
from domain.rules import Rule
from messages.lifecycle import RaiseAlarm
from messages.position import CommandRefused
from pitboss.current import current_system
from pitboss.errors import NotRunningError, RuleRefusedError
from pitboss.event.bus import EventBus

__all__ = ["RuleEngine"]


class RuleEngine:
    """Registers rules with the system's rules actor, which evaluates each event once, when it arrives.

    What becomes of a rule is told on the event bus: `RuleFiredEvent`, `RuleSkippedEvent` with the reason. A rule that
    raises is disabled for its symbol, with an alarm.
    """

    def __init__(self, event_bus: EventBus | None = None) -> None:
        """Take the system of the event bus, or of the enclosing `async with`. Raises NotRunningError."""
        if event_bus is None:
            self._system = current_system("a RuleEngine")
        elif event_bus.system is None:
            raise NotRunningError("a RuleEngine needs the event bus of a running system, not one on its own")
        else:
            self._system = event_bus.system

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All of the system's, those of the configuration too, in order of registration."""
        return tuple(self._system.rules.values())

    def register_rule(self, rule: Rule) -> None:
        """Evaluate this rule too, for every event from now on; a restart of the rules actor keeps it.

        It is gone when the system ends: what is to be there at the next start belongs into the configuration, or into
        `open_system(rules=…)`. Raises RuleRefusedError where its id is taken, and NotRunningError.
        """
        system = self._system
        system.check_running("a RuleEngine")
        if rule.rule_id in system.rules:
            raise RuleRefusedError("there is already a rule with this id", rule.rule_id)
        system.rules[rule.rule_id] = rule
        address = system.process.system.address("rules")
        self._send(RegisterRule(rule))
        for event_type in rule.condition.event_types:
            # at once: the next event may come before the actor has read the message
            system.process.bus.subscribe(event_type, address)

    def unregister_rule(self, rule_id: str) -> None:
        """Forget a rule, for every event from now on. Raises RuleRefusedError where there is none, NotRunningError."""
        self._system.check_running("a RuleEngine")
        if self._system.rules.pop(rule_id, None) is None:
            raise RuleRefusedError("there is no rule with this id", rule_id)
        self._send(UnregisterRule(rule_id))

    def _send(self, message: RegisterRule | UnregisterRule) -> None:
        answer = self._system.process.system.address("rules").ask(message)

        async def see() -> None:
            outcome = await answer
            if isinstance(outcome, CommandRefused):
                text = f"{type(message).__name__} was refused: {outcome.reason} ({outcome.figures})"
                self._system.process.system.address("alarms").tell(RaiseAlarm("rule.refused", text))

        self._system.in_background(see)
