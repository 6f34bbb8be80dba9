"""Which prediction a person means who names a symbol, and perhaps a time."""

from __future__ import annotations

from datetime import datetime

from messages.decision import EntryWeighed
from messages.signal import SignalIgnored, SignalReceived
from monitoring.trace.source import Source

__all__ = ["untraded"]


def untraded(symbol: str, source: Source, at: datetime | None = None) -> str | None:
    """Return the id of the prediction for a symbol that was judged nearest to `at`, or else of the newest of those
    that were not traded; None where there is none."""
    traded = {
        record.payload.signal_id
        for record in source.stream(symbol)
        if isinstance(record.payload, EntryWeighed) and not record.payload.outcome
    }
    found: list[tuple[datetime, str]] = []
    for record in source.mentioning(f'"symbol":"{symbol}"', "signals"):
        match record.payload:
            case SignalReceived(event) if event.symbol == symbol:
                found.append((record.time, event.signal_id))
            case SignalIgnored(named, signal_id) if named == symbol:
                found.append((record.time, signal_id))
    if at is not None:
        return min(found, key=lambda one: abs(one[0] - at), default=(at, None))[1]
    return next((signal_id for _, signal_id in reversed(found) if signal_id not in traded), None)
