"""The values of the metrics, read from a board."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from messages.risk import TradingState
from monitoring.board import DONE, Board

__all__ = ["Sample", "samples"]

Sample = tuple[str, tuple[str, ...], Any]
"""Name, the values of its labels, and a number or (upper bounds, cumulative counts, sum, count)."""

_STATES = ("STARTING", "READY", "HALTED", "STOPPING", "STOPPED")
_COUNTS: Mapping[str, str] = {
    "pitboss_broker_connections_total": "broker.connected",
    "pitboss_broker_losses_total": "broker.lost",
    "pitboss_signals_received_total": "signal.received",
    "pitboss_signals_ignored_total": "signal.ignored",
    "pitboss_rules_fired_total": "rule.fired",
    "pitboss_rules_skipped_total": "rule.skipped",
    "pitboss_orders_accepted_total": "order.accepted",
    "pitboss_orders_cancelled_total": "order.cancelled",
    "pitboss_orders_denied_total": "order.denied",
    "pitboss_orders_expired_total": "order.expired",
    "pitboss_orders_unknown_total": "order.unknown",
    "pitboss_reconciliations_total": "reconcile.finished",
    "pitboss_reconcile_differences_total": "reconcile.difference",
}
_LABELLED: Mapping[str, str] = {
    "pitboss_alarms_raised_total": "alarm.raised",
    "pitboss_orders_intended_total": "order.intent",
    "pitboss_orders_sent_total": "order.sent",
    "pitboss_orders_rejected_total": "order.rejected",
    "pitboss_fills_total": "order.filled",
    "pitboss_actor_crashes_total": "actor.crashed",
    "pitboss_actor_restarts_total": "actor.restarted",
    "pitboss_dead_letters_total": "deadletter",
}
_POSITION: Mapping[str, str] = {
    "pitboss_position_quantity": "quantity",
    "pitboss_position_average_price": "average_price",
    "pitboss_position_last_price": "last_price",
    "pitboss_position_stop_price": "stop",
    "pitboss_position_target_price": "target",
    "pitboss_position_unrealized_pnl": "unrealized_pnl",
}
_HISTOGRAMS: Mapping[str, str] = {
    "pitboss_broker_round_trip_seconds": "round_trip",
    "pitboss_order_latency_seconds": "order_latency",
    "pitboss_journal_fsync_seconds": "fsync",
}


def samples(board: Board) -> Iterator[Sample]:
    """Yield what the board knows; what it does not know is left out rather than 0."""
    for name, labels, value in _all(board):
        made = _histogram(value) if isinstance(value, Mapping) else _number(value)
        if made is not None:
            yield name, labels, made


def _all(board: Board) -> Iterator[Sample]:
    status = board.status()
    yield from _log(board)
    yield from _process(board, status)
    yield from _orders(board, status["orders"] or [])
    yield from _actors(status["actors"])
    yield from _positions(status["positions"])
    yield from _money(board, status["portfolio"] or {})
    for name, event in _COUNTS.items():
        yield name, (), board.counts.events[event]
    for name, event in _LABELLED.items():
        for label, count in board.counts.labelled.get(event, Counter()).items():
            yield name, (label,), count
    for name, field in _HISTOGRAMS.items():
        yield name, (), board.pulse.get(field)
    yield "pitboss_position_naked_seconds", (), board.counts.naked


def _log(board: Board) -> Iterator[Sample]:
    yield "pitboss_log_lines_total", (), board.folded
    yield "pitboss_log_unreadable_lines_total", (), board.unreadable
    for level in ("WARNING", "ERROR"):
        yield "pitboss_log_messages_total", (level,), board.counts.levels[level]
    yield "pitboss_log_last_line_timestamp_seconds", (), _moment(board.last)


def _process(board: Board, status: Mapping[str, Any]) -> Iterator[Sample]:
    about = board.process.about
    if about:
        yield "pitboss_info", (str(about.get("version", "")), str(about.get("mode", ""))), 1
    yield "pitboss_start_timestamp_seconds", (), _moment(about.get("started"))
    state = "STOPPED" if about.get("stopped") else status["state"]
    for each in _STATES:
        yield "pitboss_state", (each,), int(each == state)
    breaker = (status["portfolio"] or {}).get("state")
    for trading_state in TradingState:
        yield "pitboss_breaker_state", (str(trading_state),), int(str(trading_state) == breaker) if breaker else None
    for kind, count in Counter(alarm["kind"] for alarm in status["alarms"] or []).items():
        yield "pitboss_alarms", (kind,), count
    broker = status["broker"] or {}
    yield "pitboss_broker_connected", (), int(broker.get("connected") is True and not about.get("stopped"))
    yield "pitboss_broker_last_round_trip_timestamp_seconds", (), _moment(broker.get("last_round_trip"))
    yield "pitboss_ticks_total", (), board.pulse.get("ticks")
    yield "pitboss_reconciled_timestamp_seconds", (), _moment(board.process.reconciled)


def _orders(board: Board, orders: list[dict[str, Any]]) -> Iterator[Sample]:
    working = Counter(order["role"] or "foreign" for order in orders if order["status"] not in DONE)
    for role in sorted({"entry", "stop", "target", "exit", *working}):
        yield "pitboss_orders_working", (role,), working[role]


def _actors(actors: list[dict[str, Any]]) -> Iterator[Sample]:
    for state, count in Counter(actor["state"] for actor in actors).items():
        yield "pitboss_actors", (state,), count
    for actor in actors:
        yield "pitboss_actor_mailbox_messages", (actor["address"],), actor["mailbox"]


def _positions(positions: list[dict[str, Any]]) -> Iterator[Sample]:
    held = [position for position in positions if _number(position["quantity"])]
    yield "pitboss_positions_open", (), len(held)
    yield "pitboss_positions_unprotected", (), sum(not position["protected"] for position in held)
    for position in held:
        for name, field in _POSITION.items():
            yield name, (position["symbol"],), position[field]


def _money(board: Board, portfolio: Mapping[str, Any]) -> Iterator[Sample]:
    for field in ("realized_pnl", "unrealized_pnl", "commission", "equity", "gross_exposure", "net_exposure"):
        yield f"pitboss_{field}", (), portfolio.get(field)
    for limit in board.pulse.get("exposure") or ():
        if isinstance(limit, Mapping):
            yield "pitboss_limit_used", (str(limit.get("limit")),), limit.get("used")
            yield "pitboss_limit_maximum", (str(limit.get("limit")),), limit.get("maximum")


def _number(value: Any) -> float | None:
    """Return a number, also one that is written as text; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _moment(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError):
        return None


def _histogram(value: Mapping[str, Any]) -> tuple[list[float], list[float], float, float] | None:
    try:
        bounds, counts = [float(one) for one in value["bounds"]], [float(one) for one in value["counts"]]
        made = bounds, counts, float(value["sum"]), float(value["count"])
    except (LookupError, TypeError, ValueError):
        return None
    return made if len(bounds) == len(counts) else None
