"""Which order ids have been used, and what each stands for.

An order id counts within its client. The next valid id is above all ids of all clients (IB's documentation,
order_submission), and it survives a reconnection of the client, not necessarily a restart of TWS (INC-06).
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.model import Order

__all__ = ["OrderIds"]


class OrderIds:
    """The ids used so far and the orders behind them."""

    def __init__(self, first: int = 1) -> None:
        self._next = first
        self._highest: dict[int, int] = {}
        self._orders: dict[tuple[int, int], Order] = {}

    @property
    def next_valid(self) -> int:
        """The id that `nextValidId` tells."""
        return self._next

    @property
    def highest(self) -> Mapping[int, int]:
        """client id → the highest order id that it has used"""
        return self._highest

    def order(self, client_id: int, order_id: int) -> Order | None:
        """Return the last order placed under this id, if any."""
        return self._orders.get((client_id, order_id))

    def is_used(self, client_id: int, order_id: int) -> bool:
        """Whether TWS would call the id a duplicate: it is not above every id the client has used."""
        return order_id <= self._highest.get(client_id, 0)

    def use(self, client_id: int, order_id: int) -> None:
        """Note that the client has used the id, whatever became of the request."""
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))
        self._next = max(self._next, order_id + 1)

    def remember(self, order: Order) -> None:
        """Note which order an id stands for."""
        self._orders[order.client_id, order.order_id] = order

    def resume(self, next_valid: int, highest: Mapping[int, int]) -> None:
        """Go on from ids as they were."""
        self._next = next_valid
        self._highest = dict(highest)

    def restart(self, next_valid: int, survivors: list[Order]) -> None:
        """Forget all but the survivors, and go on from `next_valid`, however low."""
        self._next = next_valid
        self._highest.clear()
        self._orders = {(order.client_id, order.order_id): order for order in survivors}
