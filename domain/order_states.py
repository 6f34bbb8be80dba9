"""All that decides how an order's status moves: one table and the function that applies it.

A row is what a status does on an event; what a row leaves out does not move it. Rows marked with an incident look odd
and are not: each has happened to somebody (docs/incidents.md).

Two statuses stand for what is outstanding rather than for what rests: PENDING_MODIFY and PENDING_CANCEL count as
live, can fill, and end only when the broker shows what became of the request. UNKNOWN counts as live too.
"""

from __future__ import annotations

from enum import StrEnum

from messages.order import OrderStatus as S

__all__ = ["TRANSITIONS", "IllegalTransition", "OrderInput", "advance"]


class OrderInput(StrEnum):
    """What moves an order: our own steps, the broker's word, and conclusions drawn from a complete snapshot."""

    INTEND = "intend"  # the intent is durable
    DENY = "deny"  # a gate refused it
    SEND = "send"  # the gateway gave its bytes to the socket
    KEEP = "keep"  # the gateway let no byte of it out
    ASK_CANCEL = "ask_cancel"
    ASK_MODIFY = "ask_modify"
    END_MODIFY = "end_modify"  # the modification is in force, or refused
    WORKING = "working"  # PreSubmitted, Submitted, PendingSubmit, or Filled before its executions are here
    HOLD = "hold"  # Inactive, or shares being located
    CANCELLING = "cancelling"  # PendingCancel
    CANCEL = "cancel"  # Cancelled
    REJECT = "reject"  # refused by the broker, and seen to be inactive or gone
    FILL_PART = "fill_part"  # executions, and some quantity is left
    FILL_WHOLE = "fill_whole"  # executions have reached the quantity
    DOUBT = "doubt"  # nothing heard in time, or the link went
    ABSENT = "absent"  # in none of three complete lists, and the broker had never shown it
    VANISH = "vanish"  # in none of three complete lists, though the broker had shown it
    FIND = "find"  # complete lists of open orders show it, whatever we believed


E = OrderInput

# What somebody here decides must fit the status; everything else is news and may be stale, repeated or contradictory.
_OWN = frozenset({E.INTEND, E.DENY, E.ASK_MODIFY})

