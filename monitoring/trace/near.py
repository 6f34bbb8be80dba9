"""Ids that look like one that nothing is known of."""

from __future__ import annotations

from difflib import get_close_matches

from messages.order import ExecutionBooked, OrderDenied, OrderIntended
from messages.position import PositionPlanned
from messages.signal import SignalIgnored, SignalReceived
from monitoring.trace.source import Source

__all__ = ["near_matches"]

_LOOKED_AT = 5000  # newest records
_SHOWN = 5


def near_matches(identity: str, source: Source) -> list[str]:
    """Return a few ids of the journal that contain this text, or else resemble it, newest first."""
    kinds = ("OrderIntended", "OrderDenied", "PositionPlanned", "SignalReceived", "SignalIgnored", "ExecutionBooked")
    found: dict[str, None] = {}
    for record in reversed(source.kinds(*kinds, newest=_LOOKED_AT)):
        match record.payload:
            case OrderIntended(order):
                found[order.order_ref] = None
            case OrderDenied(order_ref):
                found[order_ref] = None
            case PositionPlanned(position_id=position_id):
                found[position_id] = None
            case SignalReceived(event):
                found[event.signal_id] = None
            case SignalIgnored(signal_id=signal_id):
                found[signal_id] = None
            case ExecutionBooked(execution) if execution.perm_id:
                found[str(execution.perm_id)] = None
    ids = list(found)
    containing = [one for one in ids if identity.lower() in one.lower()]
    return containing[:_SHOWN] or get_close_matches(identity, ids, _SHOWN)
