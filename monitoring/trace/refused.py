"""Entries that somebody asked for, not a prediction, and that were refused."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from messages.decision import EntryWeighed
from messages.gateway import OrderNotSent
from messages.verdict import GateVerdict
from monitoring.trace.source import Source

__all__ = ["SHOWN", "RefusedEntry", "refused_entries"]

SHOWN = 5
"""How many are told, the newest."""


@frozen(slots=True)
class RefusedEntry:
    """One of them: when it was decided, who asked for it, why not, and what every gate said."""

    sequence: int
    time: datetime
    symbol: str
    source: str
    reason: str
    verdicts: tuple[GateVerdict, ...]


def refused_entries(symbol: str, source: Source, at: datetime | None = None) -> list[RefusedEntry]:
    """Return the newest of a symbol, oldest first; with `at` the one that was decided nearest to it."""
    records = source.stream(symbol)
    kept: dict[str, OrderNotSent] = {}
    for record in records:
        if isinstance(record.payload, OrderNotSent) and not record.payload.cancellation:
            kept[record.payload.order_ref] = record.payload
    found = []
    for record in records:
        fact = record.payload
        if not isinstance(fact, EntryWeighed) or fact.signal_id is not None:
            continue
        reason, verdicts = fact.outcome, fact.verdicts
        if not reason and fact.order_refs and kept.keys() >= set(fact.order_refs):
            unsent = [kept[ref] for ref in fact.order_refs]
            reason = f"not sent: {unsent[0].reason}"
            verdicts += tuple(verdict for each in unsent for verdict in each.verdicts)
        if reason:
            found.append(RefusedEntry(record.sequence, record.time, symbol, fact.source, reason, verdicts))
    if at is not None:
        return sorted(found, key=lambda one: abs(one.time - at))[:1]
    return found[-SHOWN:]
