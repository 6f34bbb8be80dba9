"""What must hold once the storm is over: both sides say the same, and nothing is left to settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from simulation.oracle.records import Records
from simulation.oracle.truth import Truth

__all__ = ["accounts", "lingering", "unsettled"]

_DOUBTFUL = ("CREATED", "INTENDED", "SENT", "PENDING_MODIFY", "PENDING_CANCEL", "UNKNOWN")
_LIVE = (*_DOUBTFUL, "ACCEPTED", "PARTIALLY_FILLED", "HELD")
# alarms that stand until a person has looked, and say nothing of a difference that goes on
_LOOKED_AT = ("actor.quarantined", "journal.inconsistent", "journal.refused", "order.last_gate", "signals.key_refused")

# alarms of what stays without protection until a person acts; all others are to be over by then
_UNPROTECTED = ("position.", "reconcile.", "protection.failed", "protection.impossible", "instrument.", "breaker.")


def unsettled(status: Mapping[str, Any], truth: Truth, records: Records) -> str:
    """Return what is not yet as it must be in the end; "" for nothing."""
    if status["state"] not in ("READY", "HALTED") or status["unanswered"]:
        return f"{status['state']}: {status['reason']} {status['unanswered']}"
    rows = status["orders"]
    doubtful = [f"{row['order_ref']} {row['role']} {row['status']}" for row in rows if row["status"] in _DOUBTFUL]
    if doubtful:
        return f"in doubt: {doubtful}"
    ours = Counter(
        (row["order_ref"], Decimal(row["quantity"]), Decimal(row["filled"]))
        for row in rows
        if row["status"] in _LIVE and row["role"] is not None
    )
    # not a set: two orders of one reference are not one
    theirs = Counter((one.order_ref, one.quantity, one.filled) for one in truth.live())
    if ours != theirs:
        return f"only here {sorted(map(str, ours - theirs))}, only at the broker {sorted(map(str, theirs - ours))}"
    shown = {row["perm_id"] for row in rows if row["status"] in _LIVE and row["role"] is None}
    by_hand = {one.perm_id for one in truth.by_hand()}
    if shown != by_hand:
        return f"of others only here {sorted(shown - by_hand)}, only at the broker {sorted(by_hand - shown)}"
    return _positions(status, truth) or _bookings(truth, records) or lingering(status, truth)


def lingering(status: Mapping[str, Any], truth: Truth) -> str:
    """Return an alarm that stands though its cause is gone; "" for none."""
    here = {row["symbol"]: Decimal(row["quantity"]) for row in status["positions"]}
    for alarm in status["alarms"]:
        kind, symbol = alarm["kind"], alarm["symbol"]
        held = truth.held(symbol) if symbol is not None else Decimal(0)
        over = {
            "protection.missing": abs(held) <= truth.covered(symbol or ""),
            "protection.failed": not held,
            "position.unmanaged": not held,
            "position.not_closed": not held,
            "reconcile.difference": here.get(symbol, Decimal(0)) == held,
            "order.unknown": True,  # none is in doubt
            "broker.lost": True,  # it is READY
            "journal.slow": True,
        }
        if over.get(kind):
            return f"the alarm {kind} {symbol or ''} stands, and its cause is gone: {alarm['text']}"
    return ""


def _positions(status: Mapping[str, Any], truth: Truth) -> str:
    here = {row["symbol"]: row for row in status["positions"]}
    symbols = {one.contract.symbol for one in truth.venue.positions()} | set(here)
    standing = {(alarm["kind"], alarm["symbol"]) for alarm in status["alarms"]}
    for symbol in sorted(symbols):
        held, covered = truth.held(symbol), truth.covered(symbol)
        row = here.get(symbol, {"quantity": "0", "protected": True})
        about = {kind for kind, of in standing if of == symbol} | {kind for kind, of in standing if of is None}
        said = about - set(_LOOKED_AT)
        excused = {kind for kind in said if kind.startswith(_UNPROTECTED)}
        if Decimal(row["quantity"]) != held and not said & {"position.unmanaged", "reconcile.difference"}:
            return f"{symbol}: {row['quantity']} here, {held} at the broker; {sorted(about)}"
        if abs(held) > covered and not excused:
            return f"{symbol}: {held} held, stops for {covered}, and no alarm: {sorted(about)}"
        if abs(held) < covered:
            return f"{symbol}: stops for {covered}, though {held} is held"
    return ""


def _bookings(truth: Truth, records: Records) -> str:
    records.read()
    theirs = {one.exec_id: one for one in truth.executions().values()}
    missing = [exec_id for exec_id in theirs if exec_id not in records.booked]
    if missing:
        return f"not booked: {[(i, theirs[i].contract.symbol, theirs[i].order_ref) for i in missing]}"
    for exec_id, one in theirs.items():
        fact = records.fills[exec_id]["execution"]
        sides = {"BOT": "BUY", "SLD": "SELL"}
        if (Decimal(fact["quantity"]), Decimal(fact["price"]), fact["side"]) != (
            one.quantity,
            one.price,
            sides[one.side],
        ):
            return f"{exec_id} is booked as {fact}, and was {one}"
    return ""


def accounts(truth: Truth, records: Records) -> str:
    """Return what the money says that it should not, once nothing is held; "" for nothing.

    Shares that came or went without a trade count for what they were adopted at, or had cost when they were let go of.
    """
    profit: dict[str, Decimal] = {}
    for closing in records.closed:
        symbol = closing["symbol"]
        profit[symbol] = profit.get(symbol, Decimal(0)) + Decimal(closing["realized_pnl"])
    for symbol in sorted({one.contract.symbol for one in truth.venue.executions}):
        earned, told = truth.cash(symbol) + records.given(symbol)[1], profit.get(symbol, Decimal(0))
        if abs(told - earned) >= Decimal("0.01"):
            return f"{symbol}: {told} by the closings of the journal, {earned} by the book"
    # what a corrected version cost takes the place of what the one before did
    paid = sum((records.commissions.get(exec_id, Decimal(0)) for exec_id in truth.executions()), Decimal(0))
    if abs(paid - truth.commission()) >= Decimal("0.01"):
        return f"commission: {paid} by the journal, {truth.commission()} by the book"
    return ""
