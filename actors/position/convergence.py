"""From what a position is to what it should be: looked at after every fact, and doing nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from actors.position.protection import Protection, TryAgain
from messages.order import CommissionBooked, OrderEvent, Role

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Convergence"]

COMMISSION_SECONDS = 1.0
OCA_SECONDS = 1.0  # for the broker to cancel the rest of a group of which one has filled


class Convergence:
    """Decides which of its parts has something to do: entries, exits, closing, or nothing any more."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor

    def step(self) -> None:
        """Do what is left to do."""
        actor = self._actor
        book = actor.book
        actor.reports.changes()
        actor.levels.refresh()
        actor.time_exit.refresh()
        if book.wrong_side:
            self._flipped()
        if book.plan is None:
            self._unmanaged()
        else:
            if book.closing is None:
                # a plan that was made to close what nobody managed protects nothing: it stands until that is gone, also
                # while the closing pauses, or a start has not taken it up again
                actor.clear("position.unmanaged")
            self._managed()
        actor.keep_marking()

    def _managed(self) -> None:
        actor = self._actor
        book = actor.book
        if actor.release.begun and book.quantity:
            self._release()
        elif actor.closing is not None:
            actor.closing.step()
            actor.protection.watch()
        elif not book.quantity:
            self._flat()
        else:
            if book.last_reduction is not None and book.last_reduction[0] in (Role.STOP, Role.TARGET):
                # an exit has begun to fill: what of the entry has not filled is no longer wanted (INC-28)
                for order in book.live(Role.ENTRY, Role.SCALE):
                    actor.cancel(order.order_ref, "the position is being left")
            actor.protection.step()
        if book.plan is not None and book.done():
            self._finish_soon()

    def _flat(self) -> None:
        actor = self._actor
        book = actor.book
        actor.protection.watch()
        entering = list(book.live(Role.ENTRY, Role.SCALE))
        lost_legs = book.lost_legs()
        for order in entering:
            if book.held:
                actor.cancel(order.order_ref, "flat")
            elif lost := lost_legs.get(order.order_ref):
                actor.cancel(order.order_ref, f"its {lost.role} is {lost.status}")
        if book.held or not entering:
            self.sweep()

    def sweep(self) -> None:
        """Cancel the exits that still work for a position that is flat.

        Those whose OCA group a fill has spent are the broker's to cancel: it gets a moment for that.
        """
        actor = self._actor
        spent = {order.oca_group for order in actor.book.all_exits() if order.filled and order.oca_group}
        now = trio.current_time()
        for order in actor.book.live(Role.STOP, Role.TARGET, Role.EXIT):
            if order.oca_group in spent and now - actor.holding.last_fill < OCA_SECONDS:
                actor.after(OCA_SECONDS, TryAgain())
            else:
                actor.cancel(order.order_ref, "flat")

    def _flipped(self) -> None:
        """More was sold than held, or bought than short: say so, and go flat."""
        actor = self._actor
        book = actor.book
        if actor.closing is not None and actor.closing.reason == "flipped":
            return
        actor.closing = None
        if book.last_role is None:
            # somebody else turned it, on purpose: ours ends here, and what is held is theirs
            for order in book.orders.values():
                if not order.status.done:
                    actor.cancel(order.order_ref, "the position was turned outside")
            book.previous, book.plan = book.plan, None
            return
        actor.alarm("position.flipped", f"{book.quantity} held on the wrong side: flattened")
        actor.begin_closing("flipped", "position", now=False)

    def _unmanaged(self) -> None:
        actor = self._actor
        book = actor.book
        actor.protection.watch()
        if book.quantity and actor.release.begun:
            self._release()
        elif book.quantity:
            actor.alarm("position.unmanaged", f"{book.quantity} held without a plan, and so without exits of ours")
        elif book.held:
            self._finish_soon()

    def _release(self) -> None:
        actor = self._actor
        if actor.release.step() and not self._more_to_hear():
            self._finish("released")
            actor.release.done()

    def _finish_soon(self) -> None:
        """Finish, but let the commission of the last fill come first: its report follows the fill closely, or never."""
        actor = self._actor
        if actor.book.ledger.uncharged and trio.current_time() - actor.holding.last_fill < COMMISSION_SECONDS:
            actor.after(COMMISSION_SECONDS, TryAgain())
        elif not self._more_to_hear():
            self._finish()

    def _more_to_hear(self) -> bool:
        """Whether news of orders waits, and it is to be tried again behind that.

        Each fill is journaled before this actor is told of it. The record that closes the book is a checkpoint: a fill
        that is in the journal before it, and counts for what follows, would be lost to every later start.
        """
        waits = any(isinstance(each, OrderEvent | CommissionBooked) for each in self._actor.address.queue)
        if waits:
            self._actor.tell_self(TryAgain())
        return waits

    def _finish(self, reason: str = "") -> None:
        """Flat, or let go of, and nothing works any more: close the book on it."""
        actor = self._actor
        book = actor.book
        reason = reason or actor.reports.closing_reason()
        held, view = book.held, actor.view()
        record = book.closing_record(reason, actor.environment.now().date().isoformat())
        actor.append(record, checkpoint=True)
        book.closed(record)
        actor.closing = None
        actor.release.forget()
        actor.second_line.calm()
        actor.protection = Protection(actor)
        actor.levels.begin()
        actor.reports.closed(view, record, held=held)
        for kind in (
            "position.flipped",
            "position.not_closed",
            "position.unmanaged",
            "protection.failed",
            "protection.impossible",
            "protection.missing",
            "stop.not_executed",
            "stop.not_moved",
        ):
            actor.clear(kind)
        actor.desk.flat()
