"""What an account's working orders would tie up, were they filled: it cannot be promised twice.

Only what opens counts. For each contract and side the oldest orders close first, as far as there is a position to
close; the rest is reserved for, on the side that needs more. Of an OCA group only the order that needs most counts,
since one fill ends the others; the exits of a bracket count never: they only close what their parent opens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from attrs import define

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Order
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.families import OcaKey, oca_key
from simulator.venue.ledger import Holding, multiplier
from simulator.venue.working import Stage, Working

__all__ = ["reserved"]

PriceOf = Callable[[Order, ContractDefinition, Bookkeeping], Decimal]


@define(slots=True)
class _Sides:
    """What is reserved for the orders of one contract."""

    closable: Decimal  # of the position, signed
    buys: Decimal = ZERO
    sells: Decimal = ZERO


def reserved(new: Order, orders: Iterable[Working], books: Bookkeeping, price_of: PriceOf) -> Decimal:
    """Return the initial margin, in the account's currency, that the other orders of `new`'s account may come to need.

    Of the contract of `new`, orders on its other side are left out: they would close what it opens.
    """
    sides: dict[int, _Sides] = {}
    for working in _one_of_each_group(new, orders, books, price_of):
        definition, buys = working.definition, working.buys
        con_id = definition.contract.con_id
        if con_id == new.contract.con_id and working.order.side != new.side:
            continue
        found = sides.get(con_id)
        if found is None:
            found = sides[con_id] = _Sides(books.ledger.holding(new.account, definition).quantity)
        left = working.order.remaining
        if (found.closable < 0) is buys and found.closable:
            closed = min(left, abs(found.closable))
            found.closable += closed if buys else -closed
            left -= closed
        amount = _requirement(working, left, books, price_of)
        if buys:
            found.buys += amount
        else:
            found.sells += amount
    return sum((max(one.buys, one.sells) for one in sides.values()), ZERO)


def _one_of_each_group(
    new: Order, orders: Iterable[Working], books: Bookkeeping, price_of: PriceOf
) -> Iterable[Working]:
    most: dict[OcaKey, tuple[Decimal, Working]] = {}
    found = []
    own_group = (new.account, new.oca_group, 0) if new.oca_group else None
    for working in orders:
        order = working.order
        other = order.account == new.account and (order.client_id, order.order_id) != (new.client_id, new.order_id)
        if not other or working.exits or working.stage is Stage.DONE:
            continue
        group = oca_key(working)
        if group is None:
            found.append(working)
        elif group != own_group:
            amount = _requirement(working, order.remaining, books, price_of)
            if group not in most or amount > most[group][0]:
                most[group] = (amount, working)
    return [*found, *(working for _, working in most.values())]


def _requirement(working: Working, quantity: Decimal, books: Bookkeeping, price_of: PriceOf) -> Decimal:
    if quantity <= 0:
        return ZERO
    definition = working.definition
    price = price_of(working.order, definition, books)
    signed = quantity if working.buys else -quantity
    needed = books.valuation.margin(Holding(working.order.account, definition, signed), price).initial
    if signed > 0 and definition.contract.sec_type in ("OPT", "FOP"):
        needed = quantity * price * multiplier(definition)  # the premium, which lends nothing
    return needed * books.valuation.rate(definition.contract.currency)
