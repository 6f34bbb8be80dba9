"""How a position keeps its exits at the broker, and how long it goes without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import product
from math import inf
from typing import TYPE_CHECKING

import trio
from attrs import evolve, frozen

from config.logging import log
from domain.attached_exits import reach
from domain.entries import leg_requests
from domain.exit_levels import ExitLevels
from domain.exit_orders import (
    CancelExit,
    ExitAction,
    ExitLeg,
    ModifyExit,
    SubmitExit,
    armed,
    next_oca_group,
    reconcile_exits,
    slice_legs,
)
from domain.scale_out import Room, Slice, divide, slice_of
from messages.order import ModifyOrder, OrderStatus, OrderType, OrderView, Role, SubmitOrders
from messages.position import ProtectionArmedEvent, ProtectionMissingEvent, TargetView

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["NakedTooLong", "Protection", "TryAgain"]

MAX_ATTEMPTS = 5  # refusals by the broker in a row before a position that cannot be protected is flattened
TRAILS_REFUSED = 2  # refusals after which a trailing stop is a plain one that is moved from here
MAX_DELAY = 30.0
ANSWER_SECONDS = 10.0  # after that an amendment without an answer may be asked for again
_NEVER = (-inf, Decimal(0))
_MOVED = (-inf, Decimal(0), 0)


@frozen(slots=True)
class TryAgain:
    """The back-off after a refused exit is over."""


@frozen(slots=True)
class NakedTooLong:
    """`risk.naked_seconds` have passed since the position was without confirmed exits."""

    since: float


class Protection:
    """Compares the exits that should rest with those that do, and asks for the difference.

    Amendments are made in place, one at a time for each order. What is refused is tried again at once, and then after
    1, 2, 4, … seconds; a stop that the broker refuses five times in a row ends with the position flattened. What our
    own side refuses (link down, not reconciled, journal failed) is no such refusal: it is tried again until it goes
    through.
    """

    def __init__(self, actor: PositionActor, *, restored: bool = False) -> None:
        """`restored` says that exits may have stood armed before this incarnation of the actor."""
        self._actor = actor
        self._book = actor.book
        self._amending: dict[str, tuple[float, Decimal]] = {}  # order_ref → when a change was asked for, to how many
        self._unmoved: dict[str, tuple[float, Decimal, int]] = {}  # stop → when to try again, its quantity, how often
        self._attempts = 0
        self._denials = 0
        self._trails_refused = 0
        self._not_before = 0.0
        self._armed: bool | None = None if restored else False  # None: not known since this incarnation began
        self._naked_since: float | None = None

    @property
    def armed(self) -> bool:
        """Whether the broker has confirmed each exit for the whole quantity."""
        return bool(self._armed)

    # steps

    def step(self) -> None:
        """Do what is to be done now about the exits of an open position."""
        levels = self._actor.levels
        levels.refresh()
        if levels.planned is not None and trio.current_time() >= self._not_before:
            self._reconcile(levels.planned)
        self.watch()

    def again(self) -> None:
        """Try at once, whatever was refused: the link is there again."""
        self._not_before = 0.0
        self._denials = 0
        self._unmoved = {ref: (-inf, quantity, 0) for ref, (_, quantity, _) in self._unmoved.items()}

    def slices(self) -> tuple[Slice, ...]:
        """Return the parts in which what is held is left; none where nothing is planned."""
        book, levels, instrument = self._book, self._actor.levels.planned, self._actor.instrument
        if levels is None or instrument is None or book.plan is None:
            return ()
        return divide(
            levels.targets,
            levels.target,
            book.plan.position_id,
            book.all_exits(),
            book.filled_before,
            abs(book.quantity),
            instrument.size_increment,
        )

    def targets(self) -> tuple[TargetView, ...]:
        """Return the prices at which parts are left, those that have been left included."""
        views = []
        exits = self._by_slice() if self._book.plan is not None else {}
        for piece in sorted(self.slices(), key=lambda piece: (piece.number == 0, piece.number)):
            done = sum((one.filled for one in exits.get(piece.number, ()) if one.role is Role.TARGET), Decimal(0))
            if piece.target is not None:
                views.append(TargetView(price=piece.target, quantity=piece.quantity, filled=done))
        return tuple(views)

    def _legs(self) -> dict[int, tuple[ExitLeg, ...]] | None:
        """Return slice → its legs, each in full; None while prices are not known."""
        levels = self._actor.levels.planned
        if levels is None:
            return None
        return {piece.number: slice_legs(levels, self._book.side, piece) for piece in self.slices()}

    def _by_slice(self) -> dict[int, list[OrderView]]:
        position_id = self._book.plan.position_id if self._book.plan is not None else ""
        found: dict[int, list[OrderView]] = {}
        for order in self._exits():
            found.setdefault(slice_of(position_id, order), []).append(order)
        return found

    def _reconcile(self, levels: ExitLevels) -> None:
        exits, bound = self._by_slice(), reach(self._book.orders)
        pieces = {piece.number: piece for piece in self.slices()}
        held = abs(self._book.quantity)
        room = Room(held, {number: self._most(orders, bound) for number, orders in exits.items()})
        for number in sorted(exits.keys() | pieces.keys()):
            piece = pieces.get(number)
            legs: tuple[ExitLeg, ...] = ()
            if piece is not None:
                legs = slice_legs(levels, self._book.side, evolve(piece, quantity=room.take(number, piece.quantity)))
            self._carry_out(number, reconcile_exits(legs, exits.get(number, ()), self._actor.levels.stop, bound))

    def _carry_out(self, number: int, actions: tuple[ExitAction, ...]) -> None:
        missing: list[ExitLeg] = []
        for action in actions:
            match action:
                case SubmitExit(leg):
                    missing.append(leg)
                case ModifyExit(order_ref, quantity, leg):
                    until, unmoved, _ = self._unmoved.get(order_ref, _MOVED)
                    if quantity != unmoved or trio.current_time() >= until:
                        self._amend(order_ref, quantity, leg, "exits follow the position")
                case CancelExit(order_ref, reason):
                    self._actor.cancel(order_ref, reason)
        unknown = self._actor.holding.short or self._book.awaits_exit()
        if missing and self._book.plan is not None and not unknown:
            position_id = self._book.plan.position_id
            group = next_oca_group(position_id, self._book.all_exits(), number, self._book.first_generation)
            new_id = self._actor.environment.new_id
            requests = leg_requests(tuple(missing), self._book.symbol, position_id, group, new_id, "position")
            self._actor.submit(SubmitOrders(requests, self._actor.address.name, self._actor.reference_price()))

    def _most(self, orders: Iterable[OrderView], bound: Mapping[str, Decimal]) -> Decimal:
        """Return how much a slice may still exit at the most: one of its orders fills, in its largest version.

        One that sleeps until its entry fills exits nothing.
        """
        most = Decimal(0)
        for order in orders:
            if order.status.done or order.role not in (Role.STOP, Role.TARGET) or bound.get(order.order_ref) == 0:
                continue
            asked = self._amending.get(order.order_ref)
            if asked is None and order.status is OrderStatus.PENDING_MODIFY:
                return max(most, abs(self._book.quantity), order.remaining)  # asked for before this incarnation
            most = max(most, order.remaining, Decimal(0) if asked is None else asked[1] - order.filled)
        return most

    def _amend(self, order_ref: str, quantity: Decimal, leg: ExitLeg, reason: str) -> None:
        self._amending[order_ref] = (trio.current_time(), quantity)
        self._actor.after(ANSWER_SECONDS, TryAgain())
        self._actor.orders.tell(
            ModifyOrder(
                order_ref=order_ref,
                quantity=quantity,
                limit_price=leg.limit_price,
                stop_price=leg.stop_price,
                trailing_pct=leg.trailing_pct,
                trailing_amount=leg.trailing_amount,
                reason=reason,
            )
        )

    def _transmit(self) -> None:
        """Write exits again, as changes in place, that the broker has and does not work.

        A leg lies untransmitted at TWS where the last of its bracket never came there.
        """
        exits, bound = self._by_slice(), reach(self._book.orders)
        for number, legs in (self._legs() or {}).items():
            for leg, order in product(legs, exits.get(number, ())):
                unworked = order.status in (OrderStatus.ACCEPTED, OrderStatus.HELD) and not order.confirmed
                unworked = unworked and bound.get(order.order_ref, leg.quantity) >= leg.quantity
                if unworked and order.role is leg.role and order.order_type == leg.order_type:
                    self._amend(order.order_ref, order.filled + leg.quantity, leg, "the broker does not work it")

    def _exits(self) -> Iterable[OrderView]:
        """Own exits, each as it stands with what we have asked for since."""
        now = trio.current_time()
        for order in self._book.all_exits():
            if order.status.done:
                yield order
            elif self._actor.cancelling(order.order_ref):
                yield evolve(order, status=OrderStatus.PENDING_CANCEL)
            elif now - self._amending.get(order.order_ref, _NEVER)[0] < ANSWER_SECONDS:
                yield evolve(order, status=OrderStatus.PENDING_MODIFY)
            else:
                yield order

    # what became of them

    def amended(self, order: OrderView, *, applied: bool, denied: bool) -> None:
        """Note that a change is in force, or was refused: by our own side where it was denied."""
        asked = self._amending.pop(order.order_ref, None)
        if applied:
            if self._unmoved.pop(order.order_ref, None) is not None and not self._unmoved:
                self._actor.clear("stop.not_moved")
            return
        same = asked is not None and asked[1] == order.quantity
        if same and order.role is Role.STOP and not order.status.done:
            # it protects where it stood: not moved is no reason to leave, and the local monitor knows the new place
            self._actor.alarm("stop.not_moved", f"the broker keeps it at {order.stop_price} {order.text}".strip())
            _, _, times = self._unmoved.get(order.order_ref, _MOVED)
            delay = min(2.0 ** (times - 1), MAX_DELAY) if times else 0.0
            self._unmoved[order.order_ref] = (trio.current_time() + delay, order.quantity, times + 1)
            self._actor.after(delay, TryAgain())
            return
        self._back_off(order, by_broker=not denied)

    def lost(self, order: OrderView) -> None:
        """Note that an exit rests nowhere any more without having filled, unless that was to be expected."""
        self._amending.pop(order.order_ref, None)
        if not self._book.quantity or self._actor.cancelling(order.order_ref):
            return
        spent = any(one.filled for one in self._book.all_exits() if one.oca_group == order.oca_group)
        if not spent:
            by_us = order.status in (OrderStatus.DENIED, OrderStatus.NOT_SENT)
            self._back_off(order, by_broker=not by_us)
            # TWS may answer with an error alone: then the order is proven absent, and its text has the code
            refused = order.status is OrderStatus.REJECTED or order.text.startswith("error ")
            if refused and order.order_type == OrderType.TRAILING_STOP:
                self._trails_refused += 1
                if self._trails_refused == TRAILS_REFUSED:
                    self._actor.levels.trail_here()

    def _back_off(self, order: OrderView, *, by_broker: bool) -> None:
        if by_broker:
            self._attempts += 1
            count = self._attempts
        else:
            self._denials += 1
            count = self._denials + 1
        if by_broker and order.role is Role.STOP and count > MAX_ATTEMPTS:
            text = f"the broker refuses its stop ({order.text or order.status}): flattened"
            self._actor.alarm("protection.failed", text)
            self._actor.begin_closing("protection failed", "position")
            return
        if count > 1:
            self._pause(min(2.0 ** (count - 2), MAX_DELAY))

    def _pause(self, delay: float) -> None:
        self._not_before = max(self._not_before, trio.current_time() + delay)
        self._actor.after(delay, TryAgain())

    # naked time

    def watch(self) -> None:
        """Notice when the exits become confirmed, or cease to be."""
        if not self._book.quantity or self._book.plan is None:
            self._covered()
            return
        legs = self._legs()
        exits = self._by_slice()
        bound = reach(self._book.orders)
        now_armed = legs is not None and all(armed(each, exits.get(number, ()), bound) for number, each in legs.items())
        nothing = legs is not None and not any(legs.values())
        if nothing or (now_armed and self._armed is None):
            # nothing was asked for, or it has stood since before this incarnation
            self._armed = now_armed
            self._covered()
        elif now_armed and not self._armed:
            self._armed = True
            naked = 0.0 if self._naked_since is None else trio.current_time() - self._naked_since
            self._attempts = self._denials = 0
            self._covered()
            view = self._actor.view()
            log(
                "protection.armed",
                actor=self._actor.address.name,
                symbol=self._book.symbol,
                naked_seconds=round(naked, 6),
                quantity=self._book.quantity,
                stop=view.stop,
                target=view.target,
            )
            self._actor.bus.publish(ProtectionArmedEvent(view, naked))
        elif not now_armed:
            self._armed = False if legs is not None else self._armed
            if self._naked_since is None:
                self._naked_since = trio.current_time()
                self._actor.after(self._actor.settings.risk.naked_seconds, NakedTooLong(self._naked_since))

    def naked_too_long(self, since: float) -> None:
        """Say so, and have another try at what may be the cause; again and again while it lasts."""
        if since != self._naked_since or not self._book.quantity:
            return
        self._transmit()
        self._actor.after(max(self._actor.settings.risk.naked_seconds, ANSWER_SECONDS), NakedTooLong(since))
        naked = trio.current_time() - since
        log(
            "protection.missing",
            level="ERROR",
            actor=self._actor.address.name,
            symbol=self._book.symbol,
            naked_seconds=round(naked, 3),
            quantity=self._book.quantity,
        )
        self._actor.bus.publish(ProtectionMissingEvent(self._actor.view(), naked))
        self._actor.alarm("protection.missing", f"{self._book.quantity} without confirmed exits for {naked:.1f} s")

    def _covered(self) -> None:
        if not self._book.quantity:
            self._armed = False
        self._naked_since = None
        self._actor.clear("protection.missing")
