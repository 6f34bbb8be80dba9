"""Taking a holding that nobody manages under management."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, frozen

from actors.position.taken_over import plan_of
from actors.runtime.future import ReplyFuture
from config.logging import log
from domain.adoption import RestingExits, adopted_fill, can_be_adopted, position_id_of, resting_exits
from domain.entries import EntryRefused, levels_refusal
from domain.exit_levels import exit_levels
from domain.exit_words import exits_in_words
from messages.gateway import AskBroker, BrokerExecution
from messages.order import ListOrders, OrderView, Side
from messages.position import (
    AdoptHolding,
    AttachOrders,
    BrokerHolding,
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    PositionPlanned,
)

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Adoption", "Attached", "Listed"]

_PATIENCE = 50  # looks, a tenth of a second apart, for the fill that stands for the holding


@frozen(slots=True)
class Listed:
    """What works on the symbol; asked `looks` times."""

    views: tuple[OrderView, ...]
    looks: int = 0


@frozen(slots=True)
class Attached:
    """The plan is in the journal, and these own orders belong to it now."""

    plan: PositionPlanned
    views: tuple[OrderView, ...]


@define(slots=True)
class _Asked:
    command: AdoptHolding
    answer: ReplyFuture[CommandOutcome]
    position_id: str = ""
    holding: BrokerHolding | None = None  # as it was when the command came
    booking: bool = False


class Adoption:
    """One adoption at a time, in steps:

    1. The orders of the symbol are looked at. Own exits, of a journal that is gone, are taken over; where others rest
       on the closing side it ends here, unless the command says `beside`: they cannot be tied to ours, and two exits
       that do not know of each other can sell the same shares twice.
    2. Where the broker holds what no execution explains, the difference is booked as one fill at the broker's average
       cost, by `orders` like any fill of somebody else.
    3. `orders` journals the plan, together with the exits taken over, and the position arms what is missing.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._asked: _Asked | None = None

    def begin(self, command: AdoptHolding) -> ReplyFuture[CommandOutcome]:
        """Take the command."""
        actor = self._actor
        answer: ReplyFuture[CommandOutcome] = actor.promise()
        if self._asked is not None:
            answer.set(CommandRefused("it is being adopted already"))
            return answer
        self._asked = _Asked(command, answer)
        actor.spawn(self._list, name="adoption")
        return answer

    async def _list(self) -> None:
        views: tuple[OrderView, ...] = await self._actor.orders.ask(ListOrders(self._actor.symbol))
        self._actor.tell_self(Listed(views))

    def listed(self, message: Listed) -> None:
        """Decide, and go on."""
        asked = self._asked
        if asked is None:
            return
        try:
            self._decide(asked, message)
        except EntryRefused as refused:
            self._asked = None
            asked.answer.set(CommandRefused(refused.reason, refused.figures))

    def attached(self, message: Attached) -> None:
        """Begin the position."""
        actor, asked, plan = self._actor, self._asked, message.plan
        self._asked = None
        actor.book.planned(plan)
        for view in message.views:
            actor.book.note(view)
        log(
            "position.planned",
            actor=actor.address.name,
            symbol=actor.symbol,
            side=plan.side,
            quantity=plan.quantity,
            position_id=plan.position_id,
            source=plan.source,
            exits=exits_in_words(plan.exits),
        )
        actor.protection.again()
        actor.converge()
        if asked is not None:
            refs = tuple(view.order_ref for view in message.views)
            taken = f", {len(refs)} exit{'s' if len(refs) > 1 else ''} taken over" if refs else ""
            average = actor.book.ledger.average_price
            text = f"{actor.symbol}: {actor.book.quantity} held at {average} are managed now{taken}"
            asked.answer.set(CommandAccepted(refs, text))

    # deciding

    def _decide(self, asked: _Asked, message: Listed) -> None:
        actor, book = self._actor, self._actor.book
        if not actor.allowed.allowed:
            raise EntryRefused("orders are not reconciled with the broker", actor.allowed.reason)
        if book.plan is not None:
            raise EntryRefused("the position is managed already", f"position {book.plan.position_id}")
        if any(view.role is not None and not view.status.done for view in message.views):
            raise EntryRefused("orders of an earlier position still work; they are being cancelled, try again soon")
        holding = asked.holding = asked.holding or self._holding()
        exits = self._exits(asked.command, message.views, Side.BUY if holding.quantity > 0 else Side.SELL)
        asked.position_id = asked.position_id or position_id_of(
            (*exits.stops, *exits.targets), actor.environment.new_id()
        )
        self._check_levels(asked.command, holding)
        if not can_be_adopted(holding, book.quantity, book.ledger.average_price):
            raise EntryRefused(
                f"it is held at another cost than here, as after a split: `pitboss release {actor.symbol}` first",
                f"broker {holding.quantity} at {holding.average_cost}, executions {book.quantity} at "
                f"{book.ledger.average_price}",
            )
        if self._book_difference(asked, holding, message):
            return
        command = asked.command
        plan = plan_of(actor, book.side, abs(book.quantity), command.exits, command.source, asked.position_id)
        refs = tuple(view.order_ref for view in exits.stops), tuple(view.order_ref for view in exits.targets)
        actor.spawn(self._attach, AttachOrders(plan, *refs), name="adoption")

    async def _attach(self, message: AttachOrders) -> None:
        views: tuple[OrderView, ...] = await self._actor.orders.ask(message)
        self._actor.tell_self(Attached(message.plan, views))

    def _holding(self) -> BrokerHolding:
        """Return what is held, as the broker says where it differs, at the average cost of whoever knows."""
        actor, book = self._actor, self._actor.book
        told = actor.holding.confirmed
        if told is None and actor.holding.asking:
            raise EntryRefused("the broker is being asked once more what it holds; try again in a few seconds")
        if told is None:
            told = BrokerHolding(0, book.quantity, book.ledger.average_price or Decimal(0))
        if not told.quantity:
            raise EntryRefused("nothing is held")
        if not told.average_cost > 0:
            raise EntryRefused("no average cost is known", f"{told.quantity} held")
        return told

    def _exits(self, command: AdoptHolding, views: tuple[OrderView, ...], side: Side) -> RestingExits:
        exits = resting_exits(views, side, self._actor.settings.broker.client_id)
        if exits.foreign and not command.beside:
            resting = "; ".join(_words(view) for view in exits.foreign)
            raise EntryRefused(
                "orders of somebody else rest on the closing side, and Pitboss can neither change them nor tie its own "
                "to them: cancel them where they were made, or adopt with --beside",
                resting,
            )
        return exits

    def _check_levels(self, command: AdoptHolding, holding: BrokerHolding) -> None:
        actor = self._actor
        if not command.exits.protects:
            raise EntryRefused("an adopted position needs a stop or a trailing stop")
        if actor.instrument is None:
            raise EntryRefused("the broker has not described the instrument", actor.unknown)
        side = Side.BUY if holding.quantity > 0 else Side.SELL
        try:
            levels = exit_levels(command.exits, side, holding.average_cost, actor.instrument)
        except ValueError as error:
            raise EntryRefused("the exits are no prices", str(error)) from error
        mark = actor.quote.mark
        wrong = levels_refusal(levels, side, Decimal(repr(mark))) if mark is not None else ""
        if wrong:
            raise EntryRefused("the exits would fire at once", wrong)

    def _book_difference(self, asked: _Asked, holding: BrokerHolding, message: Listed) -> bool:
        """Have what no execution explains booked; return whether that is being waited for."""
        actor, book = self._actor, self._actor.book
        if book.quantity == holding.quantity:
            return False
        if message.looks >= _PATIENCE:
            raise EntryRefused("what the broker holds could not be booked", actor.holding.difference or "")
        if not asked.booking and actor.instrument is not None:
            asked.booking = True
            fill = adopted_fill(
                holding,
                book.quantity,
                book.ledger.average_price,
                position_id=asked.position_id,
                symbol=actor.symbol,
                con_id=actor.instrument.con_id,
                time=actor.environment.now(),
            )
            if fill is not None:
                actor.orders.tell(BrokerExecution(holding.epoch, fill))
                actor.system.address("gateway").tell(AskBroker(f"{actor.symbol} was adopted"))
        actor.after(0.1, Listed(message.views, message.looks + 1))
        return True


def _words(view: OrderView) -> str:
    price = view.stop_price if view.stop_price is not None else view.limit_price
    terms = f"{view.side} {view.remaining} {view.order_type}" + ("" if price is None else f" {price}")
    return f"{terms} (permId {view.perm_id}, client {view.client_id})"
