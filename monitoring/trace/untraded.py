"""Which prediction a person means who names a symbol, and perhaps a time."""

from __future__ import annotations

from datetime import datetime

from messages.decision import EntryWeighed
from messages.gateway import OrderNotSent
from messages.signal import SignalIgnored, SignalReceived
from monitoring.trace.source import Source

__all__ = ["untraded"]


def untraded(symbol: str, source: Source, at: datetime | None = None) -> str | None:
    """Return the id of the prediction for a symbol that was judged nearest to `at`, or else of the newest of those
    that were not traded; None where there is none."""
    records = [record.payload for record in source.stream(symbol)]
    kept = {fact.order_ref for fact in records if isinstance(fact, OrderNotSent) and not fact.cancellation}
    traded = {
        fact.signal_id
        for fact in records
        if isinstance(fact, EntryWeighed) and not fact.outcome and not kept.issuperset(fact.order_refs)
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
