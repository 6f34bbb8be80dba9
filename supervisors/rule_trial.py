"""Signals through the rules without anything being sent: which rule would act, and why the others would not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
from attrs import frozen

from actors.signals.intake import Intake
from actors.signals.prediction import MalformedPredictionError, read_prediction
from config.calendars import exchange_hours
from config.settings import Settings
from domain.rules import Command, Due, Facts, Faulty, LogLine, NotKnownError, Rule, RuleEngine, Skipped
from domain.rules.terms import size_in_words
from messages.indicator import IndicatorEvent
from messages.market import PriceEvent
from messages.order import CancelOrder, OrderType, Side
from messages.position import (
    AdjustExits,
    ClosePosition,
    DoubleDown,
    OpenPosition,
    PlaceOrder,
    PositionStatus,
    PositionView,
    ScaleIn,
)
from messages.risk import FlattenAll
from messages.signal import PredictionSignalEvent
from monitoring.trace.words import exits_in_words

__all__ = ["RuleTrial", "TriedRule", "TriedSignal"]


@frozen(slots=True, kw_only=True)
class TriedRule:
    """What one rule makes of a signal: `outcome` is acts, skipped, no match or raises."""

    rule_id: str
    outcome: str
    why: str = ""
    commands: tuple[str, ...] = ()


@frozen(slots=True, kw_only=True)
class TriedSignal:
    """One line: `status` is given (to the rules), ignored, duplicate or refused; `field` is what is wrong with it."""

    line: int
    status: str
    symbol: str = ""
    signal: str = ""
    confidence: float | None = None
    signal_id: str = ""
    time: str = ""
    reason: str = ""
    field: str = ""
    rules: tuple[TriedRule, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether any rule acts on it."""
        return any(rule.outcome == "acts" for rule in self.rules)


class RuleTrial:
    """Takes signals one after the other, as JSON objects; cooldowns and counts go on from each to the next.

    A signal arrives when it was made, or at its `received`. Beside a prediction's own keys it may say how things stand:
    `price` (else `stock_price`), `bid`, `ask`, `indicators` (name → value) and `position` (`quantity`, `average_price`,
    `opened`). What a rule asks for is taken to be carried out at once, in full: the position follows.
    """

    def __init__(self, settings: Settings, rules: Sequence[Rule]) -> None:
        self._settings = settings
        self._facts = Facts(lambda symbol, now: exchange_hours(settings.calendar(symbol), now))
        self._engine = RuleEngine(facts=self._facts)
        for rule in rules:
            self._engine.register_rule(rule)
        self._intake = Intake(settings.signals.min_confidence, settings.signals.max_age_seconds)

    def refuse(self, line: int, name: str, error: str) -> TriedSignal:
        """Return what is said of a line that is no signal."""
        return TriedSignal(line=line, status="refused", field=name, reason=error)

    def take(self, line: int, data: Any) -> TriedSignal:
        """Return what becomes of a signal."""
        try:
            event = read_prediction(data, _EPOCH, "trial")
            event = attrs.evolve(event, received=_received(data, event))
            self._learn(data, event)
        except MalformedPredictionError as error:
            return self.refuse(line, error.field, str(error))
        now = event.received
        told = TriedSignal(
            line=line,
            status="given",
            symbol=event.symbol,
            signal=str(event.signal),
            confidence=event.confidence,
            signal_id=event.signal_id,
            time=now.isoformat(),
        )
        if event.symbol not in self._settings.symbols:
            return attrs.evolve(told, status="ignored", reason=f"{event.symbol} is not configured")
        if self._intake.known(event.signal_id):
            return attrs.evolve(told, status="duplicate", reason="the same signal came before")
        self._intake.remember(event.signal_id, now)
        gate = self._intake.judge(event, now).ignored
        if gate is not None:
            return attrs.evolve(told, status="ignored", reason=f"{gate.gate}: {gate.figures}")
        return attrs.evolve(told, rules=tuple(self._rules(event, now)))

    def _rules(self, event: PredictionSignalEvent, now: datetime) -> Iterator[TriedRule]:
        examined = {each.rule.rule_id: each for each in self._engine.examine(event, now)}
        outcomes = {outcome.rule.rule_id: outcome for outcome in self._engine.evaluate(event, now)}
        for rule_id, each in examined.items():
            match outcomes.get(rule_id):
                case Due(rule, symbol, commands):
                    self._engine.finished(rule_id, symbol)
                    self._engine.fired(rule_id, symbol, now, event.signal_id)
                    for command in commands:
                        self._follow(command, now)
                    yield TriedRule(rule_id=rule.rule_id, outcome="acts", commands=tuple(map(in_words, commands)))
                case Skipped(_, _, reason):
                    yield TriedRule(rule_id=rule_id, outcome="skipped", why=reason)
                case Faulty(_, _, error):
                    yield TriedRule(rule_id=rule_id, outcome="raises", why=error)
                case _:
                    against = next((gate for gate in each.verdicts if not gate.passed), None)
                    why = f"{against.gate}: {against.figures}" if against is not None else ""
                    yield TriedRule(rule_id=rule_id, outcome="no match", why=why)

    def _learn(self, data: dict[str, Any], event: PredictionSignalEvent) -> None:
        price = _number(data, "price") or event.stock_price
        if price is not None:
            bid, ask = _number(data, "bid"), _number(data, "ask")
            self._facts.note_price(PriceEvent(event.symbol, price, event.received, bid, ask))
        indicators = data.get("indicators", {})
        if not isinstance(indicators, dict):
            raise MalformedPredictionError("indicators", f"{indicators!r}, expected an object")
        for name in indicators:
            if name not in self._settings.indicators:
                raise MalformedPredictionError("indicators", f"{name!r} is not in [indicators]")
            value = _number(indicators, name)
            self._facts.note_indicator(IndicatorEvent(event.symbol, name, value, event.received))
        position = data.get("position")
        if position is not None:
            if not isinstance(position, dict):
                raise MalformedPredictionError("position", f"{position!r}, expected an object")
            quantity, average = _number(position, "quantity") or 0.0, _number(position, "average_price")
            opened = position.get("opened")
            since = event.received if opened is None else _time("position.opened", opened)
            self._hold(event.symbol, Decimal(str(quantity)), average, since)

    def _follow(self, command: Command, now: datetime) -> None:
        view = self._facts.position(command.symbol)
        held = view.quantity if view is not None else Decimal(0)
        match command.message:
            case OpenPosition(side=side, size=size):
                if held * side.sign > 0:
                    return
                quantity = (size.quantity or Decimal(1)) * side.sign
                self._hold(command.symbol, quantity, self._price(command.symbol), now)
            case ClosePosition():
                self._hold(command.symbol, Decimal(0), None, now)
            case FlattenAll():
                for symbol in self._settings.symbols:
                    self._hold(symbol, Decimal(0), None, now)

    def _price(self, symbol: str) -> float | None:
        try:
            return self._facts.price(symbol)
        except NotKnownError:
            return None

    def _hold(self, symbol: str, quantity: Decimal, average: float | None, opened: datetime) -> None:
        view = PositionView(
            symbol=symbol,
            position_id="trial",
            status=PositionStatus.OPEN if quantity else PositionStatus.CLOSED,
            quantity=quantity,
            average_price=None if average is None or not quantity else Decimal(str(average)),
            realized_pnl=Decimal(0),
            unrealized_pnl=Decimal(0),
            commission=Decimal(0),
            stop=None,
            target=None,
            protected=bool(quantity),
            last_price=average,
            opened=opened if quantity else None,
        )
        self._facts.note_position(view)


