"""Events of comparing with the broker, of alarms and of the journal."""

from __future__ import annotations

from collections.abc import Mapping

from config.log_events.definition import Event
from config.log_events.fields import event

__all__ = ["EVENTS"]

EVENTS: Mapping[str, Event] = {
    "reconcile.started": event(
        "comparing with the broker", "epoch | reason", about="the broker was asked for all its lists"
    ),
    "reconcile.finished": event(
        "agreed with the broker",
        "complete epoch | open_orders executions differences again",
        about="the lists were compared, or were not complete",
        levels="INFO WARNING",
    ),
    "reconcile.difference": event(
        "{symbol?}: the broker differs {text?}",
        "| symbol order_ref perm_id text held_at_broker held_by_fills epoch",
        about="what the broker shows is not what is booked",
        levels="WARNING ERROR",
    ),
    "alarm.raised": event(
        "ALARM {kind}: {text}",
        "id kind text since | symbol order_ref perm_id",
        about="a person must know; it stands until its cause is gone",
        levels="WARNING",
    ),
    "alarm.cleared": event(
        "alarm over: {kind} {symbol?}",
        "id kind text since | symbol order_ref perm_id by",
        about="its cause is gone, or somebody has ended it",
    ),
    "journal.opened": event("journal open: {records} records", "records", about="it can be written"),
    "journal.repaired": event(
        "journal repaired: {text}", "text", about="what a power cut had left half written was cut off", levels="WARNING"
    ),
    "journal.recovered": event(
        "journal: {text}", "text", about="what had gone to the reserve is in the journal", levels="WARNING"
    ),
    "journal.failed": event(
        "journal failed after record {sequence}: {error}",
        "sequence error",
        about="no new risk; what reduces it goes to the reserve",
        levels="ERROR",
    ),
    "journal.snapshot": event(
        "journal: {orders} orders and {executions} executions saved",
        "orders executions begun",
        about="the next start begins here",
    ),
    "journal.snapshot_failed": event(
        "journal: a snapshot was not saved: {error}", "error", about="the next start takes longer", levels="WARNING"
    ),
    "journal.snapshot_skipped": event(
        "journal: the order book saved at {begun} is not used: {error}",
        "begun error",
        about="this start takes longer",
        levels="WARNING",
    ),
}
