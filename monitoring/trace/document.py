"""A trace as one JSON object, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from messages.codec import encode
from messages.verdict import GateVerdict
from monitoring.trace.life import Line, OrderOutcome, PositionOutcome, Trace
from monitoring.trace.refused import RefusedEntry

__all__ = ["document", "refused_document"]


def document(trace: Trace) -> dict[str, Any]:
    """Return it: money as text, times in UTC, each record of the timeline whole."""
    subject = trace.subject
    return {
        "id": subject.id,
        "kind": str(subject.kind),
        "symbol": subject.symbol,
        "traded": bool(trace.traded),
        "prediction": None if trace.prediction is None else json.loads(encode(trace.prediction)[1]),
        "gates": [
            {"sequence": line.record.sequence, **_verdict(verdict)}
            for line in trace.lines
            for verdict in line.words.verdicts
        ],
        "orders": [_order(outcome) for outcome in trace.orders],
        "positions": [_position(outcome) for outcome in trace.positions],
        "timeline": [_line(line) for line in trace.lines],
    }


def refused_document(symbol: str, trace: Trace | None, refused: Iterable[RefusedEntry]) -> dict[str, Any]:
    """Return what `document` does of the prediction, where there is one, and `refused`, what a person asked for."""
    nothing = {"id": symbol, "kind": "symbol", "symbol": symbol, "traded": False, "prediction": None}
    lists: dict[str, Any] = {name: [] for name in ("gates", "orders", "positions", "timeline")}
    told = [
        {
            "sequence": one.sequence,
            "time": _time(one.time),
            "source": one.source,
            "reason": one.reason,
            "gates": [_verdict(verdict) for verdict in one.verdicts],
        }
        for one in refused
    ]
    return {**(nothing | lists if trace is None else document(trace)), "refused": told}


def _line(line: Line) -> dict[str, Any]:
    record = line.record
    return {
        "sequence": record.sequence,
        "time": _time(record.time),
        "stage": line.words.stage,
        "order_ref": line.order_ref or None,
        "text": line.words.text,
        "status": line.status or None,
        "record": {"stream": record.stream, "kind": record.kind, "payload": json.loads(encode(record.payload)[1])},
    }


def _verdict(verdict: GateVerdict) -> dict[str, Any]:
    return {"stage": verdict.stage, "gate": verdict.gate, "passed": verdict.passed, "figures": verdict.figures}


def _order(outcome: OrderOutcome) -> dict[str, Any]:
    view = outcome.view
    return {
        "order_ref": view.order_ref,
        "perm_ids": list(outcome.perm_ids),
        "role": None if view.role is None else str(view.role),
        "side": str(view.side),
        "quantity": _money(view.quantity),
        "filled": _money(view.filled),
        "type": view.order_type,
        "limit": _money(view.limit_price),
        "stop": _money(view.stop_price),
        "status": "UNKNOWN" if outcome.doubt else str(view.status),
        "average_price": _money(view.average_price),
        "commission": _money(outcome.commission),
        "position_id": view.position_id,
        "text": outcome.doubt or view.text,
    }


def _position(outcome: PositionOutcome) -> dict[str, Any]:
    figures: Iterable[tuple[str, Decimal | None]] = (
        ("quantity", outcome.quantity),
        ("average_price", outcome.average_price),
        ("realized_pnl", outcome.realized_pnl),
        ("commission", outcome.commission),
        ("net_pnl", outcome.net_pnl),
    )
    return {
        "position_id": outcome.position_id,
        "symbol": outcome.symbol,
        "state": "CLOSED" if outcome.closed else "OPEN",
        "reason": outcome.closed or None,
        **{name: _money(value) for name, value in figures},
    }


def _money(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
