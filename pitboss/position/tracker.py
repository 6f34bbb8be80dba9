"""All positions of a system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Unpack

import trio

from messages.market import TakePrice
from messages.position import CommandRefused, DescribePosition, PositionStatus
from pitboss.errors import NotRunningError, PositionRefusedError, UnknownPositionError
from pitboss.position.base import Position
from pitboss.position.stock import StockPosition
from pitboss.terms import Number, PositionTerms, size_and_side
from pitboss.views import PositionNews

if TYPE_CHECKING:
    from pitboss.event.bus import EventBus
    from pitboss.system import PitbossSystem

__all__ = ["PositionTracker"]


class PositionTracker:
    """Tracks and manages multiple positions.

    `positions` has all of the system's, whoever opened them (this program, a rule, an operator, an earlier process),
    and those that closed since it started.
    """

    def __init__(self, event_bus: EventBus) -> None:
        """Initialize with the event bus of a running system. Raises NotRunningError for one on its own."""
        if event_bus.system is None:
            raise NotRunningError("a PositionTracker needs the event bus of a running system, not one on its own")
        self.event_bus = event_bus
        self._system = event_bus.system
        self.positions: Mapping[str, Position] = _Positions(self._system)

    async def create_position(self, symbol: str, **terms: Unpack[PositionTerms]) -> Position:
        """Create a new position: plan it, check it against the limits, and send its entry with its exits.

        What is not named comes from the configuration. Returns when the entry's intent is durable, with the position
        PLANNED, OPENING or OPEN; `position.wait_opened()` waits for the first fill. On the other side of a position
        that is open, that one is closed first, and this waits for it. With `add` it adds to the open position, and
        returns that.

        Raises:
            PositionRefusedError: with the reason and the figures; nothing was sent.
            NoAnswerError: what became of the command is not known.
            TypeError, ValueError: terms that do not exist, or contradict each other.
        """
        _, side = size_and_side(terms, self._system.settings.size(symbol))
        held = await self._held(symbol)
        if held is not None and held.quantity * side.sign < 0:
            position_id = terms.get("position_id")
            position = StockPosition(symbol, position_id)
            position._command(terms)  # wrong terms must not close anything
            await held.close(reason="reversal")
            await held.wait_closed()
            await position._open(terms)
            return position
        if held is not None and terms.get("add", False):
            await self._add(held, terms)
            return held
        position = StockPosition(symbol, terms.get("position_id"))
        await position._open(terms)
        return position

    async def get_position(self, position_id: str) -> Position | None:
        """Get a position by ID, looked at anew; None where there is none."""
        news = self._system.views.positions.get(position_id)
        if news is None:
            await trio.lowlevel.checkpoint()
            return None
        position = StockPosition._of(self._system, news)
        return position if position.status is PositionStatus.CLOSED else await position.refresh()

    async def update_positions(self, market_data: Mapping[str, Number]) -> dict[str, bool]:
        """Update all positions with latest market data: symbol → price. Returns symbol → whether the price counts.

        A price reaches the symbol's position like a tick: P&L and the local monitor of its exits follow it, so a price
        through the stop closes the position if it stays there (`risk.local_stop_grace_seconds`). While live prices come
        from the broker it does not count, and neither does one of a symbol without a position. It is no quote: nothing
        is entered on it. Raises ValueError for what is no price.
        """
        counted: dict[str, bool] = {}
        known = {address.name for address in self._system.positions()}
        for symbol, price in market_data.items():
            if not float(price) > 0:
                raise ValueError(f"{symbol}: {price!r} is no price")
            address = f"position/{symbol}"
            if address in known:
                answer = await self._system.ask(address, TakePrice(float(price)))
                counted[symbol] = not isinstance(answer, CommandRefused)
                self._system.views.saw(await self._system.ask(address, DescribePosition()))
            else:
                counted[symbol] = False
        return counted

    async def close_position(self, position_id: str, reason: str = "manual") -> Position:
        """Close a position; see `Position.close`. Raises UnknownPositionError and PositionRefusedError."""
        news = self._system.views.positions.get(position_id)
        if news is None:
            raise UnknownPositionError(position_id)
        position = StockPosition._of(self._system, news)
        await position.close(reason=reason)
        return position

    async def _held(self, symbol: str) -> Position | None:
        """Return the open position of a symbol."""
        if not any(address.name == f"position/{symbol}" for address in self._system.positions()):
            return None
        news = self._system.views.saw(await self._system.ask(f"position/{symbol}", DescribePosition()))
        if news is None or news.status is PositionStatus.CLOSED:
            return None
        return StockPosition._of(self._system, news)

    async def _add(self, held: Position, terms: PositionTerms) -> None:
        answer = await self._system.ask(f"position/{held.symbol}", held._command(terms))
        if isinstance(answer, CommandRefused):
            raise PositionRefusedError(answer.reason, answer.figures, held.symbol)
        await held.refresh()


class _Positions(Mapping[str, Position]):
    """position_id → Position, as it is now."""

    def __init__(self, system: PitbossSystem) -> None:
        self._system = system

    def __getitem__(self, position_id: str) -> Position:
        return StockPosition._of(self._system, self._news[position_id])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._news))

    def __len__(self) -> int:
        return len(self._news)

    def __repr__(self) -> str:
        return repr(dict(self))

    @property
    def _news(self) -> dict[str, PositionNews]:
        return self._system.views.positions
