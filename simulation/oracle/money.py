"""The money, while the storm goes on: what Pitboss says of each symbol is what its executions come to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simulation.oracle.records import Records
from simulation.oracle.truth import Truth

__all__ = ["running_profit"]

_CENT = Decimal("0.01")


def running_profit(status: Mapping[str, Any], truth: Truth, records: Records) -> dict[str, str]:
    """Return symbol → what is wrong with its profit, "" for nothing; only of symbols whose executions are all booked.

    A position that does not answer says nothing of its profit, as the status says itself. While the journal has failed
    the closings since are not in it, as its alarm says: the next start writes them.

    What closings came to and what the open position has realised is what all executions brought in cash, and what is
    held at its average price; shares that came or went without a trade count once they are adopted or let go of, for
    what they were adopted at, or had cost.
    """
    # a position that has closed is shown until the next one; its closing has been counted
    rows = {row["symbol"]: row for row in status["positions"] if row.get("state") != "CLOSED"}
    closed: dict[str, Decimal] = {}
    for closing in records.closed:
        closed[closing["symbol"]] = closed.get(closing["symbol"], Decimal(0)) + Decimal(closing["realized_pnl"])
    missing = {one.contract.symbol for one in truth.venue.executions if one.exec_id not in records.booked}
    symbols = sorted({one.contract.symbol for one in truth.venue.executions} - missing)
    if any(alarm["kind"] == "journal.failed" for alarm in status["alarms"] or ()):
        return dict.fromkeys(symbols, "")
    found: dict[str, str] = {}
    for symbol in symbols:
        row = rows.get(symbol, {"quantity": "0", "average_price": None, "realized_pnl": "0"})
        held = Decimal(row["quantity"])
        silent = any(text.startswith(f"position/{symbol} ") for text in status["unanswered"])
        given, worth = records.given(symbol)
        if silent or held != truth.by_executions(symbol) + given:
            continue
        cost = held * Decimal(row["average_price"] or 0)
        told = closed.get(symbol, Decimal(0)) + Decimal(row["realized_pnl"] or 0)
        earned = truth.cash(symbol) + worth + cost
        wrong = abs(told - earned) >= _CENT
        found[symbol] = f"{symbol}: profit {told} by status and journal, {earned} by the executions" if wrong else ""
    return found
