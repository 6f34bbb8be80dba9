"""How a position is made flat without ever selling it twice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from domain.entries import exit_request
from domain.exit_orders import next_oca_group
from domain.scale_out import slice_of
from messages.order import OrderStatus, OrderType, OrderView, Role, SubmitOrders

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["CloseAgain", "Closing", "StillOpen"]

MAX_ATTEMPTS = 5  # refused market exits before the exits are armed again
PAUSE_SECONDS = 30.0  # before the next round after that, and before it is said that the position does not close


@frozen(slots=True)
class CloseAgain:
    """The back-off after a refused market exit is over; `restart` begins a new round."""

    closing: Closing
    restart: bool = False


@frozen(slots=True)
class StillOpen:
    """The position should be flat by now."""

    closing: Closing


class Closing:
    """One closing of a position, driven by what becomes of its orders.

    1. Working entries are cancelled. What of them still fills is closed too.
    2. A market order for what is held joins the OCA group of stop and target (type 1: a fill of one cancels the others,
       with block); of a position in slices, one for each. Until it fills, stop and target protect; when it fills they
       go; whichever comes first, no two of them can sell the same shares.
    3. Where it cannot join (the group is spent by a partial fill, exits of other kinds work, the position lies on the
       wrong side) or the broker refuses it there, the exits are cancelled first, each cancellation is waited for, and
       the market order goes alone. That is a gap without protection, and it is measured like any other.
    4. A refused market order is sent again after 1, 2, 4, 8 seconds; after five the exits are armed again, an alarm
       stands, and half a minute later it begins anew.

    A market order that rests (the exchange is closed) is waited for; the alarm says that the position is still open.
    """

    def __init__(self, actor: PositionActor, reason: str, source: str) -> None:
        self._refs = {order.order_ref for order in actor.book.live(Role.EXIT) if order.order_type == OrderType.MARKET}
        self.reason = reason
        self.source = source
        self._actor = actor
        self._book = actor.book
        self._cancel_first = False
        self._waiting = False
        self._attempts = 0
        actor.after(PAUSE_SECONDS, StillOpen(self))

    def step(self) -> None:
        """Do what is to be done now."""
        book, actor = self._book, self._actor
        for order in book.live(Role.ENTRY, Role.SCALE):
            actor.cancel(order.order_ref, f"closing: {self.reason}")
        if not book.quantity:
            actor.sweep()
            return
        if book.awaits_exit():
            return  # what the broker says has been sold must not be sold again
        exits = list(book.live(Role.STOP, Role.TARGET, Role.EXIT))
        if self._waiting or book.plan is None or any(order.order_ref in self._refs for order in exits):
            return
        parts = self._parts(book.plan.position_id, exits)
        if self._cancel_first or book.wrong_side or not parts:
            self._cancel_first = True
            for order in exits:
                actor.cancel(order.order_ref, f"closing: {self.reason}")
            if exits:
                return
            parts = {"": book.quantity}
        source = f"{self.source}: {self.reason}"
        new_id, position_id = actor.environment.new_id, book.plan.position_id
        requests = [
            exit_request(book.symbol, quantity, position_id, group, new_id, source) for group, quantity in parts.items()
        ]
        self._refs.update(request.order_ref for request in requests)
        for request in requests:
            actor.submit(SubmitOrders((request,), actor.address.name, actor.reference_price()))

    def _parts(self, position_id: str, exits: list[OrderView]) -> dict[str, Decimal]:
        """Return OCA group → what is to be sold in it (bought back: negative); none where exits have to go first.

        Each slice is left by a market order in its own group. Together they must be what is held.
        """
        book = self._book
        if not exits:
            return {next_oca_group(position_id, book.all_exits(), first=book.first_generation): book.quantity}
        parts: dict[str, Decimal] = {}
        for order in exits:
            number = slice_of(position_id, order)
            if order.oca_group != next_oca_group(position_id, book.all_exits(), number, book.first_generation):
                return {}
            parts[order.oca_group] = max(parts.get(order.oca_group, Decimal(0)), order.remaining)
        if len(parts) == 1:
            return dict.fromkeys(parts, book.quantity)
        whole = sum(parts.values(), Decimal(0)) == abs(book.quantity)
        return {group: quantity.copy_sign(book.quantity) for group, quantity in parts.items()} if whole else {}

    def ended(self, order: OrderView) -> None:
        """Note that a market exit is over without having filled in full."""
        if order.order_ref not in self._refs or not self._book.quantity:
            return
        refused_by_us = order.status in (OrderStatus.DENIED, OrderStatus.NOT_SENT)
        self._cancel_first = self._cancel_first or not refused_by_us
        if self._waiting:
            return  # another slice's was refused in this round
        self._attempts += 1
        if self._attempts >= MAX_ATTEMPTS:
            text = f"its market exit is refused: {order.text or order.status}"
            self._actor.alarm("position.not_closed", text)
            self._actor.pause_closing(CloseAgain(self, restart=True), PAUSE_SECONDS)
            return
        self._waiting = True
        self._actor.after(2.0 ** (self._attempts - 1), CloseAgain(self))

    def again(self) -> None:
        """Go on after the back-off."""
        self._waiting = False
