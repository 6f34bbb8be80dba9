"""From an id to its trace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.adoption import ADOPTED
from domain.orders.book import OrderBook
from domain.orders.record import OrderRecord
from domain.position_book import PositionBook
from messages.decision import EntryWeighed, RuleSkipped, RulesWeighed
from messages.journal import Record
from messages.lifecycle import AlarmCleared, AlarmRaised
from messages.order import CommissionBooked, ExecutionBooked, OrderDenied, Role
from messages.position import ExitsAdjusted, PositionClosed, PositionClosing, PositionPlanned
from messages.risk import RiskStanding
from messages.signal import PredictionSignalEvent, RuleFired, SignalIgnored, SignalReceived
from monitoring.trace.folding import apply, order_of
from monitoring.trace.life import Line, OrderOutcome, PositionOutcome, Trace
from monitoring.trace.source import Source
from monitoring.trace.subject import Subject, SubjectKind, subject_of, symbols_of
from monitoring.trace.words import in_words

__all__ = ["trace"]

_AFTERMATH = timedelta(seconds=5)  # what happens around a life that has ended still belongs to it for so long


def trace(identity: str, source: Source) -> Trace | None:
    """Return the life of what this id names: an orderRef, a permId, a position or a prediction. None: nothing."""
    for symbol in symbols_of(identity, source):
        records = source.stream(symbol)
        subject = subject_of(identity, symbol, records, source)
        if subject is not None:
            return _Builder(subject, records, source).build()
    return None


class _Builder:
    def __init__(self, subject: Subject, records: Sequence[Record], source: Source) -> None:
        self._subject = subject
        self._records = records
        self._source = source
        self._book = OrderBook(0)
        self._lines: list[Line] = []
        self._position = ""  # the position that the symbol has at this point of the stream
        self._prediction: PredictionSignalEvent | None = None
        self._alarms: dict[str, AlarmRaised] = {}  # id → alarm about one of the orders, while it stands

    def build(self) -> Trace:
        subject = self._subject
        for record in self._records:
            self._symbol_record(record)
        for record in self._signal_records():
            self._lines.append(Line(record, in_words(record.payload)))
        self._lines.sort(key=lambda line: line.record.sequence)
        self._lines += self._surroundings()
        self._lines.sort(key=lambda line: line.record.sequence)
        orders = tuple(self._outcome(record) for record in self._book.orders() if self._concerns(record))
        positions = tuple(self._positions())
        return Trace(subject, tuple(self._lines), orders, positions, self._prediction)

    # the symbol's stream

    def _symbol_record(self, record: Record) -> None:
        payload, subject = record.payload, self._subject
        before = order_of(self._book, payload)
        status = before.status if before is not None else None
        fault = apply(self._book, payload)
        order = order_of(self._book, payload)
        if isinstance(payload, PositionPlanned):
            self._position = payload.position_id
        if order is not None and order.order_ref in subject.order_refs:
            moved = status is not order.status
            if before is not order and before is not None:
                moved = True
            text = fault or (str(order.status) if moved else "")
            self._lines.append(Line(record, in_words(payload), order.order_ref, text))
        elif order is None and self._belongs(payload):
            self._lines.append(Line(record, in_words(payload), getattr(payload, "order_ref", "")))
        if isinstance(payload, PositionClosed):
            self._position = ""

    def _belongs(self, payload: Any) -> bool:
        """Whether a record that is about no order of ours belongs to the subject."""
        subject = self._subject
        positions, whole = subject.position_ids, subject.kind in (SubjectKind.POSITION, SubjectKind.SIGNAL)
        match payload:
            case OrderDenied(order_ref):
                return order_ref in subject.order_refs
            case EntryWeighed(signal_id=signal_id, order_refs=order_refs):
                return bool(subject.order_refs.intersection(order_refs)) or (
                    subject.kind is SubjectKind.SIGNAL and signal_id in subject.signal_ids
                )
            case PositionPlanned() | PositionClosing() | PositionClosed():
                return payload.position_id in positions
            case ExitsAdjusted(position_id=position_id):
                return position_id in positions and (whole or self._is_exit())
            case ExecutionBooked(execution):
                taken_over = execution.base.removeprefix(ADOPTED) in positions
                return execution.perm_id in subject.perm_ids or (whole and (taken_over or self._position in positions))
            case CommissionBooked(_, commission):
                base = commission.exec_id.rpartition(".")[0]
                return any(
                    isinstance(line.record.payload, ExecutionBooked) and line.record.payload.execution.base == base
                    for line in self._lines
                )
            case _:
                return False

    def _is_exit(self) -> bool:
        records = (self._book.get(ref) for ref in self._subject.order_refs)
        return any(record is not None and record.role in (Role.STOP, Role.TARGET) for record in records)

    # other streams

    def _signal_records(self) -> Iterator[Record]:
        for signal_id in sorted(self._subject.signal_ids):
            for stream in ("signals", "rules"):
                for record in self._source.mentioning(json.dumps(signal_id), stream):
                    match record.payload:
                        case SignalReceived(event) if event.signal_id == signal_id:
                            self._prediction = event
                            yield record
                        case SignalIgnored(signal_id=named, event=event) if named == signal_id:
                            self._prediction = event or self._prediction
                            yield record
                        case RulesWeighed(signal_id=named) | RuleFired(signal_id=named) | RuleSkipped(signal_id=named):
                            if named == signal_id:
                                yield record

    def _surroundings(self) -> list[Line]:
        """Alarms about the subject, and halts and ends of the process while it lived."""
        if not self._lines:
            return []
        subject, first, last = self._subject, self._lines[0].record, self._lines[-1].record
        alive = any(not self._ended(ref) for ref in subject.order_refs)
        lines = []
        for record in self._source.mentioning(json.dumps(subject.symbol), "alarms"):
            match record.payload:
                case AlarmRaised(order_ref=str() as order_ref) as alarm if order_ref in subject.order_refs:
                    self._alarms[alarm.id] = alarm
                    lines.append(Line(record, in_words(alarm), order_ref))
                case AlarmRaised(order_ref=None):
                    if self._within(record, first, last, alive=alive):
                        lines.append(Line(record, in_words(record.payload)))
                case AlarmCleared(id=over) if over in self._alarms:
                    lines.append(Line(record, in_words(record.payload), self._alarms.pop(over).order_ref or ""))
                case AlarmCleared():
                    if self._within(record, first, last, alive=alive):
                        lines.append(Line(record, in_words(record.payload)))
        for stream in ("process", "portfolio"):
            for record in self._source.stream(stream):
                told = not isinstance(record.payload, RiskStanding)  # what it says is in the record before it
                if told and self._within(record, first, last, alive=alive):
                    lines.append(Line(record, in_words(record.payload)))
        return lines

    def _within(self, record: Record, first: Record, last: Record, *, alive: bool) -> bool:
        return first.sequence < record.sequence and (alive or record.time <= last.time + _AFTERMATH)

    def _ended(self, order_ref: str) -> bool:
        record = self._book.get(order_ref)
        return record is None or record.status.done

    # what became of it

    def _concerns(self, record: OrderRecord) -> bool:
        position_id = record.request.position_id if record.request is not None else ""
        return record.order_ref in self._subject.order_refs or position_id in self._subject.position_ids

    def _outcome(self, record: OrderRecord) -> OrderOutcome:
        costs: dict[str, Decimal] = {}
        for one in self._records:
            if isinstance(one.payload, CommissionBooked) and one.payload.commission.amount is not None:
                base = one.payload.commission.exec_id.rpartition(".")[0]
                if base in record.bases:
                    costs[base] = one.payload.commission.amount
        doubts = (
            alarm.text
            for alarm in self._alarms.values()
            if alarm.order_ref == record.order_ref and alarm.kind == "order.unknown" and not record.status.done
        )
        return OrderOutcome(record.view(), tuple(record.perms), sum(costs.values(), Decimal(0)), next(doubts, ""))

    def _positions(self) -> Iterable[PositionOutcome]:
        wanted = dict.fromkeys(
            record.payload.position_id
            for record in self._records
            if isinstance(record.payload, PositionPlanned) and record.payload.position_id in self._subject.position_ids
        )
        for position_id in wanted:
            closed = None
            for record in self._records:
                # a late fill opens a position once more: its last end counts
                if isinstance(record.payload, PositionClosed) and record.payload.position_id == position_id:
                    closed = record.payload
            book = self._open_book()
            if closed is not None and (book.plan is None or book.plan.position_id != position_id):
                yield PositionOutcome(
                    position_id=position_id,
                    symbol=closed.symbol,
                    quantity=Decimal(0),
                    average_price=None,
                    realized_pnl=closed.realized_pnl,
                    commission=closed.commission,
                    closed=closed.reason,
                )
            elif book.plan is not None and book.plan.position_id == position_id:
                yield PositionOutcome(
                    position_id=position_id,
                    symbol=book.symbol,
                    quantity=book.quantity,
                    average_price=book.ledger.average_price,
                    realized_pnl=book.ledger.realized_pnl,
                    commission=book.ledger.commission,
                    closed="",
                )

    def _open_book(self) -> PositionBook:
        """Return the position as the end of the journal has it, by the position's own replay."""
        payloads = [record.payload for record in self._records]
        ends = [number for number, payload in enumerate(payloads) if isinstance(payload, PositionClosed)]
        return PositionBook.replayed(self._subject.symbol, payloads[ends[-1] if ends else 0 :], payloads)
