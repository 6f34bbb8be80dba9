"""Every event that the log may contain: the fields that it must carry, and how the console says it.

In the words, `{name}` is a field; `?` after a name leaves it out where there is no such field.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

__all__ = ["EVENTS", "Event", "UnknownEventError", "check_event"]


@frozen(slots=True)
class Event:
    """One kind of line."""

    words: str
    required: frozenset[str]
    shown: bool = True
    """Whether a person at the console wants to see it."""


class UnknownEventError(Exception):
    """The code logs something that the table does not define, or without a field that it must carry."""


def _event(words: str, *required: str, shown: bool = True) -> Event:
    return Event(words, frozenset(required), shown)


def check_event(name: str, fields: Mapping[str, object]) -> None:
    """Raise UnknownEventError unless the table defines the event and all that it requires is there."""
    event = EVENTS.get(name)
    if event is None:
        if name.startswith("log."):
            return
        raise UnknownEventError(f"{name} is not in config/log_events.py")
    missing = event.required - fields.keys()
    if missing:
        raise UnknownEventError(f"{name} is logged without {', '.join(sorted(missing))}")


EVENTS: Mapping[str, Event] = {
    # system
    "system.starting": _event("starting {name?} {version?} ({mode?})"),
    "system.started": _event("started, {actors?} actors"),
    "system.ready": _event("ready: in agreement with the broker"),
    "system.entered": _event("the process is {state}: {reason?}", "state", "since", shown=False),
    "system.halted": _event("halted: {reason}", "reason"),
    "breaker.moved": _event("breaker {before} → {after}: {trigger?} {reason}", "before", "after", "reason"),
    "system.resumed": _event("resumed: {reason}", "reason"),
    "system.stopping": _event("stopping: {reason}", "reason"),
    "system.stopped": _event("stopped"),
    "system.state": _event("state of {address}", "address"),
    "system.snapshot": _event("status", "status", shown=False),
    "system.pulse": _event("pulse: {state}", "state", "since", shown=False),
    "system.command": _event("operator: {command} {symbol?} {outcome?}", "command"),
    "system.failed": _event("failed: {error}", "error"),
    # actor
    "actor.started": _event("{actor} started", "actor"),
    "actor.crashed": _event("{actor} crashed: {error} on {message?}", "actor", "message", "error", "traceback"),
    "actor.restarted": _event("{actor} restarted", "actor"),
    "actor.quarantined": _event("{actor} quarantined: {error?}", "actor"),
    "actor.stopped": _event("{actor} stopped", "actor"),
    "deadletter": _event("dead letter for {actor}: {message} ({error?})", "actor", "message"),
    # link
    "broker.connected": _event("connected to the broker, epoch {epoch}", "epoch"),
    "broker.lost": _event("link to the broker lost: {reason?}", "reason"),
    "broker.gap_opened": _event("from here on the broker's messages may be missing: {reason?}"),
    "broker.gap_closed": _event("nothing the broker said is missing any more"),
    "broker.notice": _event("broker says {code}: {text}", "code", "text"),
    "broker.account": _event("account {account?}"),
    "feed.interrupted": _event("ticks of {symbol} stopped: {reason?}", "symbol"),
    "feed.resumed": _event("ticks of {symbol} arrive again", "symbol"),
    "instrument.qualified": _event("{symbol} is known to the broker", "symbol"),
    "instrument.unknown": _event("{symbol} is not known to the broker: {text?}", "symbol"),
    "symbol.added": _event("{symbol} is traded from now on", "symbol"),
    "symbol.removed": _event("{symbol} is traded no more {reason?}", "symbol"),
    # signal, rule
    "signal.received": _event("signal {signal?} {symbol} at {confidence?}", "symbol", "signal_id"),
    "signal.ignored": _event("signal for {symbol} ignored: {reason}", "symbol", "reason"),
    "signal.unavailable": _event("no signals: {reason}", "reason"),
    "signal.available": _event("signals come again {symbol?}"),
    "signal.source": _event("{source}: {text}", "source", "text"),
    "indicator.known": _event("{name} of {symbol} is known: {value?}", "name", "symbol"),
    "indicator.unknown": _event("{name} of {symbol} is not known: {reason?}", "name", "symbol"),
    "rule.fired": _event("rule {rule_id} fired for {symbol}: {outcome?}", "rule_id", "symbol"),
    "rule.skipped": _event("rule {rule_id} skipped {symbol}: {reason}", "rule_id", "reason"),
    "rule.log": _event("rule {rule_id} {symbol?}: {text}", "rule_id", "text"),
    # order
    "order.intent": _event("{role?} intended: {side?} {quantity?} {symbol} {type?} {order_ref}", "symbol", "order_ref"),
    "order.denied": _event("{side?} {symbol} denied: {reason} {figures?}", "symbol", "reason"),
    "order.renumbered": _event("{symbol} {order_ref} leaves as order id {order_id}: overtaken", "symbol", "order_ref"),
    "order.resized": _event("{symbol} made smaller: {figures}", "symbol", "figures"),
    "order.what_if": _event(
        "{symbol} {side?} {quantity}: the broker was asked, passes: {passes} {reason?}", "symbol", "quantity", "passes"
    ),
    "order.sent": _event("{role?} {symbol} sent {order_ref}", "symbol", "order_ref"),
    "order.accepted": _event("{role?} {symbol} accepted {order_ref}", "symbol", "order_ref"),
    "order.modified": _event("{role?} {symbol} modified {order_ref}", "symbol", "order_ref"),
    "order.filled": _event("{role?} {side?} {quantity?} {symbol} filled at {price?}", "symbol"),
    "order.corrected": _event("fill of {symbol} corrected to {quantity?} at {price?}", "symbol"),
    "order.cancelled": _event("{role?} {symbol} cancelled {order_ref} {reason?}", "symbol", "order_ref"),
    "order.rejected": _event("{role?} {symbol} rejected by the broker: {code?} {reason?}", "symbol", "order_ref"),
    "order.expired": _event("{role?} {symbol} expired {order_ref} {reason?}", "symbol", "order_ref"),
    "order.unknown": _event("{symbol} {order_ref}: where it stands is unknown: {reason?}", "symbol", "order_ref"),
    "order.resolved": _event("{symbol} {order_ref} is known again: {status?} {evidence?}", "symbol", "order_ref"),
    # position
    "position.planned": _event("{symbol}: {side?} {quantity?} planned", "symbol"),
    "position.opened": _event("{symbol} open: {quantity?} at {average_price?}", "symbol"),
    "position.updated": _event("{symbol}: {quantity?} at {average_price?}, stop {stop?}, target {target?}", "symbol"),
    "position.marked": _event(
        "{symbol}: {quantity} at {price}, unrealised {unrealized_pnl}",
        "symbol",
        "price",
        "quantity",
        "unrealized_pnl",
        shown=False,
    ),
    "position.closed": _event(
        "{symbol} closed ({reason}), realised {realized_pnl?}, commission {commission?}", "symbol", "reason"
    ),
    "exits.stop_moved": _event("{symbol}: the stop is moved to {stop} ({reason})", "symbol", "reason", "stop"),
    "exits.trail_here": _event("{symbol}: {reason}", "symbol", "reason"),
    "protection.armed": _event("{symbol} protected after {naked_seconds?} s", "symbol"),
    "protection.missing": _event("{symbol} is NOT protected", "symbol"),
    # check
    "reconcile.started": _event("comparing with the broker"),
    "reconcile.finished": _event("agreed with the broker"),
    "reconcile.difference": _event("{symbol?}: the broker differs", "symbol"),
    "alarm.raised": _event("ALARM {kind}: {text}", "id", "kind", "text"),
    "alarm.cleared": _event("alarm over: {kind} {symbol?}", "id", "kind"),
    # journal
    "journal.opened": _event("journal open: {records} records", "records"),
    "journal.repaired": _event("journal repaired: {text}", "text"),
    "journal.snapshot": _event("journal: {orders} orders and {executions} executions saved", "orders", "executions"),
    "journal.snapshot_failed": _event("journal: a snapshot was not saved: {error}", "error"),
    "journal.snapshot_skipped": _event("journal: the order book saved at {begun} is not used: {error}", "error"),
    "journal.recovered": _event("journal: {text}", "text"),
    "journal.failed": _event("journal failed after record {sequence}: {error}", "error", "sequence"),
    # handlers of a program that uses Pitboss from Python
    "subscriber.failed": _event(
        "handler {handler} failed on a {event_type}: {error}", "handler", "event_type", "error", "traceback"
    ),
    "subscriber.overflow": _event("handler {handler} is too slow: {dropped} events dropped", "handler", "dropped"),
    "subscriber.slow": _event("handler {handler} held everything up for {seconds} s", "handler", "seconds"),
    "subscriber.undelivered": _event("handler {handler} did not get the last {events} events", "handler", "events"),
    # the log itself
    "log.dropped": _event("{lines} lines were not written", "lines"),
}
