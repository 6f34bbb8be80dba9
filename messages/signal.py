"""Predictions from outside, and what the rules made of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from messages.event import BaseEvent
from messages.verdict import GateVerdict

__all__ = [
    "CooldownCleared",
    "PredictionSignal",
    "PredictionSignalEvent",
    "RuleFired",
    "RuleFiredEvent",
    "RuleSkippedEvent",
    "RuleUsage",
    "RulesCheckpoint",
    "SignalIgnored",
    "SignalIgnoredEvent",
    "SignalReceived",
    "SignalsSeen",
]


class PredictionSignal(StrEnum):
    """The signal words of the Options Flow Monitor."""

    BUY = "BUY"
    SELL = "SELL"
    SHORT = "SHORT"
    NEUTRAL = "NEUTRAL"
    HOLD = "HOLD"


@frozen(slots=True, kw_only=True)
class PredictionSignalEvent(BaseEvent):
    """One prediction for one ticker.

    `signal_id` is its identity: `id` where the service gives one, else ticker, time stamp and signal. `timestamp` is
    the service's, in milliseconds since 1970; `probabilities` are carried, not interpreted.
    """

    signal_id: str
    symbol: str
    signal: PredictionSignal
    confidence: float
    timestamp: int
    prediction_time: datetime
    received: datetime
    numeric: int | None = None
    stock_price: float | None = None
    probabilities: tuple[float, ...] = ()
    source: str = "options-flow"


@frozen(slots=True)
class SignalIgnoredEvent(BaseEvent):
    """A prediction that no rule will see: stale, repeated, malformed, of low confidence, …

    `prediction` is there where it could be read and the rules have not seen it.
    """

    symbol: str
    signal_id: str
    reason: str
    figures: str = ""
    prediction: PredictionSignalEvent | None = None


@frozen(slots=True)
class RuleFiredEvent(BaseEvent):
    """A rule's action was carried out."""

    rule_id: str
    symbol: str
    signal_id: str | None
    outcome: str


@frozen(slots=True)
class RuleSkippedEvent(BaseEvent):
    """A rule's condition held, and yet it did nothing."""

    rule_id: str
    symbol: str
    signal_id: str | None
    reason: str


# journal (streams "signals" and "rules")


@frozen(slots=True)
class SignalReceived:
    """This prediction will be given to the rules; it is never given again. `verdicts` are those of the intake."""

    event: PredictionSignalEvent
    verdicts: tuple[GateVerdict, ...] = ()


@frozen(slots=True)
class SignalIgnored:
    """This prediction was not given to the rules; `verdicts` are those of all gates of the intake."""

    symbol: str
    signal_id: str
    reason: str
    event: PredictionSignalEvent | None = None
    verdicts: tuple[GateVerdict, ...] = ()


@frozen(slots=True)
class RuleFired:
    """A rule's action did something: its cooldown and its count of the day go on across restarts."""

    rule_id: str
    symbol: str
    signal_id: str | None
    time: datetime


@frozen(slots=True)
class CooldownCleared:
    """A rule's cooldown for a symbol ended early, because the position closed for this reason and the rule says so."""

    rule_id: str
    symbol: str
    reason: str


@frozen(slots=True)
class RuleUsage:
    """How often a rule has acted for a symbol: `count` times on the exchange's `day`, last at `last`.

    `last` is None where the cooldown was cleared; `signal_id` is the prediction that it acted on last.
    """

    rule_id: str
    symbol: str
    last: datetime | None
    day: str
    count: int
    signal_id: str | None = None


@frozen(slots=True)
class RulesCheckpoint:
    """How often each rule has acted: replay of the stream may begin here."""

    usages: tuple[RuleUsage, ...]


@frozen(slots=True)
class SignalsSeen:
    """The identities of all predictions that are not stale yet: replay of the stream may begin here."""

    signal_ids: tuple[str, ...]
