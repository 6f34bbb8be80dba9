"""Asking the broker for everything, and what may be concluded from the answers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import trio
from attrs import define, evolve, field
from ib_insync.objects import ExecutionFilter

from actors.gateway.sender import Sender
from actors.ib.client import WireClient
from actors.ib.wrapper import Listing
from messages.gateway import BrokerOrder, BrokerOrderStatus, BrokerPosition, BrokerSnapshot, Priority
from messages.order import Commission, Execution

__all__ = ["SnapshotDesk"]


@define(slots=True, eq=False)
class _List:
    """The rows of one list, and whether its end has come."""

    rows: dict[Hashable, Any] = field(factory=dict)
    ended: trio.Event = field(factory=trio.Event)
    open: bool = False  # whether rows are collected
    spoiled: bool = False  # whether a row could not be read


class SnapshotDesk:
    """Gathers a BrokerSnapshot on one connection, list after list, each with its own time-out.

    A list counts only if its end marker came; otherwise it is unknown, never empty (INC-05). The lists are asked for
    in the order in which an order moves through them, so that one that is finished meanwhile is in at least one.
    """

    def __init__(
        self, epoch: int, client: WireClient, sender: Sender, next_request_id: Callable[[], int], timeout: float
    ) -> None:
        """`timeout` is in seconds for each list, from the moment when its request was written."""
        self._epoch = epoch
        self._client = client
        self._sender = sender
        self._next_request_id = next_request_id
        self._timeout = timeout
        self._lists = {listing: _List() for listing in Listing}
        self._commissions: dict[str, Commission] = {}
        self._statuses: dict[Hashable, BrokerOrderStatus] = {}  # of orders without a row among the open ones
        self._executions_request = 0

    async def gather(self) -> BrokerSnapshot:
        """Ask for everything once, up to the first list that does not come: without it the others prove nothing, and
        nobody knows meanwhile what works for a position. One call at a time, and none after an incomplete answer: most
        end markers carry no id, so a late one would end the next list."""
        for each in self._lists.values():
            each.rows.clear()
            each.spoiled = False
        self._commissions.clear()
        self._statuses.clear()
        self._executions_request = self._next_request_id()
        request, client = self._executions_request, self._client
        own = await self._ask(Listing.OPEN_ORDERS, client.reqOpenOrders)
        # the same marker ends both, so the second is asked for when the first has been answered
        everyones = own and await self._ask(Listing.OPEN_ORDERS, client.reqAllOpenOrders)
        completed = everyones and await self._ask(Listing.COMPLETED_ORDERS, lambda: client.reqCompletedOrders(False))
        executions = completed and await self._ask(
            Listing.EXECUTIONS, lambda: client.reqExecutions(request, ExecutionFilter())
        )
        positions = executions and await self._ask(Listing.POSITIONS, client.reqPositions)
        snapshot = BrokerSnapshot(
            epoch=self._epoch,
            open_orders=self._rows(Listing.OPEN_ORDERS) if everyones else None,
            completed_orders=self._rows(Listing.COMPLETED_ORDERS) if completed else None,
            also_completed=() if completed else self._rows(Listing.COMPLETED_ORDERS),
            executions=self._rows(Listing.EXECUTIONS) if executions else None,
            commissions=tuple(self._commissions.values()),
            positions=self._rows(Listing.POSITIONS) if positions else None,
            statuses=tuple(self._statuses.values()),
        )
        for each in self._lists.values():
            each.open = False
        return snapshot

    # what comes in

    def open_order(self, order: BrokerOrder) -> None:
        """Keep the last version of each open order. One that had no permId yet takes its place when it has one."""
        rows = self._collecting(Listing.OPEN_ORDERS)
        if rows is not None:
            if order.perm_id:
                rows.pop((0, order.client_id, order.order_id), None)
            key = (order.perm_id, order.client_id, order.order_id)
            rows[key] = order
            self._statuses.pop(key, None)

    def order_status(self, status: BrokerOrderStatus) -> None:
        """Keep the rows up to date: the snapshot must not be older than what was told before it. What is said of an
        order without a row is kept too, for it may be all that is left of the answer."""
        rows = self._collecting(Listing.OPEN_ORDERS)
        key = (status.perm_id, status.client_id, status.order_id)
        if rows is None:
            return
        if key in rows:
            rows[key] = evolve(rows[key], status=status.status)
        else:
            self._statuses[key] = status

    def completed_order(self, order: BrokerOrder) -> None:
        """Keep a completed order."""
        rows = self._collecting(Listing.COMPLETED_ORDERS)
        if rows is not None:
            rows[order.perm_id, len(rows) if not order.perm_id else 0] = order

    def execution(self, request_id: int, execution: Execution) -> None:
        """Keep an execution that answers the request."""
        rows = self._collecting(Listing.EXECUTIONS)
        if rows is not None and request_id == self._executions_request:
            rows[execution.exec_id] = execution

    def commission(self, commission: Commission) -> None:
        """Keep a commission; it may come before its execution or after the end marker."""
        if self._lists[Listing.EXECUTIONS].open:
            self._commissions[commission.exec_id] = commission

    def position(self, position: BrokerPosition) -> None:
        """Keep the last version of each position."""
        rows = self._collecting(Listing.POSITIONS)
        if rows is not None:
            rows[position.account, position.con_id] = position

    def ended(self, listing: Listing, request_id: int) -> None:
        """Take an end marker."""
        if listing is not Listing.EXECUTIONS or request_id == self._executions_request:
            self._lists[listing].ended.set()

    def spoil(self, listing: Listing) -> None:
        """A row of this list could not be read: it is incomplete, whatever its end marker says."""
        self._lists[listing].spoiled = True

    async def _ask(self, listing: Listing, request: Callable[[], None]) -> bool:
        each = self._lists[listing]
        each.ended = trio.Event()

        def write() -> None:
            each.open = True
            request()

        await self._sender.written(Priority.ENTRY, listing.value, write)
        with trio.move_on_after(self._timeout):
            await each.ended.wait()
        return each.ended.is_set() and not each.spoiled

    def _collecting(self, listing: Listing) -> dict[Hashable, Any] | None:
        each = self._lists[listing]
        return each.rows if each.open else None

    def _rows(self, listing: Listing) -> tuple[Any, ...]:
        return tuple(self._lists[listing].rows.values())
