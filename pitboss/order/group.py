"""Orders that belong together: a bracket, an OCO pair, whatever a position has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messages.order import Role
from pitboss.order.base import Order
from pitboss.position.base import Position
from pitboss.position.stock import StockPosition

if TYPE_CHECKING:
    from pitboss.system import PitbossSystem

__all__ = ["BracketGroup", "OcoGroup", "OrderGroup"]


class OrderGroup:
    """The orders of one position, by role, as they are now: when an exit is replaced, the group has the new one."""

    def __init__(self, system: PitbossSystem, position_id: str) -> None:
        """Made by the order manager."""
        self._system = system
        self.position_id = position_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.position_id} {self.orders}>"

    @property
    def position(self) -> Position:
        """The position that they make, protect and close."""
        return StockPosition._of(self._system, self._system.views.positions[self.position_id])

    @property
    def orders(self) -> tuple[Order, ...]:
        """All of them, in the order in which they were made."""
        news = [one for one in self._system.views.orders.values() if one.view.position_id == self.position_id]
        return tuple(Order._of(self._system, one) for one in news)

    def by_role(self, *roles: Role) -> tuple[Order, ...]:
        """Those of these roles: entry, scale, stop, target, exit."""
        return tuple(order for order in self.orders if order.role in roles)

    @property
    def entry(self) -> Order | None:
        """The order that opens the position."""
        return self._latest(Role.ENTRY)

    @property
    def stop(self) -> Order | None:
        """The stop, or trailing stop: the one that works, else the last one."""
        return self._latest(Role.STOP)

    @property
    def target(self) -> Order | None:
        """The target: the one that works, else the last one."""
        return self._latest(Role.TARGET)

    async def cancel(self) -> None:
        """Cancel what would still add to the position. Exits go with an entry that has not filled; those of something
        that is held stay, for they protect it: close the position to be rid of them."""
        for order in self.by_role(Role.ENTRY, Role.SCALE):
            await order.cancel()

    def _latest(self, role: Role) -> Order | None:
        found = self.by_role(role)
        working = [order for order in found if not order.done]
        found = tuple(working) or found
        return found[-1] if found else None


class BracketGroup(OrderGroup):
    """An entry with its exits as its children: they work once it fills, for what has filled, and one cancels the
    other."""


class OcoGroup(OrderGroup):
    """A stop and a target around what is held: when one fills, the other goes."""
