"""All orders of a system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypedDict, Unpack

import trio

from messages.order import OrderType, TimeInForce
from messages.position import DescribePosition, PositionStatus
from pitboss.errors import NotRunningError, OrderRefusedError, PositionRefusedError, UnknownOrderError
from pitboss.gateway import IBGateway
from pitboss.order.base import Order
from pitboss.order.group import BracketGroup, OcoGroup, OrderGroup
from pitboss.position.stock import StockPosition
from pitboss.position.tracker import PositionTracker
from pitboss.terms import EntryTerms, ExitTerms, Number

if TYPE_CHECKING:
    from pitboss.event.bus import EventBus
    from pitboss.system import PitbossSystem

__all__ = ["OrderManager", "OrderTerms"]


class OrderTerms(TypedDict, total=False):
    """What an order is made with beside symbol and quantity; the order type is MARKET unless it is named."""

    order_type: OrderType
    limit_price: Number
    stop_price: Number
    tif: TimeInForce | str
    outside_rth: bool
    order_id: str


class OrderManager:
    """Manages order creation, submission, and tracking.

    `orders` has all of the system's own orders, exits included, and those made here that are not submitted yet.
    """

    def __init__(self, gateway: IBGateway, event_bus: EventBus) -> None:
        """Initialize with Gateway and event bus. Raises NotRunningError for a bus that is not of the same system."""
        if event_bus.system is not gateway.system:
            raise NotRunningError("an OrderManager needs gateway and event bus of the same running system")
        self.gateway = gateway
        self.event_bus = event_bus
        self._system = gateway.system
        self._made: dict[str, Order] = {}  # not submitted yet
        self.orders: Mapping[str, Order] = _Orders(self._system, self._made)

    async def create_order(self, symbol: str, quantity: Number, **terms: Unpack[OrderTerms]) -> Order:
        """Create a new order; nothing is sent. A negative quantity sells.

        Raises TypeError and ValueError for terms that do not fit, OrderRefusedError for an id that is taken.
        """
        unknown = terms.keys() - OrderTerms.__optional_keys__
        if unknown:
            raise TypeError(f"an order has no {', '.join(sorted(unknown))}")
        order_id = terms.get("order_id")
        if order_id is not None and order_id in self.orders:
            raise OrderRefusedError("an order with this id exists", order_id, symbol)
        order = Order(
            symbol,
            quantity,
            terms.get("order_type", OrderType.MARKET),
            order_id,
            limit_price=terms.get("limit_price"),
            stop_price=terms.get("stop_price"),
            tif=terms.get("tif", TimeInForce.DAY),
            outside_rth=terms.get("outside_rth", False),
        )
        self._made[order.order_id] = order
        await trio.lowlevel.checkpoint()
        return order

    async def submit_order(self, order_id: str) -> Order:
        """Submit an order to the broker; see `Order.submit`. Raises UnknownOrderError and OrderRefusedError."""
        order = self._find(order_id)
        await order.submit()
        self._made.pop(order_id, None)
        return order

    async def create_and_submit(self, symbol: str, quantity: Number, **terms: Unpack[OrderTerms]) -> Order:
        """Create and immediately submit an order. Raises as both do."""
        order = await self.create_order(symbol, quantity, **terms)
        return await self.submit_order(order.order_id)

    async def cancel_order(self, order_id: str) -> Order:
        """Cancel an order; see `Order.cancel`. Raises UnknownOrderError."""
        order = self._find(order_id)
        await order.cancel()
        return order

    async def create_bracket(self, symbol: str, quantity: Number, **terms: Unpack[EntryTerms]) -> BracketGroup:
        """Send an entry with its exits as one group: a position, as `PositionTracker.create_position` opens it.

        Raises PositionRefusedError.
        """
        tracker = PositionTracker(self.event_bus)
        position = await tracker.create_position(symbol, quantity=quantity, **terms)
        return BracketGroup(self._system, position.position_id)

    async def create_oco(self, symbol: str, **exits: Unpack[ExitTerms]) -> OcoGroup:
        """Put a stop and a target around the open position of a symbol, in place of those that it has.

        They work at the broker in one OCA group. Raises PositionRefusedError where there is no position, or they would
        fire at once.
        """
        news = self._system.views.saw(await self._system.ask(f"position/{symbol}", DescribePosition()))
        if news is None or news.status is PositionStatus.CLOSED:
            raise PositionRefusedError("there is no open position", "", symbol)
        await StockPosition._of(self._system, news).adjust(**exits)
        return OcoGroup(self._system, news.position_id)

    def linked(self, order_id: str) -> OrderGroup:
        """Return the orders that belong together with this one. Raises UnknownOrderError, OrderRefusedError."""
        order = self._find(order_id)
        if not order.position_id:
            raise OrderRefusedError("it is linked to others once it is submitted", str(order.status), order.symbol)
        return OrderGroup(self._system, order.position_id)

    def _find(self, order_id: str) -> Order:
        try:
            return self.orders[order_id]
        except KeyError:
            raise UnknownOrderError(order_id) from None


class _Orders(Mapping[str, Order]):
    """order_id → Order, as it is now."""

    def __init__(self, system: PitbossSystem, made: Mapping[str, Order]) -> None:
        self._system = system
        self._made = made

    def __getitem__(self, order_id: str) -> Order:
        made = self._made.get(order_id)
        return made if made is not None else Order._of(self._system, self._system.views.orders[order_id])

    def __iter__(self) -> Iterator[str]:
        return iter(list(dict.fromkeys([*self._system.views.orders, *self._made])))

    def __len__(self) -> int:
        return len(self._system.views.orders.keys() | self._made.keys())

    def __repr__(self) -> str:
        return repr(dict(self))
