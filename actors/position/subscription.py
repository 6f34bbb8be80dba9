"""A symbol's data: how much depends on it, and whether the symbol is traded at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.settings import Settings
from messages.market import Need, NeedTicks, Subscribe, Unsubscribe
from messages.position import CommandAccepted, CommandOutcome, CommandRefused

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Subscription"]


class Subscription:
    """Asks the gateway for contract and ticks, and tells it when more or less depends on them."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._need = Need.NOTHING
        self.left = False
        """Whether the symbol was removed: data and entries have ended."""

    def begin(self) -> None:
        """Ask for contract and ticks."""
        actor = self._actor
        actor.system.address("gateway").tell(Subscribe(actor.symbol, actor.settings.query(actor.symbol)))

    def need_ticks(self) -> None:
        """Tell the gateway how much depends on ticks now, where that has changed."""
        actor = self._actor
        if actor.book.quantity or any(not order.status.done for order in actor.book.orders.values()):
            need = Need.HOLDING
        else:
            need = Need.DECISION if actor.desk.waiting else Need.NOTHING
        if need is not self._need:
            self._need = need
            actor.system.address("gateway").tell(NeedTicks(actor.symbol, need))

    def leave(self) -> CommandOutcome:
        """End data and entries, unless something is held or works."""
        actor = self._actor
        if self._need is not Need.NOTHING or actor.closing is not None:
            return CommandRefused(f"{actor.symbol} has a position or working orders", f"{actor.book.quantity} held")
        self.left = True
        actor.system.address("gateway").tell(Unsubscribe(actor.symbol))
        return CommandAccepted()

    def come_back(self, settings: Settings) -> None:
        """Begin again, with these settings."""
        self.left, self._actor.settings = False, settings
        self.begin()
