"""Asking the broker what an order would do to the account. Nothing here is an order, and none ever comes of it."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from messages.gateway import OutgoingOrder
from messages.order import OrderRequest

__all__ = ["WHAT_IF", "AskWhatIf", "PlaceWhatIf", "WhatIfAnswer", "WhatIfAsked", "WhatIfOvertaken"]

WHAT_IF = "what-if-"
"""How the reference of a question begins; no order's does."""


# position → orders (asked: WhatIfAnswer)


@frozen(slots=True)
class AskWhatIf:
    """Ask the broker whether the account could carry this order, which is not placed."""

    order: OrderRequest


# journal (stream: the symbol)


@frozen(slots=True)
class WhatIfAsked:
    """The broker is asked about an order under an id of the durable range, which no order has then."""

    order: OrderRequest
    order_id: int


# orders → gateway


@frozen(slots=True)
class PlaceWhatIf:
    """Write the question, unless `deadline_seconds` pass in the queue."""

    order: OutgoingOrder
    deadline_seconds: float


# gateway → orders


@frozen(slots=True)
class WhatIfOvertaken:
    """No byte of the question left: an order with a higher id went first. It may be asked under another id."""

    order_id: int


# gateway → orders → position; journal (stream: the symbol)


@frozen(slots=True, kw_only=True)
class WhatIfAnswer:
    """What the broker said of an order of `quantity`, in the account's currency.

    `refusal` is its error, `failure` says why there is no answer; with neither the figures say whether the account can
    carry it. `warning` is TWS's own text.
    """

    order_ref: str
    order_id: int
    quantity: Decimal
    refusal: str = ""
    failure: str = ""
    initial_margin_before: Decimal | None = None
    initial_margin_after: Decimal | None = None
    equity_before: Decimal | None = None
    equity_after: Decimal | None = None
    warning: str = ""

    @property
    def slack(self) -> Decimal | None:
        """Equity with loan value less initial margin, were the order filled; None is not known."""
        if self.initial_margin_after is None or self.equity_after is None:
            return None
        return self.equity_after - self.initial_margin_after

    @property
    def passes(self) -> bool:
        """Whether the account can carry it: equity with loan value covers the initial margin (TWS's own rule)."""
        return not self.refusal and not self.failure and self.slack is not None and self.slack >= 0
