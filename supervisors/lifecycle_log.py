"""What happens to actors, as it reaches the log, the bus and the alarms."""

from __future__ import annotations

from actors.bus import EventBus
from actors.runtime.system import System
from config.logging import log
from messages.lifecycle import (
    ActorCrashed,
    ActorEvent,
    ActorQuarantined,
    ActorRestarted,
    ActorStarted,
    ActorStopped,
    DeadLetter,
    RaiseAlarm,
)

__all__ = ["LifecycleLog"]


class LifecycleLog:
    """Called by the actor system and the supervisors, synchronously, with each event of an actor's life."""

    def __init__(self, bus: EventBus) -> None:
        """`bus` receives each event too."""
        self._bus = bus
        self._system: System | None = None

    def attach(self, system: System) -> None:
        """From now on alarms can be raised."""
        self._system = system

    def __call__(self, event: ActorEvent) -> None:
        """Write it down and pass it on."""
        actor = event.actor
        match event:
            case ActorStarted():
                log("actor.started", actor=actor)
            case ActorCrashed(message=message, error=error, traceback=traceback):
                log("actor.crashed", level="ERROR", actor=actor, message=message, error=error, traceback=traceback)
            case ActorRestarted(restarts=restarts, seconds=seconds):
                log("actor.restarted", level="WARNING", actor=actor, restarts=restarts, seconds=round(seconds, 6))
            case ActorQuarantined(restarts=restarts, error=error):
                log("actor.quarantined", level="ERROR", actor=actor, restarts=restarts, error=error)
                self._alarm(actor, restarts, error)
            case ActorStopped():
                log("actor.stopped", actor=actor)
            case DeadLetter(message=message, error=error):
                log("deadletter", level="WARNING", actor=actor, message=message, error=error)
            case _:
                raise TypeError(f"no log line for {event!r}")
        self._bus.publish(event)

    def _alarm(self, actor: str, restarts: int, error: str) -> None:
        if self._system is None:
            return
        symbol = actor.removeprefix("position/") if actor.startswith("position/") else None
        text = f"{actor} crashed {restarts} times and stays down: no new risk, its orders rest at the broker ({error})"
        self._system.address("alarms").tell(RaiseAlarm("actor.quarantined", text, symbol=symbol))
