"""What the pages show, as JSON: a board in sections, each sent again when it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import asdict

from config.log_record import LogRecord, as_words
from config.runbook import entry_of
from monitoring.board import DONE, Board

__all__ = ["line_document", "new_lines", "sections", "symbol_section"]

_SIGNALS = 100
_DONE_ORDERS = 100
_FILLS = 50
_CURVE = 300  # points
_LINE_FIELDS = ("ts", "level", "event", "actor", "symbol", "order_ref")
_LONGEST = 2_000
_TRADES = ("order.", "position.", "protection.", "exits.")


def sections(board: Board) -> dict[str, Any]:
    """Return section → what it shows."""
    status = board.status()
    orders = status["orders"] or []
    done = [order for order in orders if order["status"] in DONE]
    return {
        "process": {
            **board.process.about,
            **{name: status[name] for name in ("state", "reason", "since", "broker", "portfolio")},
            "round_trip_seconds": (board.pulse.get("broker") or {}).get("round_trip_seconds"),
            "exposure": board.pulse.get("exposure") or [],
            "reconciled": board.process.reconciled,
            "ticks": board.pulse.get("ticks"),
            "complete": board.complete,
        },
        "counts": {
            "unreadable": board.unreadable,
            "warnings": board.counts.levels["WARNING"],
            "errors": board.counts.levels["ERROR"],
            **{
                name: board.counts.events[event]
                for name, event in (
                    ("fills", "order.filled"),
                    ("rejected", "order.rejected"),
                    ("denied", "order.denied"),
                    ("signals", "signal.received"),
                    ("crashes", "actor.crashed"),
                )
            },
        },
        "positions": status["positions"],
        "orders": [order for order in orders if order["status"] not in DONE],
        "done_orders": done[-_DONE_ORDERS:],
        "actors": status["actors"],
        "alarms": [_alarm(alarm) for alarm in status["alarms"] or []],
        "signals": board.signals[-_SIGNALS:],
        "fills": board.fills[-_FILLS:],
        "pnl": _thinned(board.profit, _CURVE),
    }


def _alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    """Return an alarm with what the runbook says of it."""
    entry = entry_of(alarm["kind"])
    return {**alarm, "runbook": asdict(entry)}


def _thinned(points: list[Any], most: int) -> list[Any]:
    """Return about `most` of them, the newest among them."""
    step = -(-len(points) // most) or 1
    return points[(len(points) - 1) % step :: step]


def symbol_section(board: Board, symbol: str) -> dict[str, Any]:
    """Return what the page of a symbol shows besides: its price, stop, target and fills over time, and its lines."""
    told = [line for line in board.lines if line.get("symbol") == symbol and str(line["event"]).startswith(_TRADES)]
    return {**board.series(symbol), "lines": [line_document(line) for line in told[-_FILLS:]]}


def new_lines(board: Board, after: int, most: int) -> list[dict[str, Any]]:
    """Return the lines that came after the first `after` of them, at most the newest `most`."""
    count = min(board.shown - after, len(board.lines), most)
    return [line_document(line) for line in _last(board.lines, count)]


def _last(lines: Any, count: int) -> Iterable[Mapping[str, Any]]:
    return [lines[index] for index in range(len(lines) - count, len(lines))]


def line_document(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the log as a sentence, with what to filter by, and its other fields for a closer look."""
    fields = {name: value for name, value in line.items() if name not in ("ts", "level", "event", "actor")}
    record = LogRecord(datetime.min.replace(tzinfo=UTC), "", str(line.get("event", "")), fields)
    known = {name: line.get(name) for name in _LINE_FIELDS}
    more = {name: value for name, value in fields.items() if name not in _LINE_FIELDS and value is not None}
    return {**known, "text": as_words(record, details=False)[:_LONGEST], "fields": more}
