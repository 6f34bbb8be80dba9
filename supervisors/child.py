"""Children as their supervisor handles them: an actor, or another supervisor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import trio

from actors.runtime.deadletters import describe_error, describe_traceback
from actors.runtime.future import ReplyFuture
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from messages.lifecycle import ActorCrashed
from supervisors.intensity import RestartWindow
from supervisors.operations import Operation
from supervisors.specification import ChildSpecification, Restart

if TYPE_CHECKING:
    from actors.runtime.address import Address
    from actors.runtime.system import System
    from supervisors.supervisor import Supervisor

__all__ = ["ActorChild", "Child", "SupervisorChild", "SupervisorEscalated"]


class SupervisorEscalated(Exception):
    """A supervisor gave up: its children crashed more often than its intensity allows, and are all stopped."""

    def __init__(self, supervisor: str, child: str, error: Exception) -> None:
        super().__init__(f"supervisor {supervisor} gave up on {child}: {describe_error(error)}")
        self.supervisor = supervisor
        self.child = child


class Child(ABC):
    """What supervisors do to any child."""

    restarts: int  # since the process started

    def __init__(self, name: str, restart: Restart, period: float) -> None:
        self.name = name
        self.restart = restart
        self.window = RestartWindow(period)
        self.incarnation = 0
        self.quarantined = False
        self.started = False  # ever

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether it runs."""

    @abstractmethod
    async def start(self, ended: Callable[[Exception | None], None], nursery: trio.Nursery) -> None:
        """Start it. Raises StartFailedError.

        After this has returned, `ended(error)` is called when it crashes, or stops by itself (None).
        """

    @abstractmethod
    async def stop(self) -> None:
        """Stop it in order, or clear away what a crash has left. Its messages wait for the next start."""

    @abstractmethod
    def retire(self, state: ActorState, reason: str) -> None:
        """It will not be started again: its messages are dead letters."""


class ActorChild(Child):
    """An actor as a child."""

    def __init__(self, specification: ChildSpecification, system: System, period: float) -> None:
        self.address: Address = system.address(specification.name)
        super().__init__(specification.name, specification.restart, period)
        self._specification = specification
        self._system = system

    @property
    def restarts(self) -> int:
        """Kept with the address, where everybody sees it."""
        return self.address.restarts

    @restarts.setter
    def restarts(self, count: int) -> None:
        self.address.restarts = count

    @property
    def alive(self) -> bool:
        return self.address.actor is not None

    async def start(self, ended: Callable[[Exception | None], None], nursery: trio.Nursery) -> None:
        specification = self._specification
        await self._system.lifecycle.start(
            self.address, specification.start, specification.startup, lambda _address, error: ended(error)
        )

    async def stop(self) -> None:
        await self._system.lifecycle.stop(self.address, self._specification.shutdown)

    def retire(self, state: ActorState, reason: str) -> None:
        self._system.lifecycle.retire(self.address, state, reason)


class SupervisorChild(Child):
    """A supervisor as a child. What was added to it belongs to it also after a restart."""

    def __init__(self, supervisor: Supervisor, system: System, period: float) -> None:
        super().__init__(supervisor.name, supervisor.specification.restart, period)
        self.supervisor = supervisor
        self.restarts = 0
        self._system = system
        self._life: Operation | None = None

    @property
    def alive(self) -> bool:
        return self._life is not None

    async def start(self, ended: Callable[[Exception | None], None], nursery: trio.Nursery) -> None:
        # Cancellation from outside does not reach it: the tree stops from its root, each child in its turn.
        self._life = Operation(interruptible=True, scope=trio.CancelScope(shield=True))
        begun: ReplyFuture[None] = ReplyFuture()
        nursery.start_soon(self._live, self._life, begun, ended, name=f"supervisor {self.name}")
        try:
            await begun
        except trio.Cancelled:
            with trio.CancelScope(shield=True):
                await self.stop()
            raise

    async def stop(self) -> None:
        if self._life is not None:
            self._life.scope.cancel()
            await self._life.done.wait()

    def retire(self, state: ActorState, reason: str) -> None:
        self.supervisor.retire(state, reason)

    async def _live(self, life: Operation, begun: ReplyFuture[None], ended: Callable[[Exception | None], None]) -> None:
        error: Exception | None = None
        try:
            with life.scope:
                await self.supervisor.run(on_started=begun.set)
        except (SupervisorEscalated, StartFailedError) as failure:
            error = failure
            traceback = describe_traceback(failure)
            self._system.on_event(
                ActorCrashed(actor=self.name, message="", error=describe_error(failure), traceback=traceback)
            )
        finally:
            self._life = None
            life.done.set()
        if not begun.settled:
            refusal = StartFailedError(f"{self.name} did not start: {error or 'it was stopped'}")
            refusal.__cause__ = error
            begun.fail(refusal)
        elif error is not None:
            ended(error)
