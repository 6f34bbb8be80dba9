"""A position, as a program holds it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Unpack

from messages.market import TakePrice
from messages.order import OrderType
from messages.position import (
    AdjustExits,
    ClosePosition,
    CommandRefused,
    DescribePosition,
    ExitPlan,
    OpenPosition,
    PositionStatus,
    PositionView,
)
from pitboss.current import current_system
from pitboss.errors import PositionRefusedError
from pitboss.terms import ExitTerms, Number, PositionTerms, exit_plan, number, size_and_side
from pitboss.views import PositionNews

if TYPE_CHECKING:
    from pitboss.system import PitbossSystem

__all__ = ["Position", "PositionStatus"]

_ZERO = Decimal(0)
_TERMS = PositionTerms.__optional_keys__


class Position:
    """A trading position of a symbol: what the system knows of it, and commands to it.

    Its attributes are a snapshot, replaced by each event about the position; nothing that a program does to this object
    changes the position behind it, only the commands do. Prices, quantities and P&L are Decimal, a short is negative,
    P&L is without commission and valued once a second; `refresh` values it now.
    """

    def __init__(self, symbol: str, position_id: str | None = None) -> None:
        """Initialize a position that is planned and not opened yet; `position_id` must never have been used.

        Raises NotRunningError outside `async with pitboss.open_system()`.
        """
        system = current_system("a Position")
        if position_id is not None and not re.fullmatch(r"[A-Za-z0-9_.\-]{1,40}", position_id):
            raise ValueError(f"a position id is letters, digits, dots, dashes and underscores, not {position_id!r}")
        known = None if position_id is None else system.views.positions.get(position_id)
        if known is not None and known.symbol != symbol:
            raise ValueError(f"{position_id!r} is the id of a position in {known.symbol}")
        self._bind(system, known or PositionNews(symbol, position_id or system.environment.new_id()))

    @classmethod
    def _of(cls, system: PitbossSystem, news: PositionNews) -> Position:
        position = cls.__new__(cls)
        position._bind(system, news)
        return position

    def _bind(self, system: PitbossSystem, news: PositionNews) -> None:
        self._system = system
        self._news = news
        self._planned: dict[str, Any] = {}  # exits that were set before the opening

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.symbol} {self.position_id} {self.status} {self.quantity:f}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Position) and other._news is self._news

    def __hash__(self) -> int:
        return hash(self._news.position_id)

    # what is known

    @property
    def symbol(self) -> str:
        """What it is a position in."""
        return self._news.symbol

    @property
    def position_id(self) -> str:
        """Its identity, in the journal too."""
        return self._news.position_id

    @property
    def status(self) -> PositionStatus:
        """PLANNED, OPENING, ADJUSTING (its exits do not match it yet), OPEN, CLOSING or CLOSED."""
        return self._news.status

    @property
    def entry_price(self) -> Decimal | None:
        """The average price of what has filled; it stays when the position is closed. None before the first fill."""
        return self._news.entry_price

    @property
    def quantity(self) -> Decimal:
        """What is held, negative for a short: by executions alone."""
        return _ZERO if self._news.view is None else self._news.view.quantity

    @property
    def unrealized_pnl(self) -> Decimal:
        """Without commission; valued once a second while something is held, and by `refresh`."""
        return _ZERO if self._news.view is None else self._news.view.unrealized_pnl

    @property
    def realized_pnl(self) -> Decimal:
        """Without commission."""
        return _ZERO if self._news.view is None else self._news.view.realized_pnl

    @property
    def commission(self) -> Decimal:
        """What its fills have cost, as far as the broker has reported it."""
        return _ZERO if self._news.view is None else self._news.view.commission

    @property
    def last_price(self) -> float | None:
        """The price that the P&L is at."""
        return None if self._news.view is None else self._news.view.last_price

    @property
    def protected(self) -> bool:
        """Whether the broker has confirmed a stop for the whole quantity."""
        return self._news.view is not None and self._news.view.protected

    @property
    def close_reason(self) -> str:
        """Why it is closed: stop, target, trailing_stop, what the command said, or why it never opened."""
        return self._news.reason

    @property
    def view(self) -> PositionView | None:
        """The snapshot itself; None before the system has planned the position."""
        return self._news.view

    @property
    def stop_loss(self) -> Decimal | None:
        """The price of the stop, where the stop trails as it stands now. To be set before `open`, as a price."""
        if self._news.view is not None:
            return self._news.view.stop
        return self._planned.get("stop_loss_price")

    @stop_loss.setter
    def stop_loss(self, price: Number | None) -> None:
        self._plan("stop_loss_price", price)

    @property
    def take_profit(self) -> Decimal | None:
        """The price of the target. To be set before `open`, as a price."""
        if self._news.view is not None:
            return self._news.view.target
        return self._planned.get("take_profit_price")

    @take_profit.setter
    def take_profit(self, price: Number | None) -> None:
        self._plan("take_profit_price", price)

    @property
    def trailing_stop(self) -> Decimal | None:
        """How far the stop trails: a fraction of the price, or the amount where it trails by one. To be set before
        `open`, as a fraction."""
        view = self._news.view
        if view is None:
            return self._planned.get("trailing_stop_pct")
        if view.exits is None:
            return None
        return view.exits.trailing_stop_pct or view.exits.trailing_stop_amount

    @trailing_stop.setter
    def trailing_stop(self, fraction: Number | None) -> None:
        self._plan("trailing_stop_pct", fraction)

    # commands

    async def open(self, quantity: Number, entry_price: Number | None = None, **exits: Unpack[ExitTerms]) -> None:
        """Open a position with a specified quantity and entry price.

        A negative quantity opens a short. The entry is a limit order at `entry_price`: it never fills worse; without
        one it is a market order. Exits that are neither named here nor set before are those of the configuration.
        Returns when the order's intent is durable; `wait_opened` waits for the fill. Raises PositionRefusedError.
        """
        terms: PositionTerms = {**self._planned, **exits, "quantity": quantity}  # type: ignore[typeddict-item]
        if entry_price is not None:
            terms["limit_price"] = entry_price
        await self._open(terms)

    async def update(self, current_price: Number) -> bool:
        """Update position with current market price, as `PositionTracker.update_positions` does; whether it counts."""
        taken = await self._system.ask(f"position/{self.symbol}", TakePrice(float(current_price)))
        await self.refresh()
        return not isinstance(taken, CommandRefused)

    async def close(self, exit_price: Number | None = None, reason: str = "manual") -> None:
        """Close the position: cancel its entries, go flat at the market, cancel its exits.

        `exit_price` is what the program expects, and no limit: a position that is to be left is left, and its fills say
        at what price. Returns when the system is at it; `wait_closed` waits for the end. A position that is closed
        already stays so. Raises PositionRefusedError.
        """
        if exit_price is not None and number("exit_price", exit_price) <= 0:
            raise ValueError(f"exit_price: {exit_price!r} is no price")
        if self._news.view is None and self._news.planned is PositionStatus.PLANNED and not self._entered():
            raise PositionRefusedError("it was never opened", self.position_id, self.symbol)
        if self.status is PositionStatus.CLOSED:
            return
        position_id = "" if self.position_id.startswith("unmanaged-") else self.position_id
        answer = await self._system.ask(f"position/{self.symbol}", ClosePosition(reason, "python", position_id))
        if isinstance(answer, CommandRefused):
            if (await self._look()).status is PositionStatus.CLOSED:
                return  # its stop was faster
            raise PositionRefusedError(answer.reason, answer.figures, self.symbol)
        await self._look()

    async def adjust(self, **exits: Unpack[ExitTerms]) -> None:
        """Take other exits from now on; those that are not named stay. Raises PositionRefusedError."""
        view = self._news.view
        plan = exit_plan(exits, view.exits if view is not None and view.exits is not None else ExitPlan())
        answer = await self._system.ask(f"position/{self.symbol}", AdjustExits(plan, "python"))
        if isinstance(answer, CommandRefused):
            raise PositionRefusedError(answer.reason, answer.figures, self.symbol)
        await self._look()

    async def refresh(self) -> Position:
        """Look anew, and return itself."""
        return await self._look()

    # waiting

    async def wait_opened(self) -> None:
        """Wait until something of it is held. Raises PositionRefusedError when it ends without a fill."""
        await self._news.until(lambda: self.quantity != 0 or self.status is PositionStatus.CLOSED, "it opened")
        if self.entry_price is None:
            raise PositionRefusedError("it did not open", self.close_reason, self.symbol)

    async def wait_protected(self) -> None:
        """Wait until the broker has confirmed a stop for all of it, or it is closed."""
        await self._news.until(lambda: self.protected or self.status is PositionStatus.CLOSED, "it was protected")

    async def wait_closed(self) -> None:
        """Wait until it is closed."""
        await self._news.until(lambda: self.status is PositionStatus.CLOSED, "it closed")

    # inside

    async def _open(self, terms: PositionTerms) -> None:
        if self._news.view is not None or self._entered():
            raise PositionRefusedError(f"it is {self.status} already", self.position_id, self.symbol)
        message = self._command(terms)
        if self._system.views.positions.setdefault(self.position_id, self._news) is not self._news:
            raise PositionRefusedError("a position with this id exists", self.position_id, self.symbol)
        answer = await self._system.ask(f"position/{self.symbol}", message)
        if isinstance(answer, CommandRefused):
            self._system.views.ended(self._news, answer.reason)
            raise PositionRefusedError(answer.reason, answer.figures, self.symbol)
        await self._look()

    def _command(self, terms: PositionTerms) -> OpenPosition:
        unknown = terms.keys() - _TERMS
        if unknown:
            raise TypeError(f"a position has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(_TERMS))}")
        settings = self._system.settings
        size, side = size_and_side(terms, settings.size(self.symbol))
        limit = terms.get("limit_price")
        if limit is not None and number("limit_price", limit) <= 0:
            raise ValueError(f"limit_price: {limit!r} is no price")
        return OpenPosition(
            side=side,
            size=size,
            exits=exit_plan(terms, settings.exits(self.symbol)),
            source="python",
            order_type=terms.get("order_type", OrderType.MARKET if limit is None else OrderType.LIMIT),
            limit_price=None if limit is None else number("limit_price", limit),
            signal_id=terms.get("signal_id"),
            add=terms.get("add", False),
            position_id=self.position_id,
        )

    def _plan(self, name: str, value: Number | None) -> None:
        if self._news.view is not None or self._entered():
            raise AttributeError("its exits rest at the broker: change them with `await position.adjust(...)`")
        self._planned[name] = _ZERO if value is None else number(name, value)

    def _entered(self) -> bool:
        return any(order.view.position_id == self.position_id for order in self._system.views.orders.values())

    async def _look(self) -> Position:
        view: PositionView = await self._system.ask(f"position/{self.symbol}", DescribePosition())
        self._system.views.saw(view)
        return self
