"""A message on the wire, and a record of the journal, in a few words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.wire.answer_names import ANSWER_NAMES
from storage.rows import Row

__all__ = ["frame_in_words", "row_in_words"]

_REQUESTS = {
    "1": "reqMktData",
    "3": "placeOrder",
    "4": "cancelOrder",
    "5": "reqOpenOrders",
    "7": "reqExecutions",
    "16": "reqAllOpenOrders",
    "61": "reqPositions",
    "71": "startApi",
    "99": "reqCompletedOrders",
}
_DULL = (
    "tick",
    "currentTime",
    "reqCurrentTime",
    "account",
    "updateAccount",
    "updatePortfolio",
    "portfolioValue",
    "pnl",
    "acctUpdate",
    "contractDetails",
    "marketRule",
    "marketDataType",
    "reqMktData",
)
_DULL_ERRORS = ("2104", "2106", "2107", "2108", "2158")  # how the data farms are
_EMPTY = ("", "0", "0.0", "-1", "2147483647", "1.7976931348623157E308", "None", "?")
_STATUSES = ("PendingSubmit", "PreSubmitted", "Submitted", "Filled", "Cancelled", "PendingCancel", "Inactive")
# fields of a record that say most, in this order; `order` and the like are looked into
_TELLING = (
    "order_ref",
    "exec_id",
    "symbol",
    "role",
    "side",
    "quantity",
    "order_type",
    "price",
    "limit_price",
    "stop_price",
    "status",
    "amount",
    "kind",
    "reason",
    "text",
)
_INNER = ("order", "modify", "execution", "commission", "plan", "payload")


def frame_in_words(outgoing: bool, fields: list[str]) -> str:
    """Return what a message says; "" for one that tells nothing of orders and positions."""
    number = fields[0]
    name = _REQUESTS.get(number, "") if outgoing else str(ANSWER_NAMES.get(int(number), number))
    if not name or name.startswith(_DULL) or (name == "error" and not set(_DULL_ERRORS).isdisjoint(fields[:5])):
        return ""
    if name in ("placeOrder", "openOrder"):
        return f"{name} {_order(fields)}"
    if name == "execDetails":
        return f"{name} {_execution(fields)}"
    return f"{name} {' '.join(field for field in fields[1:] if field not in _EMPTY)}"


def _order(fields: list[str]) -> str:
    """An order's number, side, quantity, symbol, type, prices, reference and status, wherever this version has them."""
    side = next((number for number, field in enumerate(fields) if field in ("BUY", "SELL")), None)
    if side is None:
        return " ".join(field for field in fields[1:] if field not in _EMPTY)
    terms = [fields[side], fields[side + 1], fields[3], *fields[side + 2 : side + 5]]
    named = [field for field in fields if field.startswith("pb-")][:1]
    status = [field for field in fields if field in _STATUSES][:1]
    return " ".join([fields[1], *(term for term in terms if term not in _EMPTY), *named, *status])


def _execution(fields: list[str]) -> str:
    """Its order's number, what was done, and its id."""
    side = next((number for number, field in enumerate(fields) if field in ("BOT", "SLD")), None)
    if side is None:
        return " ".join(field for field in fields[1:] if field not in _EMPTY)
    exec_id = next((field for field in fields if field.count(".") == 3), "")
    return f"{fields[2]} {fields[side]} {fields[side + 1]} {fields[4]} @ {fields[side + 2]} {exec_id}"


def row_in_words(row: Row) -> str:
    """Return what a record says."""
    return " ".join([row.kind, *dict.fromkeys(_told(json.loads(row.payload)))])


def _told(payload: Mapping[str, Any]) -> Iterator[str]:
    found = {**payload}
    for name in _INNER:
        if isinstance(inner := payload.get(name), dict):
            found = {**inner, **found}
    for name in _TELLING:
        value = found.get(name)
        if isinstance(value, str | int | float) and value != "":
            yield str(value)
