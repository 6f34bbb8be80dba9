"""Every field that a line of the log may have: a name means the same wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping

from config.log_events.definition import Event, Field, object_of
from config.log_events.kinds import (
    ANY,
    DECIMAL,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    TEXTS,
    WHOLE,
    Kind,
    list_of,
    mapping_of,
)

__all__ = ["FIELDS", "event"]

_MONEY = "account's or instrument's currency"
_PRICE = "instrument's currency"
_UNITS = "shares, contracts or units"
_HISTOGRAM = object_of(
    {"bounds": list_of(NUMBER), "counts": list_of(WHOLE), "sum": NUMBER, "count": WHOLE},
)


def _text(about: str) -> Field:
    return Field(TEXT, about)


def _foreign(about: str) -> Field:
    return Field(TEXT, about, foreign=True)


def _count(about: str) -> Field:
    return Field(WHOLE, about)


def _money(about: str) -> Field:
    return Field(DECIMAL, about, _MONEY)


def _price(about: str) -> Field:
    return Field(DECIMAL, about, _PRICE)


def _units(about: str) -> Field:
    return Field(DECIMAL, about, _UNITS)


def _seconds(about: str) -> Field:
    return Field(NUMBER, about, "s")


def _of(kind: Kind, about: str) -> Field:
    return Field(kind, about)


FIELDS: Mapping[str, Field] = {
    # whose
    "symbol": _text('as IB writes it; "" where it is not known'),
    "order_ref": _text('the order\'s reference, unique for ever; "" for an order of somebody else'),
    "perm_id": _count("IB's number for the order, 0 before it is known"),
    "order_id": _count("the order's number in this client id, 0 before it has one"),
    "position_id": _text("the position's own id"),
    "signal_id": _text("the id of the prediction"),
    "rule_id": _text("the rule's id in the configuration"),
    "id": _text("the alarm's id"),
    "address": _text("an actor's address"),
    "con_id": _count("IB's number for the contract"),
    "account": _text("the account"),
    "client_id": _count("the API client"),
    "handler": _text("the handler's name"),
    "name": _text("of the process, or of the indicator"),
    "process_id": _count("the machine's number for the process, 0 for none"),
    "by": _text("who did it"),
    # why, in words
    "reason": _foreign("why"),
    "text": _foreign("what is said"),
    "error": _foreign("what went wrong"),
    "traceback": _foreign("where in the code"),
    "message": _foreign("the message that was being handled"),
    "figures": _text("the figures that decided"),
    "evidence": _text("by what it is known"),
    "outcome": _foreign("what came of it"),
    "cause": _text("what set it off"),
    "kind": _text("which alarm (docs/alarms.md)"),
    "source": _foreign("where it comes from"),
    "trigger": _text("what tripped the breaker"),
    "goal": _text("whether the breaker only allows less risk, or flattens"),
    "standing": _text("why the breaker stands as it does"),
    "code": _count("TWS's message code"),
    "command": _foreign("of the control socket"),
    "request": _of(mapping_of(ANY), "the whole request"),
    "terms": _of(mapping_of(ANY), "what was given with it, as in the configuration"),
    "event_type": _text("the class of the event"),
    "policy": _text("what happens when a handler is too slow"),
    # an order
    "role": _text("entry, stop, target or exit"),
    "side": _text("BUY or SELL; of a fill its own"),
    "type": _text("MKT, LMT, STP, STP LMT or TRAIL"),
    "status": _text("where the order stands (docs/orders.md)"),
    "quantity": _units("of the order, the fill or the position (negative when short)"),
    "filled": _units("what has filled so far"),
    "order_quantity": _units("of the order that the fill belongs to"),
    "limit": _price("limit price"),
    "stop": _price("stop price"),
    "target": _price("price of the nearest target"),
    "price": _price("of the fill"),
    "average_price": _price("of the order's fills, or of the position"),
    "trailing_pct": Field(DECIMAL, "trailing distance", "fraction: 0.03 is 3 %"),
    "trailing_amount": _price("trailing distance"),
    "group": _text("the OCA group"),
    "parent": _text("reference of the order that it is attached to"),
    "confirmed": _of(FLAG, "the broker has echoed these very terms"),
    "modification": _of(FLAG, "bytes of a modification, not of a new order"),
    "applied": _of(FLAG, "the modification took effect"),
    "execution": _text("execId of the fill"),
    "time": _of(MOMENT, "when it filled, by the broker"),
    "liquidation": _of(FLAG, "the broker has liquidated"),
    "replaces": _text("execId of the fill that is corrected"),
    "replaced_quantity": _units("of that fill"),
    "replaced_price": _price("of that fill"),
    "instead_of": _count("the order id that it had"),
    "passes": _of(FLAG, "the account can carry it"),
    # a position
    "realized_pnl": _money("realised, commission not contained"),
    "unrealized_pnl": _money("unrealised"),
    "commission": _money("commission"),
    "naked_seconds": _seconds("from the first fill"),
    "protected": _of(FLAG, "the broker has confirmed every exit"),
    "opened": _of(MOMENT, "when it first filled"),
    "stop_moved": _text("by which rule the stop was moved last"),
    "exits": _text("the plan of its exits, in words"),
    "targets": _of(
        list_of(object_of({"quantity": DECIMAL, "filled": DECIMAL}, {"price": DECIMAL})), "each slice of the target"
    ),
    # signals
    "signal": _text("BUY, SELL or HOLD"),
    "confidence": Field(NUMBER, "of the prediction", "0 to 1"),
    "value": Field(NUMBER, "of the indicator"),
    "failures": _count("in a row"),
    "retry_seconds": _seconds("until the next try"),
    # the link
    "epoch": _count("number of the connection"),
    "next_order_id": _count("the first order id of this connection"),
    "server_version": _count("of TWS's protocol"),
    "complete": _of(FLAG, "all lists came to their end"),
    "open_orders": _count("that the broker has listed"),
    "differences": _count("found"),
    "again": _foreign('why it is asked again; "" where it is not'),
    "held_at_broker": _units("by the broker's word"),
    "held_by_fills": _units("by the executions that are booked"),
    # counts
    "actors": _count("that run"),
    "restarts": _count("so far"),
    "records": _count("in the journal"),
    "orders": _count("saved"),
    "executions": _count("saved, or listed by the broker"),
    "sequence": _count("the last record that is durable"),
    "begun": _count("the record at which it was begun"),
    "dropped": _count("events so far"),
    "events": _count("that were left"),
    "lines": _count("since this was said last"),
    "mailbox": _count("messages that wait"),
    "dropped_ticks": _count("ticks that a newer one has replaced"),
    "seconds": _seconds("how long it took"),
    "oldest_seconds": _seconds("how long the oldest of them waits"),
    # the process
    "version": _text("of Pitboss"),
    "mode": _text("paper or live"),
    "state": _text("STARTING, READY, HALTED or STOPPING; of an actor its own"),
    "since": _of(MOMENT, "since when"),
    "before": _text("the state that it left"),
    "after": _text("the state that it entered"),
    "inside": _of(mapping_of(ANY), "the actor's own account of itself; for people"),
    # snapshot and pulse
    "symbols": _of(TEXTS, "traded by the configuration"),
    "pulse_seconds": _seconds("between two pulses"),
    "broker": _of(
        object_of(
            {"connected": FLAG, "epoch": WHOLE, "account": TEXT},
            {"last_round_trip": MOMENT, "round_trip_seconds": NUMBER},
        ),
        "the link",
    ),
    "ticks": _count("delivered since the start"),
    "mailboxes": _of(mapping_of(WHOLE), "address → messages that wait, where any do"),
    "pnl": Field(
        object_of(
            dict.fromkeys(("realized", "unrealized", "commission", "gross_exposure", "net_exposure"), DECIMAL),
            {"daily": DECIMAL, "equity": DECIMAL},
        ),
        "of today, and the exposure and equity of now",
        _MONEY,
    ),
    "exposure": _of(
        list_of(object_of({"limit": TEXT, "used": DECIMAL, "maximum": DECIMAL})), "how far limits are used up"
    ),
    "reconciled_at": _of(MOMENT, "when all was last compared with the broker"),
    "fsync": Field(_HISTOGRAM, "until records were durable", "s"),
    "order_latency": Field(_HISTOGRAM, "from an order's arrival at `orders` until its bytes have left", "s"),
    "round_trip": Field(_HISTOGRAM, "from a request to the broker until its answer", "s"),
}


def event(
    words: str,
    fields: str = "",
    *,
    about: str,
    levels: str = "INFO",
    shown: bool = True,
    open: bool = False,  # what it is called in the definition
    **instead: Field,
) -> Event:
    """Define an event. `fields` are names of FIELDS: those that it must have, then after a `|` those that it may have.

    `instead` gives a field another definition than FIELDS does.
    """
    must, _, may = fields.partition("|")
    known = {**FIELDS, **instead}
    return Event(
        words,
        about,
        required={name: known[name] for name in must.split()},
        optional={name: known[name] for name in may.split()},
        levels=tuple(levels.split()),
        shown=shown,
        open=open,
    )
