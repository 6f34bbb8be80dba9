"""What a program sees of positions and orders: snapshots, each replaced by the next event about it.

Nothing here is read by an actor. The bus tells these views at the moment at which it tells everybody else, so what a
program reads after an `await` is never older than what that `await` reported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal

import trio

from messages.event import BaseEvent
from messages.order import (
    Execution,
    OrderCancelledEvent,
    OrderCorrectedEvent,
    OrderDeniedEvent,
    OrderEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderRejectedEvent,
    OrderUnknownEvent,
    OrderView,
    Role,
)
from messages.position import (
    PositionAbandonedEvent,
    PositionCloseEvent,
    PositionEvent,
    PositionStatus,
    PositionView,
)
from pitboss.errors import NotRunningError

__all__ = ["OrderNews", "PositionNews", "Views"]

_KEPT = 10_000  # orders and positions that are over


class _News:
    """Something that changes, and that can be waited for."""

    def __init__(self) -> None:
        self._changed = trio.Event()
        self.over = False  # the system has ended: nothing changes any more

    def changed(self) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until it is so. Raises NotRunningError when the system ends before."""
        await trio.lowlevel.checkpoint()
        while not true():
            if self.over:
                raise NotRunningError(f"the system ended before {what}")
            await self._changed.wait()


class PositionNews(_News):
    """The latest of one position."""

    def __init__(self, symbol: str, position_id: str) -> None:
        super().__init__()
        self.symbol = symbol
        self.position_id = position_id
        self.view: PositionView | None = None
        self.entry_price: Decimal | None = None  # stays when it is closed
        self.planned = PositionStatus.PLANNED  # while there is no view
        self.reason = ""
        self.ended = False

    @property
    def status(self) -> PositionStatus:
        """Where it is in its life."""
        return self.planned if self.view is None else self.view.status

    def take(self, view: PositionView) -> None:
        """Take a view; one that is closed stays closed."""
        if self.view is not None and self.view.status is PositionStatus.CLOSED:
            return
        self.view = view
        if view.average_price is not None:
            self.entry_price = view.average_price
        self.changed()


class OrderNews(_News):
    """The latest of one order."""

    def __init__(self, view: OrderView) -> None:
        super().__init__()
        self.view = view
        self.reason = view.text
        self.figures = ""
        self.executions: dict[str, Execution] = {}  # execId base → its latest version

    def take(self, event: OrderEvent) -> None:
        """Take an event about it."""
        self.view = event.order
        match event:
            case OrderFilledEvent(execution=execution) | OrderCorrectedEvent(execution=execution):
                if execution.quantity:
                    self.executions[execution.base] = execution
                else:
                    self.executions.pop(execution.base, None)
            case OrderDeniedEvent(reason=reason, figures=figures):
                self.reason, self.figures = reason, figures
            case OrderRejectedEvent(code=code, reason=reason):
                self.reason, self.figures = reason, f"error {code}"
            case OrderCancelledEvent(reason=reason) | OrderExpiredEvent(reason=reason):
                self.reason = reason
            case OrderUnknownEvent(reason=reason):
                self.reason = reason
            case _:
                # how it stands says it all
                pass
        self.changed()


class Views:
    """All positions and all own orders of a system that this process has heard of; of those that are over, the last
    ten thousand each."""

    def __init__(self) -> None:
        self.positions: dict[str, PositionNews] = {}
        self.orders: dict[str, OrderNews] = {}
        self._ended_positions: deque[str] = deque()
        self._ended_orders: deque[str] = deque()

    def tell(self, event: BaseEvent) -> None:
        """Take an event of the bus."""
        match event:
            case PositionEvent(position=view):
                self._position(event, view)
            case OrderEvent(order=view):
                self.order(event)
            case _:
                raise TypeError(f"did not subscribe to {event!r}")

    def end(self) -> None:
        """Nothing comes any more: wake who waits."""
        for news in (*self.positions.values(), *self.orders.values()):
            news.over = True
            news.changed()

    def position(self, symbol: str, position_id: str) -> PositionNews:
        """Return the news of a position, made where it is not known yet."""
        news = self.positions.get(position_id)
        if news is None:
            news = self.positions[position_id] = PositionNews(symbol, position_id)
        return news

    def of_symbol(self, symbol: str) -> PositionNews | None:
        """Return the position of a symbol that is not closed."""
        return next((news for news in self.open_positions() if news.symbol == symbol), None)

    def open_positions(self) -> Iterator[PositionNews]:
        """Yield those that are not closed."""
        return (news for news in self.positions.values() if news.status is not PositionStatus.CLOSED)

    def saw(self, view: PositionView) -> PositionNews | None:
        """Take a view that was asked for. A symbol that holds nothing is no position."""
        position_id = view.position_id
        if not position_id:
            if not view.quantity:
                return None
            position_id = f"unmanaged-{view.symbol}"
        news = self.position(view.symbol, position_id)
        news.take(view)
        return news

    def order(self, event: OrderEvent) -> None:
        """Take an event about an order of ours; those of others are no concern of a program's order manager."""
        view = event.order
        if view.role is None:
            return
        news = self.orders.get(view.order_ref)
        was_done = news is not None and news.view.status.done
        if news is None:
            news = self.orders[view.order_ref] = OrderNews(view)
        news.take(event)
        if view.status.done and not was_done:
            _forget_oldest(self._ended_orders, self.orders, view.order_ref)
        if view.role is Role.ENTRY and view.position_id:
            position = self.position(view.symbol, view.position_id)
            if position.view is None and not view.status.done:
                position.planned = PositionStatus.OPENING if view.confirmed else PositionStatus.PLANNED
                position.changed()

    def ended(self, news: PositionNews, reason: str) -> None:
        """Note that a position is over, or never came to be."""
        news.planned = PositionStatus.CLOSED
        news.reason = reason
        news.changed()
        if not news.ended:
            news.ended = True
            _forget_oldest(self._ended_positions, self.positions, news.position_id)

    def _position(self, event: PositionEvent, view: PositionView) -> None:
        news = self.saw(view)
        if news is None:
            return
        if isinstance(event, PositionCloseEvent | PositionAbandonedEvent):
            self.ended(news, event.reason)


def _forget_oldest(ended: deque[str], kept: dict[str, PositionNews] | dict[str, OrderNews], identity: str) -> None:
    ended.append(identity)
    if len(ended) > _KEPT:
        kept.pop(ended.popleft(), None)
