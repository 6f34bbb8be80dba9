"""Plain orders on a position's symbol, without exits of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import trio
from attrs import evolve, frozen

from actors.position.entry import INTERVAL, PATIENCE
from actors.position.guards import guard
from actors.position.oco import alternatives
from actors.position.taken_over import plan_of
from actors.runtime.future import ReplyFuture
from domain.entries import EntryRefused
from domain.instrument import limit_rounding, round_price, stop_rounding
from messages.market import Instrument
from messages.order import OrderRequest, OrderType, Role, Side, SubmitOrders
from messages.position import CommandOutcome, CommandRefused, ExitPlan, PlaceOco, PlaceOrder, PositionPlanned

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["PlaceAgain", "PlainOrders"]

_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_TRIGGERED = (OrderType.STOP, OrderType.STOP_LIMIT)


@frozen(slots=True)
class PlaceAgain:
    """What an order lacked may be there now. `position_id` is that of the position when it was asked for, "" for none:
    what was to add to it, or to reduce it, would open another one without exits."""

    command: PlaceOrder | PlaceOco
    position_id: str
    answer: ReplyFuture[CommandOutcome]
    deadline: float


class _NotYet(EntryRefused):
    """What the order needs may still come."""


class PlainOrders:
    """Takes PlaceOrder and PlaceOco.

    The answer comes when `orders` has made the intent durable, or somebody refused it.

    For the instrument's description and the first quote an order waits a while, as an entry does.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor

    def place(self, command: PlaceOrder | PlaceOco) -> ReplyFuture[CommandOutcome]:
        """Take a command."""
        answer: ReplyFuture[CommandOutcome] = self._actor.promise()
        self.again(PlaceAgain(command, self._position_id, answer, trio.current_time() + PATIENCE))
        return answer

    @property
    def _position_id(self) -> str:
        plan = self._actor.book.plan
        return plan.position_id if plan is not None else ""

    def again(self, waiting: PlaceAgain) -> None:
        """Try a command, for the first time or again."""
        try:
            if waiting.position_id != self._position_id:
                raise EntryRefused("the position has closed, or another one was opened, while it waited")
            if isinstance(waiting.command, PlaceOco):
                _place_oco(self._actor, waiting.command, waiting.answer)
            else:
                _place(self._actor, waiting.command, waiting.answer)
        except _NotYet as lacking:
            if trio.current_time() < waiting.deadline:
                self._actor.after(INTERVAL, waiting)
            else:
                waiting.answer.set(CommandRefused(lacking.reason, lacking.figures))
        except EntryRefused as refused:
            waiting.answer.set(CommandRefused(refused.reason, refused.figures))


def _place(actor: PositionActor, command: PlaceOrder, answer: ReplyFuture[CommandOutcome]) -> None:
    """Send the order, and have the answer come.

    On the side of the position, or without one, it adds risk (and a position without exits is planned); against the
    position it reduces it, and may not be larger: the exits then follow the rest.

    Raises:
        EntryRefused: the order makes no sense, or may not be sent now.
    """
    request, reference = _request(actor, command)
    plan = _plan(actor, command.side, command.quantity, ExitPlan(), command.source)
    actor.desk.expect(request.order_ref, answer)
    actor.submit(SubmitOrders((evolve(request, position_id=plan.position_id),), actor.address.name, reference))


def _place_oco(actor: PositionActor, command: PlaceOco, answer: ReplyFuture[CommandOutcome]) -> None:
    """Send the orders as one OCA group, and have the answer come. Raises EntryRefused."""
    made = [_request(actor, order) for order in command.orders]
    group = f"oco-{actor.environment.new_id()}"
    requests = alternatives(actor, [request for request, _ in made], command.exits, group)
    largest = max(request.quantity for request in requests)
    plan = _plan(actor, requests[0].side, largest, command.exits, command.source)
    actor.desk.expect(requests[0].order_ref, answer)
    together = tuple(evolve(request, position_id=plan.position_id) for request in requests)
    actor.submit(SubmitOrders(together, actor.address.name, made[0][1]))


def _plan(actor: PositionActor, side: Side, quantity: Decimal, exits: ExitPlan, source: str) -> PositionPlanned:
    """Return the plan that there is, or a new one, journaled."""
    book = actor.book
    if book.plan is not None:
        return book.plan
    plan = plan_of(actor, side, quantity, exits, source)
    book.planned(plan)
    actor.append(plan)
    return plan


def _request(actor: PositionActor, command: PlaceOrder) -> tuple[OrderRequest, Decimal | None]:
    """Return the order, without the position that it is for, and the price that it was decided on.

    Raises:
        EntryRefused: the order makes no sense, or may not be sent now.
    """
    instrument = actor.instrument
    if instrument is None:
        if actor.unknown:
            raise EntryRefused("the broker does not know the symbol", actor.unknown)
        raise _NotYet("the broker has not described the instrument yet")
    if not command.quantity > 0 or command.quantity % instrument.size_increment:
        raise EntryRefused("no such quantity", f"{command.quantity}, increment {instrument.size_increment}")
    if actor.closing is not None:
        raise EntryRefused("the position is being closed")
    role = _role(actor, command)
    reference = actor.reference_price()
    if role.adds_risk:
        actor.refuse_new_risk()
        stale = actor.quote.stale(trio.current_time(), actor.settings.risk.quote_max_age_seconds)
        if stale or reference is None:
            raise _NotYet(stale or "no quote yet")
        guard(actor, command.side)
    limit, stop = _prices(command, instrument, role)
    request = OrderRequest(
        order_ref=command.order_ref or f"pb-{actor.environment.new_id()}",
        symbol=actor.symbol,
        role=role,
        side=command.side,
        quantity=command.quantity,
        order_type=command.order_type,
        limit_price=limit,
        stop_price=stop,
        tif=command.tif,
        outside_rth=command.outside_rth,
        source=command.source,
    )
    return request, reference


def _role(actor: PositionActor, command: PlaceOrder) -> Role:
    book = actor.book
    if command.order_ref is not None and command.order_ref in book.orders:
        raise EntryRefused("an order with this reference exists", command.order_ref)
    if book.plan is None:
        if book.quantity:
            raise EntryRefused("a holding that is not managed stands against it", f"{book.quantity} held")
        if book.unsettled:
            raise _NotYet("what the symbol came to before is being closed")
        return Role.ENTRY
    if command.side is book.plan.side:
        return Role.SCALE
    leaving = sum((order.remaining for order in book.live(Role.EXIT)), Decimal(0))
    if leaving + command.quantity > abs(book.quantity):
        raise EntryRefused("it would turn the position", f"{book.quantity} held, {leaving} being left")
    return Role.EXIT


def _prices(command: PlaceOrder, instrument: Instrument, role: Role) -> tuple[Decimal | None, Decimal | None]:
    if command.order_type not in (OrderType.MARKET, *_LIMITED, *_TRIGGERED):
        raise EntryRefused("a plain order does not trail", command.order_type)
    wrong = (command.limit_price is None) == (command.order_type in _LIMITED)
    if wrong or (command.stop_price is None) == (command.order_type in _TRIGGERED):
        raise EntryRefused("the prices do not fit the order type", command.order_type)
    try:
        limit = command.limit_price and round_price(instrument, command.limit_price, limit_rounding(command.side))
        stop = command.stop_price and round_price(instrument, command.stop_price, stop_rounding(command.side, role))
    except ValueError as error:
        raise EntryRefused("a price is no price", str(error)) from error
    return limit, stop
