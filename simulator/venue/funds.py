"""Whether an account can afford an order, and what it would do to the account."""

from __future__ import annotations

from decimal import Decimal

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Order, WhatIf
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.commissions import commission_currency
from simulator.venue.market import as_decimal
from simulator.venue.refusal import OrderRefused
from simulator.venue.reserves import Reserves
from simulator.venue.valuation import Totals

__all__ = ["check_funds", "expected_price", "what_if"]

_CENT = Decimal("0.01")


def check_funds(
    order: Order,
    definition: ContractDefinition,
    books: Bookkeeping,
    reserves: Reserves,
    already: Decimal = ZERO,
) -> None:
    """Raise OrderRefused (201) if the account cannot carry the position that the order leads to.

    Orders that only reduce a position are always let in. What other working orders may open is reserved for;
    `already` is what the order has filled.
    """
    held = books.ledger.holding(order.account, definition).quantity
    quantity = order.quantity - already
    signed = quantity if order.side == "BUY" else -quantity
    if abs(held + signed) <= abs(held):
        return
    after = _after(order, definition, books, signed)[1]
    if after.equity_with_loan >= after.initial_margin + reserves.at_most(order.account):
        return  # whatever the others are
    needed = after.initial_margin + reserves.of_others(order)
    if after.equity_with_loan < needed:
        raise OrderRefused(
            201,
            "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR "
            f"EQUITY WITH LOAN VALUE [{after.equity_with_loan.quantize(_CENT)} {books.valuation.base}] MUST EXCEED "
            f"THE INITIAL MARGIN [{needed.quantize(_CENT)} {books.valuation.base}]",
        )


def what_if(order: Order, definition: ContractDefinition, books: Bookkeeping, reserves: Reserves) -> WhatIf:
    """Return the account's margins before and after the order, were it filled at once.

    Both initial margins include what is reserved for other working orders, so that they say what would be let in.
    """
    signed = order.quantity if order.side == "BUY" else -order.quantity
    before = books.valuation.totals(order.account)
    commission, after = _after(order, definition, books, signed)
    promised = reserves.of_others(order)
    short_of_funds = after.equity_with_loan < after.initial_margin + promised
    return WhatIf(
        init_margin_before=before.initial_margin + promised,
        maint_margin_before=before.maintenance_margin,
        equity_with_loan_before=before.equity_with_loan,
        init_margin_after=after.initial_margin + promised,
        maint_margin_after=after.maintenance_margin,
        equity_with_loan_after=after.equity_with_loan,
        commission=commission,
        currency=commission_currency(definition.contract),
        warning="Your equity with loan value would not cover the initial margin." if short_of_funds else "",
    )


def _after(order: Order, definition: ContractDefinition, books: Bookkeeping, signed: Decimal) -> tuple[Decimal, Totals]:
    price = expected_price(order, definition, books)
    commission = books.price_of(definition, abs(signed), abs(signed) * price)
    fee = commission * books.rates.of(commission_currency(definition.contract))
    holding = books.ledger.holding(order.account, definition)
    return commission, books.valuation.after(holding, signed, price, fee)


def expected_price(order: Order, definition: ContractDefinition, books: Bookkeeping) -> Decimal:
    """Return the price that the order is likely to meet; without a market its own price, else the contract's."""
    quote = books.valuation.quote_of(definition.contract.con_id)
    opposite = quote.ask if order.side == "BUY" else quote.bid
    if order.limit is not None:
        return abs(order.limit)
    if opposite > 0:
        return as_decimal(opposite)
    trailing = order.order_type.startswith("TRAIL")
    own = order.trail_stop if trailing else order.stop
    return own or books.valuation.mark(definition, as_decimal(definition.reference_price))