TRANSITIONS: dict[S, dict[OrderInput, S]] = {
    S.CREATED: {
        E.INTEND: S.INTENDED,
        E.DENY: S.DENIED,
    },
    S.INTENDED: {
        E.SEND: S.SENT,
        E.KEEP: S.NOT_SENT,  # INC-03: a closed link, a deadline or the last gate; journaled, no position from it
        E.ASK_CANCEL: S.INTENDED,  # its bytes may still be queued: the cancellation follows them
        E.WORKING: S.ACCEPTED,  # INC-43: the process died before it could note that the bytes had left
        E.HOLD: S.HELD,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_PART: S.PARTIALLY_FILLED,  # INC-18: the execution comes first
        E.FILL_WHOLE: S.FILLED,  # INC-18
        E.DOUBT: S.UNKNOWN,  # INC-44: journaled, and nobody knows whether bytes left
        E.ABSENT: S.NOT_SENT,
    },
    S.SENT: {
        E.ASK_CANCEL: S.PENDING_CANCEL,
        E.WORKING: S.ACCEPTED,
        E.HOLD: S.HELD,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_PART: S.PARTIALLY_FILLED,  # INC-18
        E.FILL_WHOLE: S.FILLED,  # INC-21: a market order may give no status at all
        E.DOUBT: S.UNKNOWN,  # INC-02: bytes given to a socket prove nothing
        E.ABSENT: S.NOT_SENT,  # INC-44: only now may the intent be tried again, as a new one
        E.VANISH: S.EXPIRED,
    },
    S.ACCEPTED: {
        E.ASK_CANCEL: S.PENDING_CANCEL,
        E.ASK_MODIFY: S.PENDING_MODIFY,
        E.HOLD: S.HELD,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_PART: S.PARTIALLY_FILLED,
        E.FILL_WHOLE: S.FILLED,
        E.DOUBT: S.UNKNOWN,
        E.ABSENT: S.EXPIRED,
        E.VANISH: S.EXPIRED,  # INC-31: a DAY order after the close, cancelled while nobody listened
    },
    S.PARTIALLY_FILLED: {
        E.ASK_CANCEL: S.PENDING_CANCEL,
        E.ASK_MODIFY: S.PENDING_MODIFY,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.FILL_WHOLE: S.FILLED,
        E.DOUBT: S.UNKNOWN,
        E.ABSENT: S.EXPIRED,
        E.VANISH: S.EXPIRED,
    },
    S.PENDING_MODIFY: {
        E.END_MODIFY: S.ACCEPTED,
        E.ASK_CANCEL: S.PENDING_CANCEL,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_WHOLE: S.FILLED,  # error 104: the modification came too late
        E.DOUBT: S.UNKNOWN,  # INC-08: either version may be live, or both
        E.ABSENT: S.EXPIRED,
        E.VANISH: S.EXPIRED,
    },
    S.PENDING_CANCEL: {
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_WHOLE: S.FILLED,  # INC-14: the fill won the race
        E.DOUBT: S.UNKNOWN,  # INC-40: a cancellation written in the restart second
        E.ABSENT: S.NOT_SENT,
        E.VANISH: S.CANCELLED,
    },
    S.HELD: {
        E.ASK_CANCEL: S.PENDING_CANCEL,
        E.ASK_MODIFY: S.PENDING_MODIFY,
        E.WORKING: S.ACCEPTED,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_PART: S.PARTIALLY_FILLED,
        E.FILL_WHOLE: S.FILLED,
        E.DOUBT: S.UNKNOWN,
        E.ABSENT: S.EXPIRED,
        E.VANISH: S.EXPIRED,
    },
    S.UNKNOWN: {
        E.KEEP: S.NOT_SENT,
        E.ASK_CANCEL: S.UNKNOWN,
        E.WORKING: S.ACCEPTED,
        E.HOLD: S.HELD,
        E.CANCELLING: S.PENDING_CANCEL,
        E.CANCEL: S.CANCELLED,
        E.REJECT: S.REJECTED,
        E.FILL_PART: S.PARTIALLY_FILLED,
        E.FILL_WHOLE: S.FILLED,
        E.ABSENT: S.NOT_SENT,  # INC-19: open, completed and executions, all of one epoch
        E.VANISH: S.EXPIRED,
        E.FIND: S.ACCEPTED,
    },
    S.FILLED: {},  # INC-21: a stale Submitted, a second Filled, a Cancelled after it
    S.CANCELLED: {
        E.REJECT: S.REJECTED,  # the code that says why comes after the status
        E.FILL_WHOLE: S.FILLED,  # INC-14: a fill after Cancelled is a fill
        E.FIND: S.ACCEPTED,  # INC-12: believed dead, and alive
    },
    S.REJECTED: {
        E.FILL_PART: S.PARTIALLY_FILLED,  # INC-12: a code had said rejected, and it trades
        E.FILL_WHOLE: S.FILLED,  # INC-12
        E.FIND: S.ACCEPTED,  # INC-12
    },
    S.EXPIRED: {
        E.FILL_WHOLE: S.FILLED,  # INC-19: the fill that three lists did not know yet
        E.WORKING: S.ACCEPTED,
        E.FIND: S.ACCEPTED,
    },
    S.DENIED: {},
    S.NOT_SENT: {
        E.WORKING: S.ACCEPTED,  # INC-02: bytes that waited in a frozen gateway
        E.HOLD: S.HELD,  # INC-02
        E.CANCELLING: S.PENDING_CANCEL,  # INC-02
        E.CANCEL: S.CANCELLED,  # INC-02
        E.REJECT: S.REJECTED,  # INC-02
        E.FILL_PART: S.PARTIALLY_FILLED,  # INC-02
        E.FILL_WHOLE: S.FILLED,  # INC-02
        E.FIND: S.ACCEPTED,  # INC-02
    },
}


class IllegalTransition(Exception):
    """A step of our own does not fit the status of the order: a bug here, never the broker's fault."""

    def __init__(self, order_ref: str, status: S, event: OrderInput) -> None:
        """Name the order, where it stands and what was asked of it."""
        super().__init__(f"order {order_ref}: no {event} while {status}")
        self.order_ref = order_ref
        self.status = status
        self.event = event


def advance(order_ref: str, status: S, event: OrderInput) -> S:
    """Return the status after `event`.

    News never raises and never regresses a status: where the table has no row for it, the status stays. Raises
    IllegalTransition for INTEND, DENY and ASK_MODIFY where the table has no row.
    """
    new = TRANSITIONS[status].get(event)
    if new is not None:
        return new
    if event in _OWN:
        raise IllegalTransition(order_ref, status, event)
    return status
