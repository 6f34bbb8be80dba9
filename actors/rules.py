"""The rules actor: events in, commands to positions out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import trio
from attrs import frozen

from actors.bus import EventBus
from actors.runtime.base import ActorContext, RunQueueActor
from config.logging import log
from domain.rules import Due, Examined, Faulty, Rule, RuleEngine, Skipped
from messages.decision import RuleSkipped, RulesWeighed, WeighEntry
from messages.event import BaseEvent
from messages.journal import Append, Entry, Replay
from messages.lifecycle import RaiseAlarm
from messages.position import CommandAccepted, CommandOutcome, CommandRefused, OpenPosition
from messages.signal import PredictionSignalEvent, RuleFired, RuleFiredEvent, RuleSkippedEvent, SignalIgnoredEvent

__all__ = ["RegisterRule", "RuleBook", "RulesActor", "UnregisterRule"]

_ANSWER_SECONDS = 10.0


class RuleBook:
    """The rules of a process. It outlives the actor, which alone changes it: a restart keeps what was registered."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Take them in order of registration. Raises ValueError when two share an id."""
        self.rules: dict[str, Rule] = {}
        for rule in rules:
            if self.rules.setdefault(rule.rule_id, rule) is not rule:
                raise ValueError(f"there is already a rule {rule.rule_id!r}")


@frozen(slots=True)
class RegisterRule:
    """Evaluate this rule too from now on. Answered with a CommandOutcome: its id may be taken."""

    rule: Rule


@frozen(slots=True)
class UnregisterRule:
    """Forget a rule. Answered with a CommandOutcome."""

    rule_id: str


@frozen(slots=True)
class _Outcome:
    """How the commands of a rule were answered; `text` is what it did, or why it did nothing."""

    due: Due
    signal_id: str | None
    done: bool
    text: str


