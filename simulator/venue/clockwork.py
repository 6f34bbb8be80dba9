"""What the clock alone does: orders start, pause overnight, expire; the day ends."""

from __future__ import annotations

from datetime import datetime

from simulator.venue.changes import set_times
from simulator.venue.engine import CANCELLED, Engine
from simulator.venue.registry import Registry
from simulator.venue.schedule import schedule
from simulator.venue.sessions import Calendars
from simulator.venue.valuation import Valuation
from simulator.venue.working import Stage, Working

__all__ = ["Clockwork"]


class Clockwork:
    """Moves orders and accounts through time."""

    def __init__(
        self,
        registry: Registry,
        engine: Engine,
        valuation: Valuation,
        calendars: Calendars,
        now: datetime,
    ) -> None:
        self._registry = registry
        self._engine = engine
        self._valuation = valuation
        self._calendars = calendars
        self._day_ends = calendars.main.current(now).late
        self.wakes = self._day_ends

    def resume(self, left: datetime, now: datetime) -> None:
        """Begin a day if the one of `left` is over."""
        if self._calendars.main.current(left).late <= now:
            self._valuation.new_day(now)

    def advance(self, now: datetime) -> None:
        """Do all that is due at `now`."""
        if now >= self._day_ends:
            self._valuation.new_day(now)
            self._day_ends = self._calendars.main.current(now).late
        for working in [*self._registry.live.values()]:
            if working.stage is not Stage.DONE:
                self._move(working, now)
        self._engine.settle()
        self.wakes = self._day_ends
        for working in self._registry.live.values():
            self.consider(working, now)

    def consider(self, working: Working, now: datetime) -> None:
        """Be awake in time for an order that is new or has changed."""
        waits_for = working.conditions.times if working.conditions is not None else ()
        for time in (working.starts, working.pauses, working.expires, *waits_for):
            if time is not None and now < time < self.wakes:
                self.wakes = time

    def _move(self, working: Working, now: datetime) -> None:
        started = working.starts is not None and working.starts <= now
        if started and working.terms.at_close and working.stage is Stage.SCHEDULED:
            self._engine.auction(working)
        self._engine.weigh(working)
        if working.stage is Stage.DONE:
            return
        if working.expires is not None and working.expires <= now:
            self._engine.end(working, CANCELLED)
        elif working.pauses is not None and working.pauses <= now:
            set_times(working, schedule(working.order, self._calendars.of(working.definition), now))
            if working.stage is not Stage.HELD:
                self._engine.enter(working)
        elif started and working.stage is Stage.SCHEDULED:
            self._engine.enter(working)
