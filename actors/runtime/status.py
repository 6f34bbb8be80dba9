"""What can be seen of an actor from outside."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

__all__ = ["ActorState", "ActorStatus"]


class ActorState(StrEnum):
    """Where the actor behind an address is in its life."""

    NEW = "new"  # there never was one; messages wait
    STARTING = "starting"  # constructed, preparing, or not ready yet
    RUNNING = "running"
    STOPPING = "stopping"
    RESTARTING = "restarting"  # crashed or stopped, and its supervisor will start it again; messages wait
    STOPPED = "stopped"  # for good; messages are dead letters
    QUARANTINED = "quarantined"  # crashed too often; messages are dead letters


UNSETTLED = frozenset({ActorState.STARTING, ActorState.STOPPING, ActorState.RESTARTING})


@frozen(slots=True)
class ActorStatus:
    """One address, as it stands."""

    address: str
    state: ActorState
    restarts: int  # since the process started
    mailbox: int  # messages that wait
    oldest_seconds: float  # for how long messages have been waiting without a break; 0.0 where none waits
    dropped_ticks: int
    error: str  # what it crashed of last, or ""
