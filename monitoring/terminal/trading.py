"""Positions and orders as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.board import DONE, Board
from monitoring.terminal.cells import (
    Cell,
    Column,
    Row,
    Table,
    amount,
    clean,
    clock,
    decimal,
    distance,
    price,
    profit_cell,
)

__all__ = ["orders_table", "positions_table"]

_POSITIONS = (
    Column("POSITIONS"),
    Column("shares", right=True),
    Column("average", 4, right=True),
    Column("last", 7, right=True),
    Column("P&L", right=True),
    Column("stop", 6, right=True),
    Column("away", 8, right=True),
    Column("target", 5, right=True),
    Column("away", 7, right=True),
    Column("state", 8),
    Column("realised", 3, right=True),
    Column("opened", 2),
    Column("exits", 1, wide=True),
)
_ORDERS = (
    Column("ORDERS"),
    Column("symbol"),
    Column("side", 8),
    Column("filled", right=True),
    Column("type", 6),
    Column("price", 8, right=True),
    Column("away", 4, right=True),
    Column("status"),
    Column("reference", 5),
    Column("permId", 2, right=True),
    Column("text", 1, wide=True),
)
_ROLES = ("entry", "exit", "stop", "target", None)


def positions_table(board: Board, symbol: str = "") -> Table:
    """What is held or about to be, then what was closed since the process started."""
    shown = [one for one in board.positions.status() if not symbol or one["symbol"] == symbol]
    shown.sort(key=lambda one: one["state"] == "CLOSED")
    return Table(_POSITIONS, tuple(_position(one) for one in shown), "none held")


def _position(one: Mapping[str, Any]) -> Row:
    quantity = decimal(one["quantity"]) or 0
    side = 1 if quantity > 0 else -1
    closed = one["state"] == "CLOSED"
    state: Cell = (clean(one["state"]).lower(), "dim" if closed else "")
    if quantity and not one["protected"]:
        state = ("NO STOP", "bad")
    last = one["last_price"]
    rest = ("", "")
    return Row(
        one["symbol"],
        (
            (clean(one["symbol"]), "dim" if closed else "strong"),
            (amount(one["quantity"]), "dim" if closed else ""),
            (price(one["average_price"]), "dim" if closed else ""),
            (price(last), "dim" if closed else ""),
            profit_cell(one["realized_pnl"] if closed else one["unrealized_pnl"]),
            (price(one["stop"]), "") if not closed else rest,
            distance(last, one["stop"], -side) if quantity else rest,
            (price(one["target"]), "") if not closed else rest,
            distance(last, one["target"], side) if quantity else rest,
            state,
            profit_cell(one["realized_pnl"]),
            (clock(one["opened"]), "dim"),
            (clean(one["exits"] or ""), "dim"),
        ),
    )


def orders_table(board: Board, symbol: str = "", *, done: bool = False) -> Table:
    """The orders that work, by role; with `done` the day's others below them, newest first."""
    prices = {name: one["last_price"] for name, one in board.positions.positions.items()}
    shown = [one for one in board.orders.working() if not symbol or one["symbol"] == symbol]
    shown.sort(key=lambda one: (_rank(one["role"]), one["symbol"]))
    if done:
        orders = board.orders.status(board.last[:10])
        shown += [one for one in reversed(orders) if one["status"] in DONE and symbol in ("", one["symbol"])]
    return Table(_ORDERS, tuple(_order(one, prices.get(one["symbol"])) for one in shown), "none works")


def _rank(role: object) -> int:
    return _ROLES.index(role) if role in _ROLES else len(_ROLES)


def _order(one: Mapping[str, Any], last: object) -> Row:
    done = one["status"] in DONE
    shade = "dim" if done else ""
    status = clean(one["status"]).lower().replace("_", " ")
    bad = one["status"] in ("UNKNOWN", "REJECTED", "DENIED")
    level = one["limit"] or one["stop"]
    away = distance(last, level, 1) if not done else ("", "")
    return Row(
        one["order_ref"] or f"#{one['perm_id']}",
        (
            (clean(one["role"] or "not ours"), shade),
            (clean(one["symbol"]), shade or "strong"),
            (clean(one["side"]), shade),
            (f"{amount(one['filled'])}/{amount(one['quantity'])}", shade),
            (clean(one["type"]), shade),
            (price(level), shade),
            (away[0].removeprefix("-"), shade),
            (status, "bad" if bad else shade),
            (clean(one["order_ref"]), "dim"),
            (str(one["perm_id"] or ""), "dim"),
            (clean(one["text"] or ""), "dim"),
        ),
    )
