"""A board takes any line: of another version, damaged, forged."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.board import Board
from monitoring.terminal.events import events_table, life_table
from monitoring.terminal.head import alarm_line, money_line
from monitoring.terminal.system import alarms_table, signals_table, tree_table
from monitoring.terminal.trading import orders_table, positions_table

EVENTS = (
    "system.starting", "system.pulse", "system.snapshot", "system.entered", "broker.connected", "breaker.moved",
    "actor.crashed", "actor.started", "alarm.raised", "alarm.cleared", "signal.received", "signal.ignored",
    "rule.fired", "order.intent", "order.sent", "order.filled", "position.planned", "position.opened",
    "position.marked", "position.closed", "protection.armed", "exits.stop_moved", "symbol.removed", "unheard.of",
)  # fmt: skip
NAMES = (
    "symbol", "order_ref", "perm_id", "status", "quantity", "filled", "price", "role", "position_id", "signal_id", "id",
    "actor", "state", "since", "broker", "pnl", "exposure", "mailboxes", "stop", "target", "restarts", "text", "ts",
    "level", "naked_seconds", "confidence", "last_price", "targets", "address", "positions", "orders", "actors",
    "alarms", "portfolio", "unrealized_pnl", "average_price", "kind", "mailbox", "limit", "name", "pulse_seconds",
)  # fmt: skip

atoms: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(), st.sampled_from(("", "AAPL", "100", "1e99999", "x"))
)
values = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=6,
)
rows = st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=8), max_size=3)
statuses = st.fixed_dictionaries(
    {"state": atoms, "positions": rows, "actors": rows}, optional={"orders": rows, "alarms": rows, "portfolio": values}
)
lines = st.builds(
    lambda event, fields, status: {"event": event, **fields, **({"status": status} if "snapshot" in event else {})},
    st.sampled_from(EVENTS),
    st.dictionaries(st.sampled_from(NAMES), values, max_size=10),
    statuses,
)


@given(st.lists(lines, max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_line_breaks_the_board_or_what_is_drawn_of_it(told: list[dict[str, Any]]) -> None:
    board = Board()
    for line in told:
        board.fold(line)
    for table in (positions_table, orders_table, tree_table, signals_table, alarms_table, events_table):
        for row in table(board).rows:
            assert all(text.isprintable() for text, _ in row.cells)
    orders_table(board, done=True)
    life_table(board, "AAPL")
    assert money_line(board)
    assert alarm_line(board)
    assert board.folded == len(told)
    again = Board.restored(json.loads(json.dumps(board.dump())))
    assert json.dumps(again.status(), sort_keys=True) == json.dumps(board.status(), sort_keys=True)


def test_a_log_of_ever_new_names_stays_small() -> None:
    board = Board()
    for number in range(10_100):
        name = f"S{number}"
        fields = {"symbol": name, "id": name, "actor": name, "order_ref": name, "status": "FILLED", "signal_id": name}
        for event in (
            "position.marked",
            "alarm.raised",
            "actor.started",
            "order.filled",
            "signal.received",
            f"x.{name}",
        ):
            board.fold({"ts": f"2026-11-20T14:00:00.{number:06}Z", "event": event, "price": 1.0, **fields})
    assert len(board.positions.positions) <= 10_000
    assert len(board.alarms.alarms) <= 10_000
    assert len(board.actors.actors) <= 10_000
    assert len(board.orders.orders) <= 5_001
    assert len(board.orders.lives) <= 1_001
    assert len(board.counts.events) <= 10_001
    assert len(board.signals) <= 500
    assert len(board.lines) <= 5_000
