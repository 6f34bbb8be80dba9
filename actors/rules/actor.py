"""The rules actor: events in, commands to positions out."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pykka
import trio
from attrs import frozen

from actors.bus import EventBus
from actors.rules.book import RegisterRule, RuleBook, UnregisterRule
from actors.rules.carrying import Outcome, carry_out
from actors.rules.day import DayEnds
from actors.runtime.base import ActorContext, RunQueueActor
from config.calendars import exchange_hours
from config.logging import log
from config.settings import Settings
from domain.exchange_hours import ExchangeHours
from domain.rules import Due, Examined, Facts, Faulty, Rule, RuleEngine, Skipped
from messages.decision import RuleSkipped, RulesWeighed, WeighEntry
from messages.event import BaseEvent
from messages.indicator import IndicatorEvent
from messages.journal import Append, Entry, Replay
from messages.lifecycle import RaiseAlarm
from messages.market import PriceEvent
from messages.position import (
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    DescribePosition,
    DoubleDown,
    HeldOverClose,
    OpenPosition,
    PlaceOrder,
    PositionCloseEvent,
    PositionEvent,
    PositionView,
    ScaleIn,
)
from messages.schedule import SessionEndingEvent, TimeEvent
from messages.signal import (
    CooldownCleared,
    PredictionSignalEvent,
    RuleFired,
    RuleFiredEvent,
    RulesCheckpoint,
    RuleSkippedEvent,
    SignalIgnoredEvent,
)

__all__ = ["RulesActor"]

_CHECKPOINT_EVERY = 500  # records of the stream "rules"
_PATIENCE = 10.0  # seconds for a position to say how it stands
_OWN = (TimeEvent, SessionEndingEvent)  # made here, not heard on the bus


@frozen(slots=True)
class _Second:
    """A second has passed."""


@frozen(slots=True)
class _Learned:
    """How a position stood when the rules began."""

    view: PositionView


class RulesActor(RunQueueActor):
    """Evaluates each event once, when it arrives, and carries the commands of due rules out in order.

    A command that is refused ends its rule's sequence. Only an action that did something starts the cooldown, and
    that is journaled (stream "rules"), so it goes on after a restart. What it is answered for arrives as a message:
    while one rule waits, others go on.

    What each rule says of a prediction is journaled once, when it arrives. Where none acts on it (it is stale, no
    condition holds, a cooldown runs, …) the position of its symbol is asked to weigh the entry that the nearest rule
    would have asked for, so that the journal can tell what else stood against it. Of other events, which may come many
    times a second, a rule's reason to do nothing is told once, until it changes.

    What rules look at besides the event is kept here: positions, prices and indicators from the bus, while a rule
    looks at them. From `flatten_at` to the close no rule opens anything in the symbol.
    """

    def __init__(
        self, context: ActorContext, *, rules: RuleBook, bus: EventBus, settings: Settings | None = None
    ) -> None:
        """Take the rules in order of registration; `settings` know the exchanges' calendars and `flatten_at`."""
        super().__init__(context)
        self._book = rules
        self._settings = settings or Settings()
        self._facts = Facts(self._hours)
        self._engine = RuleEngine(facts=self._facts)
        for rule in rules.rules.values():
            self._engine.register_rule(rule)
        self._bus = bus
        self._evaluated = 0
        self._fired = 0
        self._records = 0
        self._clock_runs = False
        self._told: dict[tuple[str, str], str] = {}  # rule id, symbol → the last reason that was told
        times = {symbol: self._settings.flatten_at(symbol) for symbol in self._settings.symbols}
        self._ends = DayEnds({symbol: time.fromisoformat(at) for symbol, at in times.items() if at}, self._facts)

    async def prepare(self) -> None:
        """Rebuild cooldowns and daily counts."""
        records = await self.system.address("journal").ask(Replay(stream="rules"))
        self._records = len(records)
        for record in records:
            match record.payload:
                case RulesCheckpoint(usages):
                    self._engine.restore(usages)
                case RuleFired(rule_id, symbol, signal_id, moment):
                    self._engine.fired(rule_id, symbol, moment, signal_id)
                case CooldownCleared(rule_id, symbol):
                    self._engine.cleared(rule_id, symbol)
        self._bus.subscribe(PredictionSignalEvent, self.address)
        self._bus.subscribe(SignalIgnoredEvent, self.address)
        self._listen()

    def on_receive(self, message: Any) -> Any:
        """Evaluate an event, or note how a rule's commands were answered."""
        match message:
            case SignalIgnoredEvent(reason=reason, prediction=PredictionSignalEvent() as prediction):
                self._weigh(prediction, f"ignored: {reason}")
                self._evaluate(message)
            case BaseEvent():
                self._note(message)
                self._evaluate(message)
            case Outcome():
                self._conclude(message)
            case _Second():
                self._second()
            case _Learned(view):
                if self._facts.position(view.symbol) is None:
                    self._facts.note_position(view)
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

    # what rules look at

    def _hours(self, symbol: str, now: datetime) -> ExchangeHours:
        return exchange_hours(self._settings.calendar(symbol), now)

    def _listen(self) -> None:
        """Hear what the rules wait for and look at, and no more."""
        wanted: set[type[BaseEvent]] = {kind for kind in self._engine.event_types if kind not in _OWN}
        looks_at = self._engine.looks_at
        ends_day = len(self._ends) > 0
        if "positions" in looks_at or ends_day:
            wanted.add(PositionEvent)
            self.spawn(self._learn_positions, name="positions")
        if "prices" in looks_at:
            wanted.add(PriceEvent)
        if any(need.startswith("indicator ") for need in looks_at):
            wanted.add(IndicatorEvent)
        if any(rule.cooldown_cleared_by for rule in self._engine.rules):
            wanted.add(PositionCloseEvent)
        if "hours" in looks_at or ends_day:
            # read now what takes a second to read, not while a price waits
            for symbol in self._settings.symbols:
                self._hours(symbol, self.environment.now())
        for event_type in sorted(wanted, key=lambda kind: kind.__name__):
            self._bus.subscribe(event_type, self.address)
        if (ends_day or TimeEvent in self._engine.event_types) and not self._clock_runs:
            self._clock_runs = True
            self.every(1.0, _Second())

    async def _learn_positions(self) -> None:
        for address in self.system.addresses("position/"):
            view = None
            with trio.move_on_after(_PATIENCE):
                try:
                    view = await address.ask(DescribePosition())
                except pykka.ActorDeadError:
                    continue  # quarantined, or gone: what it says when it is back comes as an event
            if isinstance(view, PositionView):
                self.tell_self(_Learned(view))

    def _note(self, event: BaseEvent) -> None:
        match event:
            case PositionEvent(position=view):
                self._facts.note_position(view)
                if isinstance(event, PositionCloseEvent):
                    self._closed(view.symbol, event.reason)
            case PriceEvent():
                self._facts.note_price(event)
            case IndicatorEvent():
                self._facts.note_indicator(event)

    def _closed(self, symbol: str, reason: str) -> None:
        for rule in self._engine.closed(symbol, reason):
            self._journal(CooldownCleared(rule.rule_id, symbol, reason))

    def _second(self) -> None:
        now = self.environment.now()
        for ending in self._ends.due(now):
            self._evaluate(ending)
        for symbol, closed in self._ends.held_over(now):
            at = self._settings.flatten_at(symbol)
            self.system.address(f"position/{symbol}").tell(HeldOverClose(at, closed))
        if TimeEvent in self._engine.event_types:
            named = self._engine.symbols(TimeEvent)
            for symbol in sorted(named) if named is not None else tuple(self._settings.symbols):
                self._evaluate(TimeEvent(symbol, now))

    # rules that come and go

    def _register(self, rule: Rule) -> CommandOutcome:
        if rule.rule_id in self._book.rules:
            return CommandRefused("there is already a rule with this id", rule.rule_id)
        self._engine.register_rule(rule)
        self._book.rules[rule.rule_id] = rule
        self._listen()
        return CommandAccepted(text=rule.words())

    def _unregister(self, rule_id: str) -> CommandOutcome:
        if self._book.rules.pop(rule_id, None) is None:
            return CommandRefused("there is no rule with this id", rule_id)
        self._engine.unregister_rule(rule_id)
        return CommandAccepted(text=f"{rule_id} is no longer evaluated")

    # evaluating

    def _evaluate(self, event: BaseEvent) -> None:
        self._evaluated += 1
        signal_id: str | None = getattr(event, "signal_id", None)
        matched = due = False
        examined = self._examine(event) if isinstance(event, PredictionSignalEvent) else ()
        for outcome in self._engine.evaluate(event, self.environment.now()):
            matched = True
            match outcome:
                case Due(rule, symbol, commands) if over := self._day_is_over(commands):
                    self._engine.finished(rule.rule_id, symbol)
                    self._skip(rule.rule_id, symbol, signal_id, over)
                case Due(rule):
                    due = True
                    self.spawn(self._carry_out, outcome, signal_id, name=f"rule {rule.rule_id}")
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

    def _day_is_over(self, commands: tuple[Any, ...]) -> str:
        """Return why these commands must not be carried out so late in the day, or ""."""
        if not len(self._ends):
            return ""
        now = self.environment.now()
        for command in commands:
            adds = isinstance(command.message, OpenPosition | ScaleIn | DoubleDown | PlaceOrder)
            if adds and self._ends.over(command.symbol, now):
                return f"end of day: {command.symbol} stays flat from {self._settings.flatten_at(command.symbol)} on"
        return ""

    def _weigh(self, prediction: PredictionSignalEvent, reason: str) -> None:
        """Have the journal tell what would have stood against a prediction that the rules are not given."""
        self._weigh_nearest(prediction, self._examine(prediction), reason)

    def _examine(self, prediction: PredictionSignalEvent) -> tuple[Examined, ...]:
        examined = self._engine.examine(prediction, self.environment.now())
        verdicts = tuple(verdict for each in examined for verdict in each.verdicts)
        self._journal(RulesWeighed(prediction.symbol, prediction.signal_id, verdicts))
        return examined

    def _weigh_nearest(self, prediction: PredictionSignalEvent, examined: tuple[Examined, ...], reason: str) -> None:
        for each in sorted(examined, key=lambda one: one.against):
            for command in each.commands:
                if isinstance(command.message, OpenPosition) and command.symbol == prediction.symbol:
                    self.system.address(f"position/{command.symbol}").tell(WeighEntry(command.message, reason))
                    return

    # carrying out

    async def _carry_out(self, due: Due, signal_id: str | None) -> None:
        self.tell_self(await carry_out(self.system, due, signal_id))

    def _conclude(self, outcome: Outcome) -> None:
        rule_id, symbol = outcome.due.rule.rule_id, outcome.due.symbol
        self._engine.finished(rule_id, symbol)
        if not outcome.done:
            self._skip(rule_id, symbol, outcome.signal_id, outcome.text)
            return
        self._fired += 1
        self._told.pop((rule_id, symbol), None)
        now = self.environment.now()
        self._engine.fired(rule_id, symbol, now, outcome.signal_id)
        self._journal(RuleFired(rule_id, symbol, outcome.signal_id, now))
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
        kind = reason.partition(":")[0] if not signal_id else reason
        if not signal_id and self._told.get((rule_id, symbol)) == kind:
            return
        self._told[rule_id, symbol] = kind
        log("rule.skipped", actor=self.address.name, symbol=symbol, rule_id=rule_id, signal_id=signal_id, reason=reason)
        if signal_id:
            self._journal(RuleSkipped(rule_id, symbol, signal_id, reason))
        self._bus.publish(RuleSkippedEvent(rule_id, symbol, signal_id, reason))

    def _journal(self, fact: Any) -> None:
        journal = self.system.address("journal")
        journal.tell(Append((Entry("rules", fact),)))
        self._records += 1
        if self._records >= _CHECKPOINT_EVERY:
            self._records = 0
            checkpoint = RulesCheckpoint(self._engine.checkpoint())
            journal.tell(Append((Entry("rules", checkpoint, checkpoint=True),)))
