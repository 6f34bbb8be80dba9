"""The portfolio row of a position: what it is worth at the market."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from simulator.model import Position
from simulator.wire.account_answers import portfolio_value
from simulator.wire.session_answers import Fields

if TYPE_CHECKING:
    from simulator.venue import Venue

__all__ = ["portfolio_row"]

_CENTS = Decimal("0.01")
_PRICE = Decimal("0.0000001")


def portfolio_row(venue: Venue, held: Position) -> Fields:
    """Return updatePortfolio of a position at its present value."""
    profit = venue.pnl_single(held.account, held.contract.con_id)
    units = held.quantity * Decimal(held.contract.multiplier or 1)
    price = (profit.value / units).quantize(_PRICE).normalize() if units else Decimal(0)
    return portfolio_value(
        held,
        price,
        profit.unrealized.quantize(_CENTS),
        profit.realized.quantize(_CENTS),
        profit.value.quantize(_CENTS),
    )