class RulesActor(RunQueueActor):
    """Evaluates each event once, when it arrives, and carries the commands of due rules out in order.

    A command that is refused ends its rule's sequence. Only an action that did something starts the cooldown, and
    that is journaled (stream "rules"), so it goes on after a restart. What it is answered for arrives as a message:
    while one rule waits, others go on.

    What each rule says of a prediction is journaled once, when it arrives. Where none acts on it (it is stale, no
    condition holds, a cooldown runs, …) the position of its symbol is asked to weigh the entry that the nearest rule
    would have asked for, so that the journal can tell what else stood against it.
    """

    def __init__(self, context: ActorContext, *, rules: RuleBook, bus: EventBus) -> None:
        """Take the rules in order of registration."""
        super().__init__(context)
        self._book = rules
        self._engine = RuleEngine()
        for rule in rules.rules.values():
            self._engine.register_rule(rule)
        self._bus = bus
        self._evaluated = 0
        self._fired = 0

    async def prepare(self) -> None:
        """Rebuild cooldowns and daily counts."""
        for record in await self.system.address("journal").ask(Replay(stream="rules")):
            match record.payload:
                case RuleFired(rule_id, symbol, _, time):
                    self._engine.fired(rule_id, symbol, time)
        for event_type in self._engine.event_types:
            self._bus.subscribe(event_type, self.address)
        self._bus.subscribe(PredictionSignalEvent, self.address)
        self._bus.subscribe(SignalIgnoredEvent, self.address)

    def on_receive(self, message: Any) -> Any:
        """Evaluate an event, or note how a rule's commands were answered."""
        match message:
            case SignalIgnoredEvent(reason=reason, prediction=PredictionSignalEvent() as prediction):
                self._weigh(prediction, f"ignored: {reason}")
                self._evaluate(message)
            case BaseEvent():
                self._evaluate(message)
            case _Outcome():
                self._conclude(message)
            case RegisterRule(rule):
                return self._register(rule)
            case UnregisterRule(rule_id):
                return self._unregister(rule_id)
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Count what it did."""
        return {"rules": len(self._engine.rules), "evaluated": self._evaluated, "fired": self._fired}

    def _register(self, rule: Rule) -> CommandOutcome:
        if rule.rule_id in self._book.rules:
            return CommandRefused("there is already a rule with this id", rule.rule_id)
        self._engine.register_rule(rule)
        self._book.rules[rule.rule_id] = rule
        for event_type in rule.condition.event_types:
            self._bus.subscribe(event_type, self.address)
        return CommandAccepted(text=rule.words())

    def _unregister(self, rule_id: str) -> CommandOutcome:
        if self._book.rules.pop(rule_id, None) is None:
            return CommandRefused("there is no rule with this id", rule_id)
        self._engine.unregister_rule(rule_id)
        return CommandAccepted(text=f"{rule_id} is no longer evaluated")

    def _evaluate(self, event: BaseEvent) -> None:
        self._evaluated += 1
        signal_id: str | None = getattr(event, "signal_id", None)
        matched = due = False
        examined = self._examine(event) if isinstance(event, PredictionSignalEvent) else ()
        for outcome in self._engine.evaluate(event, self.environment.now()):
            matched = True
            match outcome:
                case Due():
                    due = True
                    self.spawn(self._carry_out, outcome, signal_id, name=f"rule {outcome.rule.rule_id}")
                case Skipped(rule, symbol, reason):
                    self._skip(rule.rule_id, symbol, signal_id, reason)
                case Faulty(rule, symbol, error):
                    text = f"rule {rule.rule_id} is disabled for {symbol}: {error}"
                    self.system.address("alarms").tell(RaiseAlarm("rule.faulty", text, symbol=symbol))
                    self._skip(rule.rule_id, symbol, signal_id, f"disabled: {error}")
        if isinstance(event, PredictionSignalEvent) and not due:
            self._weigh_nearest(
                event, examined, "every rule that matches was skipped" if matched else "no rule matches"
            )
        if not matched and isinstance(event, PredictionSignalEvent):
            log(
                "signal.ignored",
                actor=self.address.name,
                symbol=event.symbol,
                signal_id=event.signal_id,
                reason="no rule matches",
            )
            self._bus.publish(SignalIgnoredEvent(event.symbol, event.signal_id, "no rule matches"))

    def _weigh(self, prediction: PredictionSignalEvent, reason: str) -> None:
        """Have the journal tell what would have stood against a prediction that the rules are not given."""
        self._weigh_nearest(prediction, self._examine(prediction), reason)

    def _examine(self, prediction: PredictionSignalEvent) -> tuple[Examined, ...]:
        examined = self._engine.examine(prediction, self.environment.now())
        verdicts = tuple(verdict for each in examined for verdict in each.verdicts)
        fact = RulesWeighed(prediction.symbol, prediction.signal_id, verdicts)
        self.system.address("journal").tell(Append((Entry("rules", fact),)))
        return examined

    def _weigh_nearest(self, prediction: PredictionSignalEvent, examined: tuple[Examined, ...], reason: str) -> None:
        for each in sorted(examined, key=lambda one: one.against):
            for command in each.commands:
                if isinstance(command.message, OpenPosition) and command.symbol == prediction.symbol:
                    self.system.address(f"position/{command.symbol}").tell(WeighEntry(command.message, reason))
                    return

    async def _carry_out(self, due: Due, signal_id: str | None) -> None:
        texts: list[str] = []
        for command in due.commands:
            answer: Any = None
            with trio.move_on_after(_ANSWER_SECONDS):
                answer = await self.system.address(f"position/{command.symbol}").ask(command.message)
            match answer:
                case CommandAccepted(order_refs, text):
                    texts.append(text or f"{command.symbol}: {', '.join(order_refs)}")
                case CommandRefused(reason, figures):
                    texts.append(f"{command.symbol}: refused: {reason}" + (f" ({figures})" if figures else ""))
                    break
                case _:
                    texts.append(f"{command.symbol}: no answer within {_ANSWER_SECONDS:g} s")
                    break
        else:
            self.tell_self(_Outcome(due, signal_id, bool(texts), "; ".join(texts)))
            return
        self.tell_self(_Outcome(due, signal_id, len(texts) > 1, "; ".join(texts)))

    def _conclude(self, outcome: _Outcome) -> None:
        rule_id, symbol = outcome.due.rule.rule_id, outcome.due.symbol
        self._engine.finished(rule_id, symbol)
        if not outcome.done:
            self._skip(rule_id, symbol, outcome.signal_id, outcome.text)
            return
        self._fired += 1
        now = self.environment.now()
        self._engine.fired(rule_id, symbol, now)
        self.system.address("journal").tell(
            Append((Entry("rules", RuleFired(rule_id, symbol, outcome.signal_id, now)),))
        )
        log(
            "rule.fired",
            actor=self.address.name,
            symbol=symbol,
            rule_id=rule_id,
            signal_id=outcome.signal_id,
            outcome=outcome.text,
        )
        self._bus.publish(RuleFiredEvent(rule_id, symbol, outcome.signal_id, outcome.text))

    def _skip(self, rule_id: str, symbol: str, signal_id: str | None, reason: str) -> None:
        log("rule.skipped", actor=self.address.name, symbol=symbol, rule_id=rule_id, signal_id=signal_id, reason=reason)
        if signal_id:
            fact = RuleSkipped(rule_id, symbol, signal_id, reason)
            self.system.address("journal").tell(Append((Entry("rules", fact),)))
        self._bus.publish(RuleSkippedEvent(rule_id, symbol, signal_id, reason))
