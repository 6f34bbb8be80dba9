"""What a position makes of the events about its orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from domain.adoption import is_adopted
from messages.journal import Replay
from messages.order import (
    GroupRefused,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderCorrectedEvent,
    OrderCreatedEvent,
    OrderDeniedEvent,
    OrderEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderStatus,
    OrderView,
    Role,
)
from messages.position import PositionPlanned

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Hearing", "LatePlan"]


@frozen(slots=True)
class LatePlan:
    """The plan of a position that had closed before this incarnation began, and of which a fill came late."""

    plan: PositionPlanned


class Hearing:
    """Books fills, passes on what became of orders to whoever asked for them, and has the rest converge."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor

    def order(self, event: OrderEvent) -> None:
        """Take an event about an order on the symbol, own or not."""
        actor, order = self._actor, event.order
        book = actor.book
        own, before = book.note(order), book.quantity
        match event:
            case OrderFilledEvent(execution=execution):
                booked = book.book(execution, order.role, order.position_id)
                self._fill(booked, order, before, lags=not is_adopted(execution))
            case OrderCorrectedEvent(execution=execution, replaces=replaces):
                self._fill(book.book(execution, order.role, order.position_id, replaces), order, before)
            case OrderCreatedEvent():
                actor.desk.created(order.order_ref)
            case OrderDeniedEvent(reason=reason, figures=figures):
                actor.desk.denied(order.order_ref, reason, figures)
                self._ended(order)
            case OrderModifiedEvent(applied=applied, denied=denied):
                actor.protection.amended(order, applied=applied, denied=denied)
            case OrderCancelledEvent() | OrderExpiredEvent() | OrderRejectedEvent():
                self._ended(order)
            case OrderAcceptedEvent():
                actor.answered(order.order_ref)
            case _:
                # sent, unknown, resolved: how the order stands says it all
                pass
        if not own and order.position_id and not order.status.done:
            # bytes that waited in a frozen gateway (INC-02): the position it was for is over
            actor.cancel(order.order_ref, "its position has closed")
        actor.converge()
        if order.role is not None and order.role.adds_risk:
            # after HoldingChanged: the portfolio counts a fill as held before it stops counting it as working
            actor.system.address("portfolio").tell(event)

    def refused(self, message: GroupRefused) -> None:
        """Take that nothing of a group was sent."""
        actor = self._actor
        for denial in message.denials:
            actor.desk.denied(denial.order_ref, denial.reason, denial.figures)
            known = actor.book.orders.get(denial.order_ref)
            if known is not None and not known.status.done:
                text = f"{denial.reason} {denial.figures}".strip()
                order = evolve(known, status=OrderStatus.DENIED, text=text)
                actor.book.note(order)
                self._ended(order)
        actor.converge()

    def late_plan(self, plan: PositionPlanned) -> None:
        """Protect what a late fill has left, by the plan that it was for."""
        book = self._actor.book
        if book.plan is None and book.quantity:
            book.revive(plan)
            self._actor.converge()

    def _fill(self, booked: bool, order: OrderView, before: Decimal, *, lags: bool = True) -> None:
        """`lags`: whether what the broker says it holds may be from before the fill."""
        if not booked:
            return
        actor = self._actor
        actor.book.note(order)
        if lags:
            actor.holding.filled()
        actor.second_line.calm()
        book = actor.book
        # of the plan of the last position the book has decided
        earlier = book.previous is None or order.position_id != book.previous.position_id
        changed = book.quantity not in (0, before)
        if book.plan is None and order.position_id and earlier and changed:
            actor.spawn(self._find_plan, order.position_id, before)

    async def _find_plan(self, position_id: str, before: Decimal) -> None:
        actor = self._actor
        for record in await actor.system.address("journal").ask(Replay(stream=actor.symbol, whole=True)):
            plan = record.payload
            if isinstance(plan, PositionPlanned) and plan.position_id == position_id:
                if before * plan.side.sign >= 0:  # else somebody else holds the other side: that is theirs
                    actor.tell_self(LatePlan(plan))
                return

    def _ended(self, order: OrderView) -> None:
        actor = self._actor
        if order.role in (Role.STOP, Role.TARGET):
            actor.protection.lost(order)
        elif order.role is Role.EXIT and actor.closing is not None:
            actor.closing.ended(order)
        actor.answered(order.order_ref)