def in_words(command: Command) -> str:
    """Say what would be told to whom."""
    symbol = command.symbol
    match command.message:
        case OpenPosition(side=side, size=size, exits=exits, size_factor=factor, order_type=kind, limit_price=limit):
            part = "" if factor == 1 else f"{factor * 100:f} % of "
            at = f" at {limit} or better" if kind is OrderType.LIMIT else ""
            verb = "buy" if side is Side.BUY else "sell short"
            return f"{verb} {part}{size_in_words(size)} of {symbol}{at}, {exits_in_words(exits)}"
        case ClosePosition(reason):
            return f"close {symbol} ({reason})"
        case AdjustExits(exits):
            return f"set the exits of {symbol}: {exits_in_words(exits)}"
        case PlaceOrder(side=side, quantity=quantity, order_type=kind, limit_price=limit, stop_price=stop):
            prices = "".join(f" {name} {price}" for name, price in (("limit", limit), ("stop", stop)) if price)
            return f"{side.lower()} {quantity} {symbol} {kind}{prices}"
        case ScaleIn(quantity=quantity):
            return f"add {quantity} to {symbol}"
        case DoubleDown(level=level):
            return f"rest an order that doubles down on {symbol}, level {level}"
        case CancelOrder(order_ref):
            return f"cancel {order_ref}"
        case FlattenAll(reason):
            return f"halt and close everything ({reason})"
        case LogLine(text):
            return f'log "{text}"'


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _received(data: dict[str, Any], event: PredictionSignalEvent) -> datetime:
    written = data.get("received")
    return event.prediction_time if written is None else _time("received", written)


def _time(name: str, written: object) -> datetime:
    try:
        moment: datetime | None = datetime.fromisoformat(str(written))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MalformedPredictionError(name, f"{written!r}, expected an ISO 8601 time with its zone")
    return moment


def _number(data: dict[str, Any], name: str) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedPredictionError(name, f"{value!r}, expected a number")
    return float(value)
