"""The supervisor: starts its children in order, restarts what crashes, stops them in reverse.

It is a trio task that reads notices, not an actor: it has to work when actors do not.
"""

from __future__ import annotations

import contextvars
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import trio

from actors.runtime.deadletters import describe_error
from actors.runtime.future import ReplyFuture
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from messages.lifecycle import ActorQuarantined, ActorRestarted, ActorStarted, ActorStopped
from supervisors.child import ActorChild, Child, SupervisorChild, SupervisorEscalated
from supervisors.intensity import RestartWindow
from supervisors.operations import Operations, SupervisorStoppedError, answer
from supervisors.rising import Rising, why_restart
from supervisors.specification import (
    ChildSpecification,
    PastIntensity,
    Restart,
    Strategy,
    SupervisorSpecification,
)

if TYPE_CHECKING:
    from actors.runtime.address import Address
    from actors.runtime.system import System

__all__ = ["Supervisor", "SupervisorStoppedError"]

# child, its incarnation, what it crashed of (None: it stopped by itself), when
_Notice: TypeAlias = tuple[Child, int, Exception | None, float]
_Notices: TypeAlias = trio.MemoryReceiveChannel[_Notice]


class Supervisor:
    """Keeps the children of one specification running.

    Children that were added while it ran belong to it like the specification's own, and come after them in the order
    of starting: when its own supervisor restarts it, they are there again. One that is quarantined stays so until
    `restart_child`.
    """

    def __init__(self, specification: SupervisorSpecification, system: System) -> None:
        self.specification = specification
        self.name = specification.name
        self._system = system
        # in the order of starting
        self._children = {child.name: self._make(child) for child in specification.children}
        self._window = RestartWindow(specification.period)
        self._serving = trio.CancelScope()
        self._below: trio.Nursery | None = None
        self._work: trio.Nursery | None = None
        self._notices: trio.MemorySendChannel[_Notice] | None = None
        self._failure: SupervisorEscalated | StartFailedError | None = None
        self._context = contextvars.copy_context()
        self._together = specification.strategy is not Strategy.ONE_FOR_ONE
        self._operations = Operations(together=self._together)
        self._rising: Rising | None = None
        self._down: dict[Child, Exception] = {}  # what has ended and is to be restarted

    @property
    def running(self) -> bool:
        """Whether children can be added and taken away."""
        return self._work is not None

    @property
    def children(self) -> list[str]:
        """The names of its children in the order of starting, stopped and quarantined ones included."""
        return list(self._children)

    def supervisor(self, name: str) -> Supervisor:
        """Return the one of that name: itself, or one below at any depth. Raises KeyError."""
        if name == self.name:
            return self
        for child in self._children.values():
            if isinstance(child, SupervisorChild):
                try:
                    return child.supervisor.supervisor(name)
                except KeyError:
                    continue
        raise KeyError(f"no supervisor {name} below {self.name}")

    async def run(self, *, on_started: Callable[[], object] | None = None) -> None:
        """Start the children, call `on_started`, and keep them running until cancelled; then stop them in order.

        The children stop in reverse order, each within its time, also when this is cancelled from outside. Their
        messages are kept for another `run`, until `retire`. Raises StartFailedError when a child does not start the
        first time (where children are quarantined that is a crash of the child instead), and SupervisorEscalated
        when they crash more often than the intensity allows; all are stopped by then.
        """
        if self._below is not None:
            raise RuntimeError(f"supervisor {self.name} runs already")
        self._failure = None
        self._context = contextvars.copy_context()
        self._window.clear()
        self._serving = trio.CancelScope()
        self._notices, notices = trio.open_memory_channel[_Notice](math.inf)
        try:
            async with trio.open_nursery() as self._below:
                try:
                    await self._live(on_started, notices)
                finally:
                    self._work = self._notices = None
                    with trio.CancelScope(shield=True):
                        for child in reversed(list(self._children.values())):
                            await self._halt(child)
        finally:
            self._below = None
        if self._failure is not None:
            raise self._failure

    def retire(self, state: ActorState = ActorState.STOPPED, reason: str = "the process ends") -> None:
        """Make an end after `run`: messages that wait for children, at any depth, become dead letters."""
        for child in self._children.values():
            if not child.quarantined:
                child.retire(state, reason)

    async def start_child(self, specification: ChildSpecification) -> Address:
        """Add a child behind the others, and return its address once it is ready.

        Raises ValueError where the name is taken, StartFailedError, after which it is no child, and
        SupervisorStoppedError.
        """
        if not self.running:
            raise SupervisorStoppedError(f"supervisor {self.name} does not run: it cannot start {specification.name}")
        child = self._admit(specification)
        await self._in_turn(self._add, child, False)
        return child.address

    def start_child_soon(self, specification: ChildSpecification) -> Address:
        """Add a child behind the others, and return its address at once: what is told to it waits until it runs.

        For handlers, which cannot wait. While the supervisor does not run, the child is started with the others when
        it does. A start that fails is treated like a crash. Raises ValueError where the name is taken.
        """
        child = self._admit(specification)
        if self.running:
            self._in_turn(self._add, child, True)
        return child.address

    async def stop_child(self, name: str) -> None:
        """Stop a child, whatever its state, and remove it. Raises KeyError, SupervisorStoppedError."""
        await self._in_turn(self._remove, self._children[name])

    async def restart_child(self, name: str) -> None:
        """Stop and start a child; a quarantined one is given another chance. Raises KeyError, SupervisorStoppedError,
        and StartFailedError, which is also treated like a crash."""
        await self._in_turn(self._renew, self._children[name])

    # starting

    def _make(self, specification: ChildSpecification | SupervisorSpecification) -> Child:
        period = self.specification.period
        if isinstance(specification, SupervisorSpecification):
            return SupervisorChild(Supervisor(specification, self._system), self._system, period)
        return ActorChild(specification, self._system, period)

    def _admit(self, specification: ChildSpecification) -> ActorChild:
        if specification.name in self._children:
            raise ValueError(f"{specification.name} is a child of {self.name} already")
        child = ActorChild(specification, self._system, self.specification.period)
        if child.address.state not in (ActorState.NEW, ActorState.STOPPED):
            raise ValueError(f"{specification.name} is somebody else's child")
        child.address.reopen()
        self._children[child.name] = child
        return child

    async def _live(self, on_started: Callable[[], object] | None, notices: _Notices) -> None:
        with self._serving:
            async with trio.open_nursery() as self._work:
                await self._start_all()
                if on_started is not None and self._failure is None:
                    on_started()
                await self._serve(notices)

    async def _start_all(self) -> None:
        if self._together:
            fallen = await self._raise(list(self._children.values()), trio.current_time())
            if fallen is not None:
                child, error = fallen
                if isinstance(error, StartFailedError):
                    self._failure = error
                    self._serving.cancel()
                else:
                    await self._revive_group(child, child.incarnation, error, trio.current_time())
            return
        for child in list(self._children.values()):
            if child.quarantined:
                continue
            try:
                await self._start(child, trio.current_time())
            except StartFailedError as error:
                if self.specification.past_intensity is PastIntensity.QUARANTINE:
                    self._ended(child, child.incarnation, error)
                else:
                    self._failure = error
                    self._serving.cancel()
                    return

    async def _start(self, child: Child, since: float) -> None:
        assert self._below is not None
        child.incarnation += 1
        number = child.incarnation
        self._down.pop(child, None)
        await child.start(lambda error: self._ended(child, number, error), self._below)
        if child.started:
            child.restarts += 1
            seconds = trio.current_time() - since
            self._system.on_event(ActorRestarted(actor=child.name, restarts=child.restarts, seconds=seconds))
        else:
            child.started = True
            self._system.on_event(ActorStarted(actor=child.name))

    async def _raise(self, members: list[Child], since: float) -> tuple[Child, Exception] | None:
        """Start children in order, each on what those before it offer; return the first that failed, if one did.

        One that ends while the others are started has failed too: they may wait for it for ever. So has one on which
        they stand, also where it had ended before.
        """
        below = self._below_group(members)
        for child in below:
            if child in self._down:
                return child, self._down[child]
        self._rising = rising = Rising(up=set(below))
        try:
            with rising.scope:
                for member in members:
                    try:
                        await self._start(member, since)
                    except StartFailedError as failure:
                        return member, failure
                    rising.up.add(member)
        finally:
            self._rising = None
        return rising.fallen

    def _below_group(self, members: list[Child]) -> list[Child]:
        """Return the children that were started before the first of these."""
        everyone = list(self._children.values())
        return everyone[: everyone.index(members[0])] if members else []

    # restarting

    def _ended(self, child: Child, number: int, error: Exception | None) -> None:
        reason = why_restart(child, error)
        if child.incarnation == number and reason is not None:
            self._down[child] = reason
        if self._rising is not None and child.incarnation == number:
            self._rising.ended(child, error)
        if self._notices is not None:
            self._notices.send_nowait((child, number, error, trio.current_time()))

    async def _serve(self, notices: _Notices) -> None:
        assert self._work is not None
        async for child, number, error, since in notices:
            if child.incarnation != number:
                continue  # something newer was done to it since
            reason = why_restart(child, error)
            if reason is None:
                self._let_go(child)
                continue
            revive = self._revive_group if self._together else self._revive
            self._work.start_soon(revive, child, number, reason, since)

    async def _revive(self, child: Child, number: int, error: Exception, since: float) -> None:
        specification = self.specification
        async with self._operations.alone(child.name, interruptible=True):
            while child.incarnation == number:
                now = trio.current_time()
                recent = child.window.record(now)
                if specification.past_intensity is PastIntensity.QUARANTINE:
                    if recent > specification.intensity:
                        await self._quarantine(child, error)
                        return
                elif self._window.record(now) > specification.intensity:
                    self._escalate(child, error)
                    return
                await child.stop()
                await self._pause(recent)
                try:
                    await self._start(child, since)
                except StartFailedError as failure:
                    error, number = failure, child.incarnation
                else:
                    return

    async def _revive_group(self, child: Child, number: int, error: Exception, since: float) -> None:
        async with self._operations.alone(child.name, interruptible=False):
            if child.incarnation != number:
                return
            failed: Child | None = child
            while failed is not None:
                recent = self._window.record(trio.current_time())
                if recent > self.specification.intensity:
                    self._escalate(failed, error)
                    return
                group = self._moved_with(failed)
                for member in reversed(group):
                    await self._halt(member)
                await self._pause(recent)
                for member in group:
                    if member.restart is Restart.TEMPORARY:
                        self._let_go(member)
                failed = None
                fallen = await self._raise([one for one in group if one.restart is not Restart.TEMPORARY], since)
                if fallen is not None:
                    failed, error = fallen

    def _moved_with(self, child: Child) -> list[Child]:
        everyone = list(self._children.values())
        if self.specification.strategy is Strategy.REST_FOR_ONE:
            return everyone[everyone.index(child) :]
        return everyone

    async def _pause(self, recent: int) -> None:
        delay = self.specification.backoff.delay(recent, self._system.environment.random)
        if delay > 0:
            await trio.sleep(delay)

    def _escalate(self, child: Child, error: Exception) -> None:
        self._failure = SupervisorEscalated(self.name, child.name, error)
        self._failure.__cause__ = error
        self._serving.cancel()

    async def _quarantine(self, child: Child, error: Exception) -> None:
        child.quarantined = True
        await child.stop()
        text = describe_error(error)
        child.retire(ActorState.QUARANTINED, f"the actor is quarantined: {text}")
        self._system.on_event(ActorQuarantined(actor=child.name, restarts=child.restarts, error=text))

    # stopping

    async def _halt(self, child: Child) -> None:
        child.incarnation += 1
        alive = child.alive
        await child.stop()
        if alive:
            self._system.on_event(ActorStopped(actor=child.name))

    def _let_go(self, child: Child) -> None:
        child.retire(ActorState.STOPPED, "the actor has stopped and is not restarted")
        if child.restart is Restart.TEMPORARY:
            self._children.pop(child.name, None)

    # what is asked of it

    async def _add(self, child: ActorChild, patient: bool) -> None:
        async with self._operations.alone(child.name, interruptible=True):
            try:
                await self._start(child, trio.current_time())
            except StartFailedError as error:
                if not patient:
                    self._discard(child)
                    raise
                self._ended(child, child.incarnation, error)

    async def _remove(self, child: Child) -> None:
        self._operations.interrupt(child.name)
        async with self._operations.alone(child.name, interruptible=False):
            if self._children.get(child.name) is child:
                await self._halt(child)
                self._discard(child)

    async def _renew(self, child: Child) -> None:
        self._operations.interrupt(child.name)
        async with self._operations.alone(child.name, interruptible=False):
            if self._children.get(child.name) is not child:
                raise KeyError(child.name)
            since = trio.current_time()
            await self._halt(child)
            child.quarantined = False
            child.window.clear()
            if isinstance(child, ActorChild):
                child.address.reopen()
            try:
                await self._start(child, since)
            except StartFailedError as error:
                self._ended(child, child.incarnation, error)
                raise

    def _discard(self, child: Child) -> None:
        child.retire(ActorState.STOPPED, "the actor was stopped for good")
        del self._children[child.name]

    def _in_turn(self, function: Callable[..., Awaitable[None]], *args: Any) -> ReplyFuture[None]:
        """Run `function` among the supervisor's own tasks, so that it ends with them; the future has its outcome."""
        if self._work is None:
            raise SupervisorStoppedError(f"supervisor {self.name} does not run")
        future: ReplyFuture[None] = ReplyFuture()
        # not in the caller's context: that may be an asyncio callback's
        self._context.copy().run(self._work.start_soon, answer, future, function, args)
        return future
