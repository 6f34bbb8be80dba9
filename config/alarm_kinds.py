"""Every kind of alarm: what it says, how it ends, and whether a person may clear it."""

from __future__ import annotations

from attrs import frozen

__all__ = ["ALARM_KINDS", "AlarmKind", "kind_of"]


@frozen(slots=True)
class AlarmKind:
    """`ends` says when it clears by itself, "" for never: then somebody must look and clear it.

    One that stands for something that goes on (`lasting`) is cleared by whoever raised it, and by nobody else.
    """

    cause: str
    ends: str = ""
    lasting: bool = True


def _person(cause: str, ends: str = "") -> AlarmKind:
    return AlarmKind(cause, ends, lasting=False)


_CLOSED = "the position is closed"
_CONNECTED = "the next connection"

ALARM_KINDS: dict[str, AlarmKind] = {
    "actor.quarantined": _person("an actor crashed too often; its symbol takes no new risk until the next start"),
    "breaker.not_flat": AlarmKind("the breaker flattens, and something is still held", "all is flat"),
    "broker.account_data_lost": _person("TWS has stopped to tell the account's values (2100)", _CONNECTED),
    "broker.client_id_in_use": AlarmKind("another program uses the client id (326); it is tried again", _CONNECTED),
    "broker.degraded": AlarmKind("TWS has lost its link to IB (1100, 2110)", "1101, 1102 or the next connection"),
    "broker.incomplete": AlarmKind("TWS does not finish the lists it is asked for", "a complete answer"),
    "broker.lost": AlarmKind("there is no connection to TWS", _CONNECTED),
    "broker.market_data_lines": _person(
        "more symbols are wanted than the account has market data lines", "they have lines again"
    ),
    "broker.rate_exceeded": _person("TWS complained about the message rate (100); no entries for a minute", _CONNECTED),
    "clock.apart": AlarmKind("TWS's clock and this machine's are more than five seconds apart", "they agree"),
    "execution.liquidation": _person("the broker has liquidated: an execution carries its mark"),
    "instrument.unknown": AlarmKind("the broker does not know a symbol's contract", "the broker describes it"),
    "journal.damaged": _person("a record cannot be read back: see pitboss journal verify"),
    "journal.failed": AlarmKind("nothing can be written: no new risk", "the next start on a sound disk"),
    "journal.inconsistent": _person("a record tells a step of an order that cannot be"),
    "journal.refused": _person("a record could not be put into words, and is missing"),
    "journal.slow": AlarmKind("a write does not come back", "it comes back"),
    "order.duplicated": AlarmKind(
        "one intent lives as two orders; both are cancelled, the symbol waits", "both are over"
    ),
    "order.ids_exhausted": _person("no order id is left: reset the API order id sequence in TWS"),
    "order.last_gate": _person("the last gate stopped what no sound program asks for"),
    "order.mismatch": AlarmKind(
        "the broker shows another order than was meant; the symbol waits, or all halts", "the order ends"
    ),
    "order.not_cancelled": AlarmKind(
        "cancelled four times, and the broker's lists show that it works", "the order ends"
    ),
    "order.overfilled": _person("more has filled than was ordered; it is booked, and flattened where it goes beyond"),
    "order.revived": AlarmKind("an order believed done is listed as open", "the order ends"),
    "order.unknown": AlarmKind("nobody knows where an order stands; the broker is asked", "it is known again"),
    "position.flipped": _person("what is held is on the wrong side; it is flattened", _CLOSED),
    "position.not_closed": AlarmKind(
        "held beyond its time, or a closing has not come to its end within its own", _CLOSED
    ),
    "position.split": _person(
        "the broker's quantity is another and its value is not: a split; exits of before stand where they stood",
        "both agree again",
    ),
    "position.unmanaged": AlarmKind(
        "something is held without a plan: pitboss adopt, or close", "it is adopted or gone"
    ),
    "protection.failed": AlarmKind("exits cannot be placed; the position is flattened", _CLOSED),
    "protection.impossible": AlarmKind("the exits asked for are no prices or times", _CLOSED),
    "protection.missing": AlarmKind(
        "held for longer than risk.naked_seconds without confirmed exits", "every exit is confirmed, or all is closed"
    ),
    "reconcile.difference": AlarmKind(
        "the broker holds another quantity than executions explain; the symbol takes no new risk", "both agree again"
    ),
    "risk.TRIGGER": AlarmKind("the breaker has tripped, by this trigger", "it is armed again by hand"),
    "rule.faulty": _person("a rule's condition raised; the rule is disabled"),
    "signals.key_refused": _person("the signal service refuses the key", "it answers again, after a start"),
    "signals.unavailable": AlarmKind("the signal service does not answer", "it answers"),
    "stop.not_executed": _person("the price is beyond the stop, and the broker does not act on it", _CLOSED),
    "stop.not_moved": _person("the broker keeps its stop where it was", f"it has moved, or {_CLOSED}"),
    "symbol.unusable": _person("a symbol that was added cannot be traded", "it is added again, or taken out"),
}
"""kind → what it is; `risk.TRIGGER` stands for one kind for each trigger of the breaker"""

_UNLISTED = _person("")


def kind_of(kind: str) -> AlarmKind:
    """Return what a kind is; one that an older journal or another program named is cleared by hand."""
    return ALARM_KINDS.get("risk.TRIGGER" if kind.startswith("risk.") else kind, _UNLISTED)
