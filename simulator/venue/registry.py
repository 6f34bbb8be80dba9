"""All orders that the broker has ever accepted, and how they are found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count

from simulator.model import Order
from simulator.venue.ids import perm_ids
from simulator.venue.refusal import OrderRefused
from simulator.venue.working import Stage, Working

__all__ = ["Registry"]


class Registry:
    """Orders by permanent id and by the client's own id."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}  # perm id → order, finished ones too
        self.records: dict[int, Working] = {}  # perm id → record
        self.live: dict[int, Working] = {}  # perm id → record of what is not finished
        self._by_client: dict[tuple[int, int], Working] = {}
        self._refused: set[tuple[int, int]] = set()
        self.perm_ids = perm_ids()
        self.ranks = count(1)

    def add(self, working: Working) -> None:
        """Take an order in and give it its permanent id."""
        order = working.order
        order.perm_id = next(self.perm_ids)
        self.orders[order.perm_id] = order
        self.records[order.perm_id] = self.live[order.perm_id] = working
        self._by_client[order.client_id, order.order_id] = working

    def resume(
        self, records: Iterable[Working], freed: Collection[int], refused: Collection[tuple[int, int]], highest: int
    ) -> None:
        """Go on with these orders, in order of their permanent ids, of which `highest` is the last one given."""
        for working in records:
            order = working.order
            self.orders[order.perm_id] = order
            self.records[order.perm_id] = working
            if working.stage is not Stage.DONE:
                self.live[order.perm_id] = working
            if order.perm_id not in freed:
                self._by_client[order.client_id, order.order_id] = working
        self._refused |= set(refused)
        self.perm_ids = perm_ids(highest)
        self.ranks = count(max((one.rank for one in self.records.values()), default=0) + 1)

    @property
    def refused(self) -> Collection[tuple[int, int]]:
        """Client and order id of the orders that were not accepted."""
        return self._refused

    def find(self, client_id: int, order_id: int) -> Working | None:
        """Return what a client means by its order id, None if it never placed such an order."""
        return self._by_client.get((client_id, order_id))

    def in_group(self, account: str, oca_group: str) -> Iterable[Order]:
        """Return the orders of an OCA group, finished ones too; none where no group is named."""
        if not oca_group:
            return ()
        return (one for one in self.orders.values() if one.oca_group == oca_group and one.account == account)

    def refuse(self, client_id: int, order_id: int) -> None:
        """Remember that the id was used up by an order that was not accepted (INC-11)."""
        self._refused.add((client_id, order_id))

    def forget(self, keep: Collection[int]) -> None:
        """Free the clients' ids of all orders but those with a permanent id in `keep` (INC-06)."""
        self._refused.clear()
        self._by_client = {ids: one for ids, one in self._by_client.items() if one.order.perm_id in keep}

    def to_modify(self, client_id: int, order_id: int) -> Working | None:
        """Return the live order that a second order with this id changes, None for a new id.

        Raises OrderRefused: 103 for an id that is used up, 104 for a filled order.
        """
        if (client_id, order_id) in self._refused:
            raise OrderRefused(103, "Duplicate order id")
        known = self.find(client_id, order_id)
        if known is not None and known.stage is Stage.DONE:
            if known.order.status == "Filled":
                raise OrderRefused(104, "Cannot modify a filled order.")
            raise OrderRefused(103, "Duplicate order id")
        return known

    def to_cancel(self, client_id: int, order_id: int) -> Working:
        """Return the live order to cancel. Raises OrderRefused: 10147 unknown, 10148 finished."""
        known = self.find(client_id, order_id)
        if known is None:
            raise OrderRefused(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        if known.stage is Stage.DONE:
            twin = self._twin(known)
            if twin is not None:
                return twin
            state = known.order.status
            raise OrderRefused(
                10148, f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {state}."
            )
        return known

    def _twin(self, ended: Working) -> Working | None:
        """Return the order that lives on under the same id, after a change had become a second one (INC-08)."""
        ids = (ended.order.client_id, ended.order.order_id)
        alive = (one for one in self.live.values() if one.stage is not Stage.DONE)
        return next((one for one in alive if (one.order.client_id, one.order.order_id) == ids), None)

    def family(self, working: Working) -> list[Working]:
        """Return what goes to the market when `working` is transmitted: held relatives, parents first."""
        root = working
        while root.parent is not None:
            root = root.parent
        return [one for one in _descend(root) if one.stage is Stage.HELD]


def _descend(root: Working) -> list[Working]:
    found = [root]
    for child in root.children:
        found += _descend(child)
    return found
