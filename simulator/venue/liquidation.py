"""Liquidation: when an account's equity no longer covers its maintenance margin, the broker closes positions.

At each look the position with the greatest margin is closed by as much as its quote shows, until the margin is covered.
Nobody's order does that: the executions carry the liquidation flag and order id 0 (ib-facts §3). Working orders stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from attrs import frozen

from simulator.venue.ledger import Holding, Ledger
from simulator.venue.market import Market, as_decimal
from simulator.venue.valuation import Valuation

__all__ = ["Forced", "forced_sales"]


@frozen(slots=True)
class Forced:
    """A trade that the broker makes for an account."""

    holding: Holding
    signed: Decimal
    price: Decimal


def forced_sales(ledger: Ledger, valuation: Valuation, market_of: Callable[[Holding], Market]) -> Iterator[Forced]:
    """Return what has to be closed now, at most one trade an account, taking it from the sizes shown."""
    for account in ledger.accounts:
        totals = valuation.totals(account)
        if totals.equity_with_loan >= totals.maintenance_margin:
            continue
        held = [one for one in ledger.holdings(account) if one.quantity and _margin(one, valuation)]
        for holding in sorted(held, key=lambda one: _margin(one, valuation), reverse=True):
            trade = _at_the_quote(holding, market_of(holding))
            if trade is not None:
                yield trade
                break


def _margin(holding: Holding, valuation: Valuation) -> Decimal:
    margin = valuation.margin(holding, valuation.holding_mark(holding)).maintenance
    return margin * valuation.rate(holding.definition.contract.currency)


def _at_the_quote(holding: Holding, market: Market) -> Forced | None:
    quote = market.quote
    sells = holding.quantity > 0
    if not market.trading or not (market.bid if sells else market.ask):
        return None
    left = quote.bid_size - market.bid_taken if sells else quote.ask_size - market.ask_taken
    quantity = min(abs(holding.quantity), left)
    if quantity <= 0:
        return None
    if sells:
        market.bid_taken += quantity
        return Forced(holding, -quantity, as_decimal(quote.bid))
    market.ask_taken += quantity
    return Forced(holding, quantity, as_decimal(quote.ask))
