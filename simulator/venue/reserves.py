"""What an account's working orders would tie up, were they filled: it cannot be promised twice.

Only what opens counts, at the price that was expected when the order came or was changed last. For each contract and
side the oldest orders close first, as far as there is a position to close; the rest is reserved for, on the side that
needs more. Of an OCA group only the order that needs most counts, since one fill ends the others; the exits of a
bracket count never: they only close what their parent opens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from attrs import define, frozen

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Order
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.families import OcaKey, oca_key
from simulator.venue.ledger import Holding, multiplier
from simulator.venue.working import Stage, Working

__all__ = ["Reserves"]

PriceOf = Callable[[Order, ContractDefinition, Bookkeeping], Decimal]


@define(slots=True)
class _Sides:
    """What is reserved for the orders of one contract."""

    closable: Decimal  # of the position, signed
    buys: Decimal = ZERO
    sells: Decimal = ZERO


@frozen(slots=True)
class _Reserve:
    """What one order may need."""

    account: str
    unit: Decimal  # for each of its quantity, in the account's currency
    most: Decimal  # for all of it


class Reserves:
    """Knows what each working order may need."""

    def __init__(self, live: Mapping[int, Working], books: Bookkeeping, price_of: PriceOf) -> None:
        """`live` are the orders that are not finished, by permanent id; `price_of` is what an order is to meet."""
        self._live = live
        self._books = books
        self._price_of = price_of
        self._reserves: dict[int, _Reserve] = {}
        self._most: dict[str, Decimal] = defaultdict(Decimal)  # account → Σ most

    def changed(self, working: Working) -> None:
        """Look at an order anew that was changed."""
        self._drop(working.order.perm_id)

    def at_most(self, account: str) -> Decimal:
        """Return what all orders of an account together can need, were none of them to close anything."""
        self._catch_up()
        return self._most[account]

    def of_others(self, new: Order) -> Decimal:
        """Return the initial margin that the other orders of the account of `new` may come to need.

        Of the contract of `new`, orders on its other side are left out: they would close what it opens.
        """
        self._catch_up()
        sides: dict[int, _Sides] = {}
        for working in self._one_of_each_group(new):
            definition, buys = working.definition, working.buys
            con_id = definition.contract.con_id
            if con_id == new.contract.con_id and working.order.side != new.side:
                continue
            found = sides.get(con_id)
            if found is None:
                found = sides[con_id] = _Sides(self._books.ledger.holding(new.account, definition).quantity)
            left = working.order.remaining
            if (found.closable < 0) is buys and found.closable:
                closed = min(left, abs(found.closable))
                found.closable += closed if buys else -closed
                left -= closed
            amount = self._reserves[working.order.perm_id].unit * left
            if buys:
                found.buys += amount
            else:
                found.sells += amount
        return sum((max(one.buys, one.sells) for one in sides.values()), ZERO)

    def _one_of_each_group(self, new: Order) -> Iterable[Working]:
        most: dict[OcaKey, tuple[Decimal, Working]] = {}
        found = []
        own_group = (new.account, new.oca_group, 0) if new.oca_group else None
        for working in self._live.values():
            order = working.order
            other = order.account == new.account and (order.client_id, order.order_id) != (new.client_id, new.order_id)
            if not other or working.exits or working.stage is Stage.DONE:
                continue
            group = oca_key(working)
            if group is None:
                found.append(working)
            elif group != own_group:
                amount = self._reserves[order.perm_id].unit * order.remaining
                if group not in most or amount > most[group][0]:
                    most[group] = (amount, working)
        return [*found, *(working for _, working in most.values())]

    def _catch_up(self) -> None:
        """Take in the orders that are new, and let go of those that have ended."""
        if self._reserves.keys() == self._live.keys():
            return
        for perm_id in self._reserves.keys() - self._live.keys():
            self._drop(perm_id)
        for perm_id in self._live.keys() - self._reserves.keys():
            working = self._live[perm_id]
            unit = self._unit(working)
            reserve = _Reserve(working.order.account, unit, ZERO if working.exits else unit * working.order.remaining)
            self._reserves[perm_id] = reserve
            self._most[reserve.account] += reserve.most

    def _drop(self, perm_id: int) -> None:
        reserve = self._reserves.pop(perm_id, None)
        if reserve is not None:
            self._most[reserve.account] -= reserve.most

    def _unit(self, working: Working) -> Decimal:
        definition, valuation = working.definition, self._books.valuation
        price = self._price_of(working.order, definition, self._books)
        one = Decimal(1 if working.buys else -1)
        needed = valuation.margin(Holding(working.order.account, definition, one), price).initial
        if working.buys and definition.contract.sec_type in ("OPT", "FOP"):
            needed = price * multiplier(definition)  # the premium, which lends nothing
        return needed * valuation.rate(definition.contract.currency)
