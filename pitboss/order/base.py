"""An order, as a program holds it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from messages.order import (
    CancelOrder,
    ListOrders,
    OrderEvent,
    OrderStatus,
    OrderType,
    OrderView,
    Role,
    Side,
    TimeInForce,
)
from messages.position import CommandRefused, PlaceOrder
from pitboss.current import current_system
from pitboss.errors import OrderRefusedError
from pitboss.terms import Number, number
from pitboss.views import OrderNews

if TYPE_CHECKING:
    from pitboss.system import PitbossSystem

__all__ = ["Order", "OrderStatus", "OrderType", "Role", "Side", "TimeInForce"]

_ZERO = Decimal(0)
_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_TRIGGERED = (OrderType.STOP, OrderType.STOP_LIMIT)


class Order:
    """A trade order. A positive quantity buys, a negative one sells.

    Until it is submitted it exists here alone. From then on its attributes are a snapshot of what the system knows,
    replaced by each event about the order. `order_id` is its identity for ever, in the journal and at the broker
    (orderRef); `perm_id` is the broker's own, 0 until it is known.
    """

    def __init__(
        self,
        symbol: str,
        quantity: Number,
        order_type: OrderType,
        order_id: str | None = None,
        *,
        limit_price: Number | None = None,
        stop_price: Number | None = None,
        tif: TimeInForce | str = TimeInForce.DAY,
        outside_rth: bool = False,
    ) -> None:
        """Initialize an order; nothing is sent yet.

        `tif` is how long it lives: DAY, GTC or IOC; `outside_rth` lets it work outside regular trading hours. An order
        that trails is an exit: a position has it (`trailing_stop_pct`). Raises NotRunningError outside
        `async with pitboss.open_system()`, and ValueError for terms that do not fit.
        """
        exact = number("quantity", quantity)
        if not exact:
            raise ValueError("quantity: 0 is no size")
        self._system = current_system("an Order")
        self._symbol = symbol
        self._quantity = exact
        self._order_type = OrderType(order_type)
        if self._order_type is OrderType.TRAILING_STOP:
            raise ValueError("a plain order does not trail: open a position with trailing_stop_pct, or adjust one")
        self._tif, self._outside_rth = TimeInForce(tif), outside_rth
        self._limit_price = _price("limit_price", limit_price, self._order_type, _LIMITED)
        self._stop_price = _price("stop_price", stop_price, self._order_type, _TRIGGERED)
        self._order_id = order_id or f"pb-{self._system.environment.new_id()}"
        self._local = OrderStatus.CREATED
        self._reason = self._figures = ""
        self._news: OrderNews | None = None

    @classmethod
    def _of(cls, system: PitbossSystem, news: OrderNews) -> Order:
        view = news.view
        order = cls.__new__(cls)
        order._system = system
        order._symbol = view.symbol
        order._quantity = view.quantity * view.side.sign
        order._order_type = OrderType(view.order_type)
        order._limit_price, order._stop_price = view.limit_price, view.stop_price
        order._order_id = view.order_ref
        order._tif, order._outside_rth = TimeInForce(view.tif or TimeInForce.DAY), False
        order._local = view.status
        order._reason = order._figures = ""
        order._news = news
        return order

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.symbol} {self.order_id} {self.quantity:f} {self.order_type} {self.status}>"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Order) and other._order_id == self._order_id

    def __hash__(self) -> int:
        return hash(self._order_id)

    # what is known

    @property
    def symbol(self) -> str:
        """What it trades."""
        return self._symbol

    @property
    def quantity(self) -> Decimal:
        """Positive for a buy, negative for a sell."""
        view = self._view
        return self._quantity if view is None else view.quantity * view.side.sign

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return Side.BUY if self._quantity > 0 else Side.SELL

    @property
    def order_type(self) -> OrderType:
        """MARKET, LIMIT, STOP, STOP_LIMIT or TRAILING_STOP."""
        return self._order_type

    @property
    def limit_price(self) -> Decimal | None:
        """Rounded to the contract's tick once it is submitted."""
        return self._limit_price if self._view is None else self._view.limit_price

    @property
    def stop_price(self) -> Decimal | None:
        """Its trigger, rounded to the contract's tick once it is submitted."""
        return self._stop_price if self._view is None else self._view.stop_price

    @property
    def tif(self) -> TimeInForce:
        """How long it lives: DAY, GTC or IOC."""
        return self._tif

    @property
    def order_id(self) -> str:
        """Its identity: orderRef at the broker."""
        return self._order_id

    @property
    def perm_id(self) -> int:
        """The broker's identity of it; 0 while it is not known."""
        return 0 if self._view is None else self._view.perm_id

    @property
    def position_id(self) -> str:
        """The position that it belongs to; "" before it is submitted."""
        return "" if self._view is None else self._view.position_id

    @property
    def role(self) -> Role | None:
        """What it is for: entry, scale, stop, target or exit; None before it is submitted."""
        return None if self._view is None else self._view.role

    @property
    def status(self) -> OrderStatus:
        """Where it stands. UNKNOWN counts as live: it is being found out."""
        return self._local if self._view is None else self._view.status

    @property
    def done(self) -> bool:
        """Whether it rests nowhere any more; a late fill is booked all the same."""
        return self.status.done

    @property
    def filled(self) -> Decimal:
        """How much has filled, as a positive number."""
        return _ZERO if self._view is None else self._view.filled

    @property
    def average_price(self) -> Decimal | None:
        """Of what has filled."""
        return None if self._view is None else self._view.average_price

    @property
    def reason(self) -> str:
        """Why it was refused, rejected, cancelled or expired, with the figures; "" for none of these."""
        reason, figures = self._reason, self._figures
        if self._news is not None:
            reason, figures = self._news.reason, self._news.figures
        return f"{reason} ({figures})" if figures else reason

    @property
    def execution_details(self) -> dict[str, Any]:
        """A copy of what is known of its fills: filled, remaining, average_price, and executions, each with exec_id,
        quantity, price and time (UTC), corrections applied. Empty before it is submitted."""
        if self._news is None:
            return {}
        view = self._news.view
        return {
            "filled": view.filled,
            "remaining": view.remaining,
            "average_price": view.average_price,
            "executions": [
                {"exec_id": one.exec_id, "quantity": one.quantity, "price": one.price, "time": one.time}
                for one in self._news.executions.values()
            ],
        }

    # commands

    async def submit(self) -> None:
        """Submit the order to the broker.

        Returns when its intent is durable; from then on it leaves as soon as the link allows, once. On the side of the
        symbol's position, or without one, it adds risk and passes the limits; against the position it makes it smaller.
        Raises OrderRefusedError with the reason and the figures, when nothing was sent, and NoAnswerError.
        """
        if self.status is not OrderStatus.CREATED or self._news is not None:
            raise OrderRefusedError("it was submitted already", str(self.status), self._symbol)
        command = PlaceOrder(
            side=self.side,
            quantity=abs(self._quantity),
            order_type=self._order_type,
            limit_price=self._limit_price,
            stop_price=self._stop_price,
            order_ref=self._order_id,
            source="python",
            tif=self._tif,
            outside_rth=self._outside_rth,
        )
        answer = await self._system.ask(f"position/{self._symbol}", command)
        if isinstance(answer, CommandRefused):
            self._local, self._reason, self._figures = OrderStatus.DENIED, answer.reason, answer.figures
            raise OrderRefusedError(answer.reason, answer.figures, self._symbol)

    async def cancel(self) -> None:
        """Cancel the order; one that was not submitted is withdrawn.

        Returns when the cancellation is under way: it can still fill until the broker has confirmed, so wait for `done`
        (`wait_done`). An order that is done stays as it is.
        """
        self._system.check_running("an Order")
        if self._view is None:
            if self._local is OrderStatus.CREATED:
                self._local = OrderStatus.CANCELLED
        elif not self.done:
            # in one mailbox: answered after the cancellation has been handled
            self._system.process.system.address("orders").tell(CancelOrder(self._order_id, "python"))
            await self._look()

    async def update_status(self, status: OrderStatus) -> None:
        """Update the order status: ask the system where the order stands, and expect `status`.

        What becomes of a submitted order is the broker's to say: a program cannot set it. One that was not submitted
        may be CANCELLED. Raises OrderRefusedError where it stands elsewhere.
        """
        if self._view is None and status is OrderStatus.CANCELLED:
            await self.cancel()
        elif self._view is not None:
            await self._look()
        if self.status is not status:
            raise OrderRefusedError(f"it is {self.status}, not {status}", self.reason, self._symbol)

    async def wait_done(self) -> OrderStatus:
        """Wait until it rests nowhere any more, and return how it ended. Raises OrderRefusedError if not submitted."""
        news = self._submitted()
        await news.until(lambda: news.view.status.done, "the order was done")
        return news.view.status

    async def wait_accepted(self) -> OrderStatus:
        """Wait until the broker has confirmed it, or it is done, and return how it stands."""
        news = self._submitted()
        await news.until(lambda: news.view.confirmed or news.view.status.done, "the broker confirmed the order")
        return news.view.status

    # inside

    @property
    def _view(self) -> OrderView | None:
        if self._news is None:
            self._news = self._system.views.orders.get(self._order_id)
        return None if self._news is None else self._news.view

    def _submitted(self) -> OrderNews:
        if self._view is None or self._news is None:
            raise OrderRefusedError("it was not submitted", str(self.status), self._symbol)
        return self._news

    async def _look(self) -> None:
        orders: tuple[OrderView, ...] = await self._system.ask("orders", ListOrders(self._symbol, done=True))
        for view in orders:
            if view.order_ref == self._order_id and (self._news is None or view != self._news.view):
                self._system.views.order(OrderEvent(view))


def _price(name: str, value: Number | None, order_type: OrderType, needed_by: tuple[OrderType, ...]) -> Decimal | None:
    if (value is None) == (order_type in needed_by):
        raise ValueError(f"{order_type.name} {'needs a' if order_type in needed_by else 'has no'} {name}")
    exact = None if value is None else number(name, value)
    if exact is not None and exact <= 0:
        raise ValueError(f"{name}: {value!r} is no price")
    return exact
