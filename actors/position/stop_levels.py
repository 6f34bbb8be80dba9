"""Where a position is left by its plan, and where its stop stands now."""

from __future__ import annotations

from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING

import trio
from attrs import evolve, frozen

from config.logging import log
from domain.exit_levels import ExitLevels, exit_levels, tighter
from domain.exits import ExitMonitor, ExitReason, MonitorStep
from domain.instrument import increment_at, round_price, stop_rounding
from domain.position_book import TRAILING
from messages.order import OrderType, Role
from messages.position import ExitPlan, ExitsAdjusted

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["StopLevels", "StopMoved"]

MOVE_SECONDS = 1.0  # between two moves of a resting stop: each is an amendment at the broker
NOTE_SECONDS = 5.0  # between two notes of where the broker's trailing stop stands


@frozen(slots=True)
class StopMoved:
    """A price has moved the stop to where the broker does not move it by itself."""


class StopLevels:
    """Prices from plan and average entry price, and the local monitor that moves the stop as prices come.

    What moves it beside the broker's own trailing (a break-even rule, steps, trailing that is done here) becomes a fact
    in the journal first and an amendment of the resting stop then; a restart begins where the last fact says. While a
    move waits for its second, later ones are part of it.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self.monitor: ExitMonitor | None = None
        self.planned: ExitLevels | None = None
        self.moved = ""  # what has moved the stop last
        self.trails_here = False  # whether the broker has refused to trail it
        self._start: Decimal | None = None  # where the stop began, before any trailing
        self._of: tuple[object, ...] = ()
        self._waiting = False
        self._last = -inf
        self._noted = -inf

    @property
    def stop(self) -> Decimal | None:
        """Where the stop stands now, its trailing included, on the tick; None while there is none."""
        monitor, instrument = self.monitor, self._actor.instrument
        if self.planned is None:
            return None
        if monitor is None or monitor.stop is None or instrument is None or monitor.moved is None:
            return self._start
        rounding = stop_rounding(self._actor.book.side.opposite, Role.STOP)
        return round_price(instrument, Decimal(repr(monitor.stop)), rounding)

    @property
    def moved_by(self) -> str:
        """What has moved the stop from where it began: trailing_stop, break_even or step; "" for nothing."""
        monitor = self.monitor
        return str(monitor.moved) if monitor is not None and monitor.moved is not None else self.moved

    def begin(self) -> None:
        """Forget all about a position that has closed."""
        self.forget()
        self.planned = self._start = None
        self.trails_here = False

    def forget(self) -> None:
        """Compute all anew at the next look: the plan is another one, and may be looser."""
        self.monitor = None
        self.moved = ""
        self._of = ()

    def trail_here(self) -> None:
        """Move the stop from here from now on: the broker does not take an order that trails."""
        self.trails_here = True
        self._of = ()
        log(
            "exits.trail_here",
            level="WARNING",
            actor=self._actor.address.name,
            symbol=self._actor.symbol,
            reason="the broker refuses an order that trails: its stop is moved from here",
        )

    def refresh(self) -> None:
        """Compute prices and thresholds anew where plan, average price or instrument have changed."""
        actor = self._actor
        book, instrument = actor.book, actor.instrument
        average = book.ledger.average_price
        resting = self._resting_trail()
        key = (book.plan, book.exits, average, instrument, book.quantity > 0, resting, book.floor, self.trails_here)
        if key == self._of:
            return
        self._of = key
        before, self.planned, self.monitor = self.monitor, None, None
        if before is not None and before.moved is not None:
            self.moved = before.moved.value
        if book.plan is None or average is None or instrument is None or book.wrong_side:
            return
        side = book.side
        try:
            levels = exit_levels(book.exits, side, average, instrument)
        except ValueError as error:
            actor.alarm("protection.impossible", f"the exits are no prices: {error}")
            return
        levels = evolve(levels, stop=tighter(side, levels.stop, book.floor), here=levels.here or self.trails_here)
        self.planned = levels
        stop = self._start = levels.stop
        if levels.trails_there:
            # where the broker's order started may be tighter than what the average price gives: it stays there
            stop = self._start = tighter(side, stop, resting)
            stop = tighter(side, stop, book.trailed_to)
        if before is not None and before.moved is not None:
            stop = tighter(side, stop, Decimal(repr(before.stop)))
        self.moved = self.moved or book.moved_by
        monitor = self.monitor = ExitMonitor(
            side.sign,
            _number(stop),
            None if levels.targets else _number(levels.target),
            _number(levels.trailing_pct),
            _number(levels.trailing_amount),
            [MonitorStep(float(step.trigger), float(step.stop), step.reason) for step in levels.steps],
            self._least(levels, average) if levels.trails and levels.here else None,
        )
        if self.moved:
            monitor.moved = ExitReason(self.moved)
        elif stop != self._start:
            monitor.moved = ExitReason.TRAILING_STOP

    def _least(self, levels: ExitLevels, average: Decimal) -> float:
        """Return the smallest move of a stop that is trailed here."""
        instrument = self._actor.instrument
        distance = levels.trailing_amount or average * (levels.trailing_pct or Decimal(0))
        tick = increment_at(instrument, average) if instrument is not None else Decimal(0)
        return float(max(distance * self._actor.settings.risk.trail_step, tick))

    def _resting_trail(self) -> Decimal | None:
        stops = (one for one in self._actor.book.live(Role.STOP) if one.order_type == OrderType.TRAILING_STOP)
        return next((one.stop_price for one in stops if one.confirmed), None)

    # moves

    def news(self, monitor: ExitMonitor) -> None:
        """Take from the tick that the stop has moved."""
        monitor.news = False
        if self._waiting:
            return
        self._waiting = True
        delay = self._last + MOVE_SECONDS - trio.current_time()
        if delay > 0:
            self._actor.after(delay, StopMoved())
        else:
            self._actor.tell_self(StopMoved())

    def move(self) -> None:
        """Write down where the stop stands now, and have the resting one follow."""
        actor = self._actor
        monitor, plan, stop = self.monitor, actor.book.plan, self.stop
        self._waiting = False
        if monitor is None or monitor.moved is None or plan is None or actor.closing is not None:
            return
        if stop is None or tighter(actor.book.side, actor.book.floor, stop) == actor.book.floor:
            return
        self._last = trio.current_time()
        fact = ExitsAdjusted(plan.position_id, ExitPlan(stop_loss_price=stop), str(monitor.moved))
        actor.append(fact)
        actor.book.adjusted(fact)
        log(
            "exits.stop_moved",
            actor=actor.address.name,
            symbol=actor.symbol,
            position_id=plan.position_id,
            reason=str(monitor.moved),
            stop=stop,
        )
        actor.converge()
        actor.reports.updated(actor.view())

    def note_trail(self) -> bool:
        """Write down and tell, now and then, where the broker's trailing stop stands, so that no restart loosens it.

        Return whether that is still to be done.
        """
        actor, now = self._actor, trio.current_time()
        monitor, plan = self.monitor, actor.book.plan
        there = self.planned is not None and self.planned.trails_there
        if monitor is None or monitor.moved is None or plan is None or not there:
            return False
        stop = self.stop
        if stop in (actor.book.trailed_to, actor.book.floor):
            return False
        if now - self._noted < NOTE_SECONDS:
            return True
        self._noted = now
        fact = ExitsAdjusted(plan.position_id, ExitPlan(stop_loss_price=stop), TRAILING)
        actor.append(fact)
        actor.book.adjusted(fact)
        actor.reports.updated(actor.view())
        return False


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
