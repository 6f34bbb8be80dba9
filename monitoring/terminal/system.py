"""The supervision tree, signals and alarms as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.board import Board
from monitoring.terminal.cells import Cell, Column, Row, Table, clean, clock

__all__ = ["alarms_table", "signals_table", "tree_table"]

_TREE = (
    Column("ACTORS"),
    Column("state"),
    Column("restarts", 7, right=True),
    Column("mailbox", 8, right=True),
    Column("why", 3, wide=True),
)
_SIGNALS = (
    Column("SIGNALS"),
    Column("symbol"),
    Column("says"),
    Column("conf.", 6, right=True),
    Column("became", 8),
    Column("because", 7, wide=True),
    Column("source", 2),
)
_ALARMS = (Column("ALARMS"), Column("symbol", 7), Column("what", 8), Column("text", 9, wide=True), Column("order", 3))
_STATES = {"running": "good", "starting": "warn", "restarting": "warn", "quarantined": "bad", "stopped": "dim"}
_FATES = {"open": "good", "denied": "bad", "ignored": "dim", "skipped": "dim"}


def tree_table(board: Board, symbol: str = "") -> Table:
    """Each actor below its supervisor; a group's line sums up its members."""
    rows: list[Row] = []
    supervisors = board.actors.supervisors()
    groups: dict[str, list[Mapping[str, Any]]] = {}
    order: list[tuple[str, Mapping[str, Any] | None]] = []
    for actor in board.actors.status():
        group, slash, _ = str(actor["address"]).partition("/")
        if not slash:
            order.append((group, actor))
        elif group not in groups:
            groups[group] = [actor]
            order.append((group, None))
        else:
            groups[group].append(actor)
    for number, (name, single) in enumerate(order):
        last = number == len(order) - 1
        branch = "└─ " if last else "├─ "
        if single is not None:
            if not symbol:
                rows.append(_actor(single, f"{branch}{clean(name)}"))
            continue
        members = [one for one in groups[name] if not symbol or str(one["address"]) == f"{name}/{symbol}"]
        if members:
            above = supervisors.get(name) or supervisors.get(f"{name}s") or {}
            rows.append(_group(f"{branch}{clean(above.get('address', name))}", members, above))
        for place, member in enumerate(members):
            twig = "└─ " if place == len(members) - 1 else "├─ "
            label = clean(str(member["address"]).partition("/")[2])
            rows.append(_actor(member, f"{'   ' if last else '│  '}{twig}{label}"))
    return Table(_TREE, tuple(rows), "nobody is known yet")


def _group(label: str, members: list[Mapping[str, Any]], above: Mapping[str, Any]) -> Row:
    running = sum(one["state"] == "running" for one in members)
    down = "" if above.get("state", "running") == "running" else f", supervisor {clean(above['state'])}"
    return Row(
        label,
        (
            (label, "dim"),
            (f"{running} of {len(members)} run{down}", "" if running == len(members) and not down else "warn"),
            (str(sum(one["restarts"] for one in members) or ""), "dim"),
            (str(sum(one["mailbox"] for one in members) or ""), "dim"),
            ("", ""),
        ),
    )


def _actor(actor: Mapping[str, Any], label: str) -> Row:
    state = str(actor["state"])
    shown = state.upper() if state == "quarantined" else clean(state)
    return Row(
        str(actor["address"]),
        (
            (label, ""),
            (shown, _STATES.get(state, "warn")),
            (str(actor["restarts"] or ""), "warn"),
            (str(actor["mailbox"] or ""), "warn" if actor["mailbox"] > 100 else ""),
            (clean(actor.get("error") or ""), "dim"),
        ),
    )


def signals_table(board: Board, symbol: str = "") -> Table:
    """The signals and what became of each, newest first."""
    shown = [one for one in reversed(board.signals) if not symbol or one["symbol"] == symbol]
    return Table(_SIGNALS, tuple(_signal(one) for one in shown), "none received")


def _signal(one: Mapping[str, Any]) -> Row:
    confidence = one["confidence"]
    says: Cell = (clean(one["signal"]), "")
    return Row(
        one["signal_id"],
        (
            (clock(one["ts"]), "dim"),
            (clean(one["symbol"]), "strong"),
            says,
            (f"{confidence:.2f}" if isinstance(confidence, float) else clean(confidence or "–"), ""),
            (clean(one["state"]), _FATES.get(one["state"], "")),
            (clean(one["fate"]), ""),
            (clean(one["source"]), "dim"),
        ),
    )


def alarms_table(board: Board, symbol: str = "") -> Table:
    """What stands, oldest first."""
    shown = [one for one in board.alarms.status() if not symbol or one["symbol"] in (symbol, None)]
    return Table(_ALARMS, tuple(_alarm(one) for one in shown), "none stands")


def _alarm(one: Mapping[str, Any]) -> Row:
    return Row(
        one["id"],
        (
            (clock(one["since"]), "bad"),
            (clean(one["symbol"] or ""), "strong"),
            (clean(one["kind"]), "bad"),
            (clean(one["text"]), ""),
            (clean(one["order_ref"] or one["perm_id"] or ""), "dim"),
        ),
    )
