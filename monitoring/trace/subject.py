"""What an id names: an order, a position, a prediction, or an order of somebody else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from attrs import Factory, define

from messages.decision import EntryWeighed, RulesWeighed
from messages.journal import Record
from messages.order import ExecutionBooked, OrderDenied, OrderIntended
from messages.position import PositionPlanned
from messages.signal import SignalIgnored, SignalReceived
from monitoring.trace.folding import folded
from monitoring.trace.source import Source

__all__ = ["OTHER_STREAMS", "Subject", "SubjectKind", "subject_of", "symbols_of"]

OTHER_STREAMS = frozenset({"orders", "portfolio", "signals", "rules", "alarms", "process"})
"""Streams that are not a symbol's."""


class SubjectKind(StrEnum):
    """What was asked for."""

    ORDER = "order"
    POSITION = "position"
    SIGNAL = "signal"
    FOREIGN = "foreign order"


@define(slots=True)
class Subject:
    """Everything that belongs to what was asked for, by its ids."""

    id: str
    kind: SubjectKind
    symbol: str
    order_refs: set[str] = Factory(set)
    position_ids: set[str] = Factory(set)
    signal_ids: set[str] = Factory(set)
    perm_ids: set[int] = Factory(set)


def symbols_of(identity: str, source: Source) -> list[str]:
    """Return the symbols whose streams, or whose predictions, speak of this id."""
    found: dict[str, None] = {}
    texts = [json.dumps(identity)] + ([f'"perm_id":{int(identity)}'] if identity.isdecimal() else [])
    for text in texts:
        for record in source.mentioning(text):
            symbol = record.stream if record.stream not in OTHER_STREAMS else _named(record)[0]
            if symbol:
                found[symbol] = None
    return list(found)


def subject_of(identity: str, symbol: str, records: Sequence[Record], source: Source) -> Subject | None:
    """Return what the id names in the stream of this symbol, None where it names nothing there."""
    payloads = [record.payload for record in records]
    intents = {one.order.order_ref: one for one in payloads if isinstance(one, OrderIntended)}
    if identity.isdecimal():
        return _of_perm_id(identity, symbol, payloads, intents)
    if identity in intents:
        return _of_order(identity, intents[identity], payloads)
    if any(isinstance(one, OrderDenied) and one.order_ref == identity for one in payloads) or any(
        isinstance(one, EntryWeighed) and identity in one.order_refs for one in payloads
    ):
        return _of_denied(identity, symbol, payloads)
    plans = [one for one in payloads if isinstance(one, PositionPlanned)]
    if any(plan.position_id == identity for plan in plans):
        subject = Subject(identity, SubjectKind.POSITION, symbol, position_ids={identity})
        return _completed(subject, plans, intents.values())
    if any(_named(record) == (symbol, identity) for record in _predictions(identity, source)):
        subject = Subject(identity, SubjectKind.SIGNAL, symbol, signal_ids={identity})
        subject.position_ids = {plan.position_id for plan in plans if plan.signal_id == identity}
        subject.order_refs = {ref for ref, one in intents.items() if one.order.signal_id == identity}
        for one in payloads:
            if isinstance(one, EntryWeighed) and one.signal_id == identity:
                subject.order_refs.update(one.order_refs)
        return _completed(subject, (), intents.values())
    return None


def _predictions(signal_id: str, source: Source) -> Iterable[Record]:
    for stream in ("signals", "rules"):
        yield from source.mentioning(json.dumps(signal_id), stream)


def _named(record: Record) -> tuple[str, str]:
    """Return symbol and id of the prediction that a record is about; empty texts where it is about none."""
    match record.payload:
        case SignalReceived(event):
            return event.symbol, event.signal_id
        case SignalIgnored(symbol, signal_id) | RulesWeighed(symbol, signal_id):
            return symbol, signal_id
        case _:
            return "", ""


def _of_perm_id(
    identity: str, symbol: str, payloads: Sequence[object], intents: Mapping[str, OrderIntended]
) -> Subject | None:
    perm_id = int(identity)
    record = folded(payloads).find("", perm_id)
    if record is not None:
        return _of_order(identity, intents[record.order_ref], payloads, perm_id)
    if any(isinstance(one, ExecutionBooked) and one.execution.perm_id == perm_id for one in payloads):
        return Subject(identity, SubjectKind.FOREIGN, symbol, perm_ids={perm_id})
    return None


def _of_order(identity: str, intent: OrderIntended, payloads: Sequence[object], perm_id: int = 0) -> Subject:
    order = intent.order
    subject = Subject(identity, SubjectKind.ORDER, order.symbol, order_refs={order.order_ref})
    if perm_id:
        subject.perm_ids.add(perm_id)
    if order.position_id:
        subject.position_ids.add(order.position_id)
    if order.signal_id is not None:
        subject.signal_ids.add(order.signal_id)
    for one in payloads:
        if isinstance(one, PositionPlanned) and one.position_id == order.position_id and one.signal_id is not None:
            # an order that adds later has a signal of its own
            subject.signal_ids.update({one.signal_id} if order.signal_id is None else ())
    return subject


def _of_denied(identity: str, symbol: str, payloads: Sequence[object]) -> Subject:
    subject = Subject(identity, SubjectKind.ORDER, symbol, order_refs={identity})
    for one in payloads:
        if isinstance(one, EntryWeighed) and identity in one.order_refs and one.signal_id is not None:
            subject.signal_ids.add(one.signal_id)
    return subject


def _completed(subject: Subject, plans: Iterable[PositionPlanned], intents: Iterable[OrderIntended]) -> Subject:
    for plan in plans:
        if plan.position_id in subject.position_ids and plan.signal_id is not None:
            subject.signal_ids.add(plan.signal_id)
    for intent in intents:
        if intent.order.position_id in subject.position_ids:
            subject.order_refs.add(intent.order.order_ref)
    return subject
