"""What the process as a whole is doing: starting, ready, halted or stopping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from actors.bus import EventBus
from config.environment import Environment
from config.logging import log
from messages.event import BaseEvent
from messages.gateway import TradingAllowed
from messages.lifecycle import ActorCrashed
from messages.risk import HaltedEvent, ResumedEvent

__all__ = ["ProcessState", "State"]


# no new risk can leave while one of these does not run
_NEEDED = ("journal", "gateway", "orders", "portfolio")


class State(StrEnum):
    """The states of `pitboss status`."""

    STARTING = "STARTING"  # not, or no longer, in agreement with the broker: no new risk
    READY = "READY"
    HALTED = "HALTED"  # by an operator or a limit: no new risk until resumed
    STOPPING = "STOPPING"


class ProcessState:
    """Follows on the bus what decides the state, and logs each time the process gets ready.

    It subscribes itself: what it does with an event is two assignments, and it has to outlive every actor.
    """

    def __init__(
        self, environment: Environment, bus: EventBus, runs: Callable[[str], bool] = lambda name: True
    ) -> None:
        """Begin as STARTING. `runs` tells whether the actor of a name does: one that is down is silent."""
        self._state = State.STARTING
        self._reason = "not yet compared with the broker"
        self._since = self._crashed_at = environment.now()
        self._environment = environment
        self._runs = runs
        self._started = False
        self._tell_ready: Callable[[], object] = lambda: None
        self._not_allowed: str | None = self._reason
        self._halted: str | None = None
        for event_type in (TradingAllowed, HaltedEvent, ResumedEvent, ActorCrashed):
            bus.subscribe(event_type, self)

    @property
    def state(self) -> State:
        """What it is now."""
        return State.STARTING if self._down else self._state

    @property
    def reason(self) -> str:
        """Why it is not READY, "" where it is."""
        return f"{self._down} is being restarted" if self._down else self._reason

    @property
    def since(self) -> datetime:
        """When it became so."""
        return self._crashed_at if self._down else self._since

    @property
    def _down(self) -> str:
        """What does not run though all else says READY; "" for nothing."""
        if self._state is not State.READY:
            return ""
        return next((name for name in _NEEDED if not self._runs(name)), "")

    def tell(self, event: BaseEvent) -> None:
        """Take an event of the bus."""
        match event:
            case ActorCrashed(actor=actor):
                if actor in _NEEDED:
                    self._crashed_at = self._environment.now()
                return
            case TradingAllowed(allowed=True):
                self._not_allowed = None
            case TradingAllowed(reason=reason):
                self._not_allowed = reason
            case HaltedEvent(reason=reason):
                self._halted = reason
            case ResumedEvent():
                self._halted = None
            case _:
                raise TypeError(f"did not subscribe to {event!r}")
        self._decide()

    def when_ready(self, tell: Callable[[], object]) -> None:
        """Have `tell` called each time the process gets ready."""
        self._tell_ready = tell

    def started(self) -> None:
        """Every actor of the tree runs: before that nothing is READY."""
        self._started = True
        self._decide()

    def stopping(self, reason: str) -> None:
        """The process stops; nothing leads out of this."""
        self._enter(State.STOPPING, reason)

    def _decide(self) -> None:
        if self._halted is not None:
            self._enter(State.HALTED, self._halted)
        elif self._not_allowed is not None:
            self._enter(State.STARTING, self._not_allowed)
        elif not self._started:
            self._enter(State.STARTING, "actors are starting")
        else:
            self._enter(State.READY, "")

    def _enter(self, state: State, reason: str) -> None:
        if self._state is State.STOPPING:
            return
        changed = (state, reason) != (self._state, self._reason)
        if state is not self._state:
            self._state, self._since = state, self._environment.now()
            if state is State.READY:
                log("system.ready")
                self._tell_ready()
        self._reason = reason
        if changed and state in (State.STARTING, State.HALTED):
            log("system.entered", state=str(state), since=self._since, reason=reason)
