"""Events of orders and positions."""

from __future__ import annotations

from collections.abc import Mapping

from config.log_events.definition import Event, Field
from config.log_events.fields import FIELDS, event
from config.log_events.kinds import NUMBER

__all__ = ["EVENTS"]

_ORDER = "symbol order_ref side quantity type status filled order_id perm_id"
_TERMS = "role limit stop trailing_pct trailing_amount position_id text"
# a bust of the only fill leaves no average_price
_FILL = f"{_ORDER} price execution time client_id order_quantity liquidation"
_HELD = "symbol quantity realized_pnl commission state protected"
_EXITS = "average_price stop target opened stop_moved"
_POSITION = f"{_HELD} | {_EXITS} position_id exits targets"

EVENTS: Mapping[str, Event] = {
    # an order, in the order of its life
    "order.intent": event(
        "{role?} intended: {side} {quantity} {symbol} {type} {order_ref}",
        f"{_ORDER} | {_TERMS} group parent",
        about="it is in the journal, durably, and may leave",
    ),
    "order.denied": event(
        "{side?} {symbol} denied: {reason} {figures?}",
        f"symbol reason | order_ref side quantity type status filled order_id perm_id {_TERMS} figures",
        about="refused by a gate of ours: it has not left",
        levels="WARNING ERROR",
    ),
    "order.resized": event("{symbol} made smaller: {figures}", "symbol figures", about="so that it fits the limits"),
    "order.what_if": event(
        "{symbol} {side} {quantity}: the broker was asked, passes: {passes} {reason?}",
        "symbol side quantity order_id passes | reason",
        about="whether the account can carry it",
    ),
    "order.renumbered": event(
        "{symbol} {order_ref} leaves as order id {order_id}: overtaken",
        "symbol order_ref order_id instead_of",
        about="TWS wants a higher order id",
    ),
    "order.sent": event(
        "{role?} {symbol} sent {order_ref}",
        f"{_ORDER} epoch modification | {_TERMS}",
        about="its bytes, or those of a modification, were given to the socket",
    ),
    "order.accepted": event(
        "{role?} {symbol} accepted {order_ref}", f"{_ORDER} confirmed | {_TERMS}", about="the broker has it"
    ),
    "order.modified": event(
        "{role?} {symbol} modified {order_ref}",
        f"{_ORDER} applied | {_TERMS}",
        about="a modification was confirmed, or has come to nothing",
    ),
    "order.filled": event(
        "{role?} {side} {quantity} {symbol} filled at {price}",
        f"{_FILL} | {_TERMS} average_price",
        about="an execution was booked",
    ),
    "order.corrected": event(
        "fill of {symbol} corrected to {quantity} at {price}",
        f"{_FILL} replaces replaced_quantity replaced_price | {_TERMS} average_price",
        about="the broker has replaced an execution, or busted it (quantity 0)",
        levels="WARNING",
    ),
    "order.cancelled": event(
        "{role?} {symbol} cancelled {order_ref} {reason?}", f"{_ORDER} | {_TERMS} reason", about="it is over"
    ),
    "order.rejected": event(
        "{role?} {symbol} rejected by the broker: {code} {reason?}",
        f"{_ORDER} code | {_TERMS} reason",
        about="it is over; the broker did not take it",
        levels="ERROR",
    ),
    "order.expired": event(
        "{role?} {symbol} expired {order_ref} {reason?}",
        f"{_ORDER} | {_TERMS} reason",
        about="it is over: never sent, or its time has passed",
        levels="WARNING",
    ),
    "order.unknown": event(
        "{symbol} {order_ref}: where it stands is unknown: {reason?}",
        f"{_ORDER} | {_TERMS} reason",
        about="the broker is asked; nothing is sent in its place before that is known",
        levels="WARNING",
    ),
    "order.resolved": event(
        "{symbol} {order_ref} is known again: {status} {evidence?}",
        f"{_ORDER} | {_TERMS} evidence",
        about="by the broker's lists",
    ),
    # a position
    "position.planned": event(
        "{symbol}: {side} {quantity} planned",
        "symbol side quantity position_id | source signal_id exits",
        about="an entry was decided, or a holding adopted",
    ),
    "position.opened": event("{symbol} open: {quantity} at {average_price?}", _POSITION, about="its first fill"),
    "position.updated": event(
        "{symbol}: {quantity} at {average_price?}, stop {stop?}, target {target?}",
        _POSITION,
        about="quantity, average price or exits are others",
    ),
    "position.marked": event(
        "{symbol}: {quantity} at {price}, unrealised {unrealized_pnl}",
        f"price unrealized_pnl {_HELD} | {_EXITS}",
        about="what is held and its last price, where that has moved since the last pulse",
        shown=False,
        price=Field(NUMBER, "last price, or between bid and ask", FIELDS["price"].unit),
    ),
    "position.closed": event(
        "{symbol} closed ({reason}), realised {realized_pnl}, commission {commission}",
        "symbol reason realized_pnl commission | position_id",
        about="it has ended, and this is what it came to",
    ),
    "exits.stop_moved": event(
        "{symbol}: the stop is moved to {stop} ({reason})",
        "symbol reason stop | position_id",
        about="by the exits' own rules",
    ),
    "exits.trail_here": event(
        "{symbol}: {reason}", "symbol reason", about="the stop is moved by Pitboss, not by the broker", levels="WARNING"
    ),
    "protection.armed": event(
        "{symbol} protected after {naked_seconds} s",
        "symbol naked_seconds quantity | stop target",
        about="the broker has confirmed every exit",
    ),
    "protection.missing": event(
        "{symbol} is NOT protected",
        "symbol naked_seconds quantity",
        about="exits are not confirmed in time",
        levels="ERROR",
    ),
}
