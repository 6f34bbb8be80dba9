"""How a position keeps its exits at the broker, and how long it goes without."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

import trio
from attrs import evolve, frozen

from config.logging import log
from domain.entries import leg_requests
from domain.exit_orders import (
    CancelExit,
    ExitLeg,
    ExitLevels,
    ModifyExit,
    SubmitExit,
    armed,
    exit_legs,
    exit_levels,
    next_oca_group,
    reconcile_exits,
    tighter,
)
from domain.exits import ExitMonitor
from domain.instrument import round_price, stop_rounding
from messages.order import ModifyOrder, OrderStatus, OrderType, OrderView, Role, SubmitOrders
from messages.position import ProtectionArmedEvent, ProtectionMissingEvent

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["NakedTooLong", "Protection", "TryAgain"]

MAX_ATTEMPTS = 5  # refusals by the broker in a row before a position that cannot be protected is flattened
MAX_DELAY = 30.0
ANSWER_SECONDS = 10.0  # after that an amendment without an answer may be asked for again


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
    own side refuses (link down, not reconciled) is no such refusal: it is tried again until it goes through.
    """

    def __init__(self, actor: PositionActor, *, restored: bool = False) -> None:
        """`restored` says that exits may have stood armed before this incarnation of the actor."""
        self._actor = actor
        self._book = actor.book
        self.monitor: ExitMonitor | None = None
        self.levels: ExitLevels | None = None
        self.trailed = False  # whether the stop had left its start when thresholds were last computed
        self._start: Decimal | None = None  # where the stop began, before any trailing
        self._levels_of: tuple[object, ...] = ()
        self._amending: dict[str, float] = {}  # order_ref → when a change was asked for
        self._attempts = 0
        self._denials = 0
        self._not_before = 0.0
        self._armed: bool | None = None if restored else False  # None: not known since this incarnation began
        self._naked_since: float | None = None

    @property
    def armed(self) -> bool:
        """Whether the broker has confirmed each exit for the whole quantity."""
        return bool(self._armed)

    @property
    def stop(self) -> Decimal | None:
        """Where the stop stands now, its trailing included, on the tick; None while there is none."""
        monitor, instrument = self.monitor, self._actor.instrument
        if self.levels is None:
            return None
        if monitor is None or monitor.stop is None or instrument is None or not monitor.trailed:
            return self._start
        rounding = stop_rounding(self._book.side.opposite, Role.STOP)
        return round_price(instrument, Decimal(repr(monitor.stop)), rounding)

    # levels and monitor

    def refresh(self) -> None:
        """Compute levels and the monitor's thresholds anew where plan, average price or instrument have changed."""
        book, instrument = self._book, self._actor.instrument
        average = book.ledger.average_price
        resting = self._resting_trail()
        key = (book.plan, book.exits, average, instrument, book.quantity > 0, resting)
        if key == self._levels_of:
            return
        self._levels_of = key
        before, self.levels, self.monitor = self.monitor, None, None
        self.trailed = before.trailed if before is not None else self.trailed
        if book.plan is None or average is None or instrument is None or book.wrong_side:
            return
        side = book.side
        try:
            levels = self.levels = exit_levels(book.exits, side, average, instrument)
        except ValueError as error:
            self._actor.alarm("protection.impossible", f"the exits are no prices: {error}")
            return
        stop = self._start = levels.stop
        if levels.trails:
            # where the broker's order started may be tighter than what the average price gives: it stays there
            self._start = tighter(side, stop, resting)
            known = Decimal(repr(before.stop)) if before is not None and before.trailed else None
            stop = tighter(side, tighter(side, self._start, known), book.trailed_to)
        self.monitor = ExitMonitor(
            side.sign,
            _number(stop),
            _number(levels.target),
            _number(levels.trailing_pct),
            _number(levels.trailing_amount),
        )
        self.monitor.trailed = stop != self._start

    def _resting_trail(self) -> Decimal | None:
        stops = (one for one in self._book.live(Role.STOP) if one.order_type == OrderType.TRAILING_STOP)
        return next((one.stop_price for one in stops if one.confirmed), None)

    # steps

    def step(self) -> None:
        """Do what is to be done now about the exits of an open position."""
        self.refresh()
        if self.levels is not None and trio.current_time() >= self._not_before:
            self._reconcile(self.levels)
        self.watch()

    def again(self) -> None:
        """Try at once, whatever was refused: the link is there again."""
        self._not_before = 0.0
        self._denials = 0

    def _legs(self) -> tuple[ExitLeg, ...] | None:
        if self.levels is None:
            return None
        return exit_legs(self.levels, self._book.side, abs(self._book.quantity))

    def _reconcile(self, levels: ExitLevels) -> None:
        legs = exit_legs(levels, self._book.side, abs(self._book.quantity))
        actions = reconcile_exits(legs, self._exits(), self.stop)
        missing: list[ExitLeg] = []
        for action in actions:
            match action:
                case SubmitExit(leg):
                    missing.append(leg)
                case ModifyExit(order_ref, quantity, leg):
                    self._amend(order_ref, quantity, leg, "exits follow the position")
                case CancelExit(order_ref, reason):
                    self._actor.cancel(order_ref, reason)
        if missing and self._book.plan is not None and not self._actor.holding.short:
            position_id = self._book.plan.position_id
            group = next_oca_group(position_id, self._book.all_exits())
            new_id = self._actor.environment.new_id
            requests = leg_requests(tuple(missing), self._book.symbol, position_id, group, new_id, "position")
            self._actor.submit(SubmitOrders(requests, self._actor.address.name, self._actor.reference_price()))

    def _amend(self, order_ref: str, quantity: Decimal, leg: ExitLeg, reason: str) -> None:
        self._amending[order_ref] = trio.current_time()
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
        for leg in self._legs() or ():
            for order in self._exits():
                unworked = order.status in (OrderStatus.ACCEPTED, OrderStatus.HELD) and not order.confirmed
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
            elif now - self._amending.get(order.order_ref, -ANSWER_SECONDS) < ANSWER_SECONDS:
                yield evolve(order, status=OrderStatus.PENDING_MODIFY)
            else:
                yield order

    # what became of them

    def amended(self, order: OrderView, *, applied: bool) -> None:
        """Note that a change is in force, or was refused."""
        self._amending.pop(order.order_ref, None)
        if not applied:
            self._back_off(order, by_broker=True)

    def lost(self, order: OrderView) -> None:
        """Note that an exit rests nowhere any more without having filled, unless that was to be expected."""
        self._amending.pop(order.order_ref, None)
        if not self._book.quantity or self._actor.cancelling(order.order_ref):
            return
        spent = any(one.filled for one in self._book.all_exits() if one.oca_group == order.oca_group)
        if not spent:
            by_us = order.status in (OrderStatus.DENIED, OrderStatus.NOT_SENT)
            self._back_off(order, by_broker=not by_us)

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
            delay = min(2.0 ** (count - 2), MAX_DELAY)
            self._not_before = max(self._not_before, trio.current_time() + delay)
            self._actor.after(delay, TryAgain())

    # naked time

    def watch(self) -> None:
        """Notice when the exits become confirmed, or cease to be."""
        if not self._book.quantity or self._book.plan is None:
            self._covered()
            return
        legs = self._legs()
        now_armed = legs is not None and armed(legs, self._exits())
        if legs == () or (now_armed and self._armed is None):
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


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
