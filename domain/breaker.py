"""The breaker: what new risk is allowed, and what leads from one state to the next.

    ACTIVE ──halt, trip──▶ REDUCE_ONLY ──close──▶ FLATTENING ──latch──▶ LATCHED
      ▲  ▲                   │      └─────────────latch────────────────▶  │
      │  └──────resume───────┘                                            │
      └────────────────────────────────rearm──────────────────────────────┘

A person's `halt` ends with `resume`. A trip ends with `rearm` alone: entries are cancelled (REDUCE_ONLY), positions are
closed where the trigger says so (FLATTENING), and then it stays (LATCHED). Nothing leads back to ACTIVE by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from messages.risk import BreakerEvent, BreakerGoal, BreakerTrigger, TradingState

__all__ = ["TABLE", "Breaker", "BreakerRefused", "at_least"]

E, S = BreakerEvent, TradingState

# state → event → state; what is not here is refused
TABLE: Mapping[TradingState, Mapping[BreakerEvent, TradingState]] = {
    S.ACTIVE: {
        E.HALT: S.REDUCE_ONLY,
        E.TRIP: S.REDUCE_ONLY,
        E.RESUME: S.ACTIVE,
    },
    S.REDUCE_ONLY: {
        E.HALT: S.REDUCE_ONLY,
        E.TRIP: S.REDUCE_ONLY,  # further than before, or for one more reason
        E.RESUME: S.ACTIVE,  # after a halt alone: see `Breaker.after`
        E.CLOSE: S.FLATTENING,
        E.LATCH: S.LATCHED,
    },
    S.FLATTENING: {
        E.HALT: S.FLATTENING,
        E.TRIP: S.FLATTENING,
        E.LATCH: S.LATCHED,
    },
    S.LATCHED: {
        E.HALT: S.LATCHED,
        E.TRIP: S.REDUCE_ONLY,  # where it goes further than the first did, or by hand again
        E.CLOSE: S.FLATTENING,  # a late fill of ours
        E.REARM: S.ACTIVE,
    },
}

_GOALS = tuple(BreakerGoal)


class BreakerRefused(Exception):
    """The breaker does not take this event now; the text says why."""


def at_least(goal: BreakerGoal | None, least: BreakerGoal) -> bool:
    """Tell whether a goal goes as far as another, or further."""
    return goal is not None and _GOALS.index(goal) >= _GOALS.index(least)


@frozen(slots=True, kw_only=True)
class Breaker:
    """Where it stands. `goal`, `trigger` and `reason` are None and "" while ACTIVE.

    `trigger` and `reason` are those of the first trip, which later ones do not overwrite unless they go further.
    """

    state: TradingState = TradingState.ACTIVE
    goal: BreakerGoal | None = None
    trigger: BreakerTrigger | None = None
    reason: str = ""

    @property
    def tripped(self) -> bool:
        """Whether only `rearm` ends it."""
        return at_least(self.goal, BreakerGoal.REDUCE_ONLY)

    @property
    def flattens(self) -> bool:
        """Whether what is held is to be closed."""
        return at_least(self.goal, BreakerGoal.FLATTEN)

    def after(
        self,
        event: BreakerEvent,
        reason: str = "",
        goal: BreakerGoal | None = None,
        trigger: BreakerTrigger | None = None,
    ) -> Breaker:
        """Return where it stands after an event. A trip names its goal and its trigger.

        Raises:
            BreakerRefused: the event does not lead anywhere from here.
        """
        state = TABLE[self.state].get(event)
        if state is None or (event is E.RESUME and self.tripped):
            raise BreakerRefused(self._refusal(event))
        match event:
            case E.RESUME | E.REARM:
                return Breaker()
            case E.HALT if self.tripped:
                return self
            case E.HALT:
                return Breaker(state=state, goal=BreakerGoal.HALT, reason=reason)
            case E.TRIP if goal is None or trigger is None:
                raise ValueError("a trip has a goal and a trigger")
            case E.TRIP if self.state is S.LATCHED and goal is self.goal and trigger is BreakerTrigger.KILL_SWITCH:
                return evolve(self, state=state)  # pulled again: something may be held that came since
            case E.TRIP if self.tripped and goal is not None and at_least(self.goal, goal):
                return self
            case E.TRIP:
                return Breaker(state=state, goal=goal, trigger=trigger, reason=reason)
            case _:
                return evolve(self, state=state)

    def _refusal(self, event: BreakerEvent) -> str:
        if event is E.REARM and not self.tripped:
            return "the breaker has not tripped" if self.state is S.ACTIVE else "it is halted by hand: `pitboss resume`"
        if event is E.REARM and self.state is S.FLATTENING:
            return "positions are still being closed"
        if event is E.REARM:
            return "entries are still being cancelled"
        if event is E.RESUME:
            return "the breaker has tripped: `pitboss rearm --reason …`"
        return f"{event} does not lead anywhere from {self.state}"
