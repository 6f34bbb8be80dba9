"""The story of a storm: the broker's book, the messages, the product's own log and the faults, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from config.log_record import LogRecord
from simulator.model import Charged, Executed, OrderChanged, OrderError, PositionChanged, VenueEvent
from simulator.wire.answer_names import ANSWER_NAMES

__all__ = ["Chronicle", "Moment"]

Moment = tuple[float, str, str]
"""seconds, who, what"""

_REQUESTS = {
    "3": "placeOrder",
    "4": "cancelOrder",
    "5": "reqOpenOrders",
    "7": "reqExecutions",
    "16": "reqAllOpenOrders",
}
_REQUESTS |= {"61": "reqPositions", "71": "startApi", "99": "reqCompletedOrders", "1": "reqMktData"}
_DULL = (
    "tick",
    "currentTime",
    "reqCurrentTime",
    "accountValue",
    "updateAccount",
    "portfolioValue",
    "pnl",
    "acctUpdate",
)
_DULL_EVENTS = ("signal.", "log.", "order.intent", "system.snapshot", "system.pulse", "position.marked")
_EMPTY = ("", "0", "0.0", "-1", "2147483647", "1.7976931348623157E308", "None", "?")
_WIDTH = 200


class Chronicle:
    """Turns what is heard into lines."""

    def __init__(self, note: Callable[[str, str], object]) -> None:
        """`note(who, what)` takes each."""
        self._note = note

    def log(self, record: LogRecord) -> None:
        """A line of the product's log."""
        if not record.event.startswith(_DULL_EVENTS):
            self._note("pitboss", f"{record.event} {_fields(record.fields)}"[:_WIDTH])

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message on the wire."""
        number = fields[0]
        name = _REQUESTS.get(number, "") if outgoing else str(ANSWER_NAMES.get(int(number), number))
        if name and not name.startswith(_DULL):
            rest = " ".join(field for field in fields[1:] if field not in _EMPTY)
            self._note("  wire >" if outgoing else "  wire <", f"{name} {rest}"[:_WIDTH])

    def book(self, event: VenueEvent) -> None:
        """A change of the broker's book."""
        match event:
            case OrderChanged(order):
                what = f"{order.side} {order.quantity} {order.contract.symbol} {order.order_type}"
                price = order.limit or order.stop or ""
                self._note("broker", f"{order.order_ref} {order.status}: {what} {price}, filled {order.filled}")
            case Executed(_, fill):
                self._note(
                    "broker", f"{fill.order_ref} {fill.side} {fill.quantity} {fill.contract.symbol} @ {fill.price}"
                )
            case PositionChanged(position):
                self._note("broker", f"holds {position.quantity} {position.contract.symbol}")
            case OrderError():
                self._note("broker", f"error {event.code} about order {event.order_id}: {event.text}")
            case Charged():
                pass  # said with the fill


def _fields(fields: Mapping[str, Any]) -> str:
    told = (f"{name}={value}" for name, value in fields.items() if value not in (None, "") and name != "traceback")
    return " ".join(told)
