"""What the broker's words mean for an order: statuses and error codes (ib-facts §§3 and 5).

No code ends an order by itself: the broker's status or its complete lists do (INC-12).
"""

from __future__ import annotations

from enum import StrEnum

from domain.order_states import OrderInput

__all__ = ["CodeMeaning", "code_meaning", "status_input"]

_STATUS: dict[str, OrderInput] = {
    "ApiPending": OrderInput.WORKING,
    "PendingSubmit": OrderInput.WORKING,
    "PreSubmitted": OrderInput.WORKING,
    "Submitted": OrderInput.WORKING,
    "Filled": OrderInput.WORKING,  # executions alone fill; until they are here it counts as live
    "WarnState": OrderInput.HOLD,
    "Inactive": OrderInput.HOLD,
    "PendingCancel": OrderInput.CANCELLING,
    "PreCancelled": OrderInput.CANCELLING,
    "Cancelled": OrderInput.CANCEL,
    "ApiCancelled": OrderInput.CANCEL,
}


def status_input(status: str, why_held: str = "") -> OrderInput | None:
    """Return what a status of TWS does to an order; None for a word that TWS does not document.

    PreSubmitted with whyHeld "locate" waits for shares to borrow and is held.
    """
    if "locate" in why_held and status in ("PreSubmitted", "Submitted"):
        return OrderInput.HOLD
    return _STATUS.get(status)


class CodeMeaning(StrEnum):
    """What an error code says about the request it answers."""

    INFORMATION = "information"
    CANCELLED = "cancelled"
    REFUSED = "refused"  # the request had no effect; an earlier version of the order may live
    UNCERTAIN = "uncertain"


_INFORMATION = frozenset(
    {
        399,  # held until the open, and the like
        404,  # shares are being located: it is live
        10349,  # TIF set by a preset (INC-12: 15 orders instead of one)
    }
)
_REFUSED = frozenset(
    {
        103,  # duplicate order id
        104,  # modification of an order that has filled: look for the fill
        105,  # modification does not match
        106,
        107,
        109,  # price out of range
        110,  # price off the tick
        111,
        113,
        200,  # no such contract
        201,  # rejected, the text says why
        203,  # not permitted for the account
        320,  # could not be parsed: our bug
        321,  # could not be validated: our bug
        434,  # size zero
        460,  # no trading permission
        2102,  # still being processed: the modification did not happen
        10224,  # OCA needs one account
    }
)


def code_meaning(code: int) -> CodeMeaning:
    """Return what a code means; what is not listed is uncertain and has to be verified."""
    if code == 202:
        return CodeMeaning.CANCELLED
    if code in _REFUSED:
        return CodeMeaning.REFUSED
    if code in _INFORMATION or 2100 <= code < 2200:
        return CodeMeaning.INFORMATION
    return CodeMeaning.UNCERTAIN
