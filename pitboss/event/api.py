"""Events from outside, and what the rules made of them."""

from __future__ import annotations

from datetime import datetime

from messages.signal import (
    PredictionSignal,
    PredictionSignalEvent,
    RuleFiredEvent,
    RuleSkippedEvent,
    SignalIgnoredEvent,
)
from pitboss.current import current_system

__all__ = [
    "PredictionSignal",
    "PredictionSignalEvent",
    "RuleFiredEvent",
    "RuleSkippedEvent",
    "SignalIgnoredEvent",
    "prediction",
]


def prediction(
    symbol: str,
    signal: PredictionSignal | str,
    confidence: float,
    *,
    signal_id: str | None = None,
    time: datetime | None = None,
    source: str = "python",
) -> PredictionSignalEvent:
    """Return a prediction of the program's own, to be emitted: made now unless `time` (aware) says otherwise.

    `signal_id` is its identity: a position acts on it once, across restarts; None makes a new one. Raises ValueError
    for a signal that is none of PredictionSignal or a confidence outside 0 to 1, and NotRunningError.
    """
    environment = current_system("prediction()").environment
    if not 0 <= confidence <= 1:
        raise ValueError(f"a confidence is between 0 and 1, not {confidence!r}")
    now = environment.now()
    made = now if time is None else time
    return PredictionSignalEvent(
        signal_id=signal_id or f"{source}-{environment.new_id()}",
        symbol=symbol,
        signal=PredictionSignal(signal),
        confidence=confidence,
        timestamp=int(made.timestamp() * 1000),
        prediction_time=made,
        received=now,
        source=source,
    )
