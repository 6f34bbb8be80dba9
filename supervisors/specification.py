"""What a supervisor is told about its children, in OTP's words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import StrEnum

from attrs import field, frozen, validators

from actors.runtime.lifecycle import ActorFactory

__all__ = ["Backoff", "ChildSpecification", "PastIntensity", "Restart", "Strategy", "SupervisorSpecification"]


class Restart(StrEnum):
    """When a child that has ended is started again."""

    PERMANENT = "permanent"  # always
    TRANSIENT = "transient"  # when it crashed; not when it stopped itself in order
    TEMPORARY = "temporary"  # never


class Strategy(StrEnum):
    """Which children are restarted when one crashes. Stopped in reverse order, started in order."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"  # that one and those that were started after it


class PastIntensity(StrEnum):
    """What happens when children crash more often than the intensity allows."""

    ESCALATE = "escalate"  # the supervisor stops all children and crashes itself: its own supervisor decides
    QUARANTINE = "quarantine"  # that child stays down; the intensity counts for each child alone (one_for_one only)


@frozen(slots=True)
class Backoff:
    """Pauses before restarts. The first within the period is immediate, each later one doubles, in seconds."""

    initial: float = field(default=0.1, validator=validators.gt(0))
    maximum: float = field(default=30.0, validator=validators.gt(0))
    jitter: float = field(default=0.2, validator=[validators.ge(0), validators.lt(1)])  # 0.2: up to 20 % shorter

    def delay(self, restarts: int, generator: random.Random) -> float:
        """Return the pause before restart number `restarts` (from 1) within the period."""
        if restarts <= 1:
            return 0.0
        pause = min(self.maximum, self.initial * 2.0 ** min(restarts - 2, 64))
        return pause * (1.0 - self.jitter * generator.random())


@frozen(slots=True)
class ChildSpecification:
    """An actor as a child.

    `start` makes a new incarnation from an ActorContext; usually the actor class itself, or a function that passes
    it what else it needs. `shutdown` seconds are for stopping, 0 kills; `startup` seconds for `prepare` and readiness.
    """

    name: str
    start: ActorFactory
    restart: Restart = Restart.PERMANENT
    shutdown: float = field(default=5.0, validator=validators.ge(0))
    startup: float = field(default=30.0, validator=validators.gt(0))


@frozen(slots=True)
class SupervisorSpecification:
    """A supervisor, and its children in the order in which they are started.

    More than `intensity` restarts within `period` seconds are too many: see PastIntensity. A supervisor can itself be
    a child: then `restart` says when it is started again.
    """

    name: str
    children: tuple[ChildSpecification | SupervisorSpecification, ...] = ()
    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: int = field(default=3, validator=validators.ge(0))
    period: float = field(default=60.0, validator=validators.gt(0))
    past_intensity: PastIntensity = PastIntensity.ESCALATE
    backoff: Backoff = Backoff()
    restart: Restart = Restart.PERMANENT

    def __attrs_post_init__(self) -> None:
        if self.past_intensity is PastIntensity.QUARANTINE and self.strategy is not Strategy.ONE_FOR_ONE:
            raise ValueError(f"supervisor {self.name}: only one_for_one can quarantine a child alone")
        names = list(self.names())
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"supervisor {self.name}: more than one child is named {', '.join(doubled)}")

    def names(self) -> Iterator[str]:
        """Yield its own name and those of all below it."""
        yield self.name
        for child in self.children:
            if isinstance(child, SupervisorSpecification):
                yield from child.names()
            else:
                yield child.name
