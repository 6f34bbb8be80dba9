"""Start, crash and stop of an incarnation of an actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import trio
from attrs import define
from pykka import ActorDeadError
from pykka._envelope import Envelope

from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.deadletters import describe_error, describe_message, describe_traceback
from actors.runtime.future import ReplyFuture
from actors.runtime.items import Own
from actors.runtime.mailbox import Gate
from actors.runtime.status import ActorState
from messages.lifecycle import ActorCrashed

if TYPE_CHECKING:
    from actors.runtime.address import Address, Watcher
    from actors.runtime.system import System
    from messages.lifecycle import ActorEvent

__all__ = ["ActorFactory", "EndedUnansweredError", "LifeCycle", "NotReadyError", "StartFailedError", "StopTimeoutError"]

ActorFactory: TypeAlias = Callable[[ActorContext], RunQueueActor]

# seconds that cancelled tasks get to end before they are abandoned
_GRACE = 1.0


class EndedUnansweredError(ActorDeadError):
    """The actor had been asked when it ended; whether it has done what it was asked nobody knows."""


class StartFailedError(Exception):
    """An actor could not be started. The cause is what it raised."""


class NotReadyError(Exception):
    """An actor did not get ready in time."""


class StopTimeoutError(Exception):
    """An actor did not stop in time. What it still ran was cancelled, or abandoned if it does not heed that."""


@define(slots=True, eq=False)
class _Start:
    """A start that waits for `prepare` or for readiness."""

    scope: trio.CancelScope
    failure: Exception | None = None


@define(slots=True, eq=False)
class _Stop:
    """A stop that was ordered by a supervisor, or begun by the actor itself."""

    ordered: bool
    ended: ReplyFuture[None]
    finish: trio.CancelScope
    begun: bool = False
    error: Exception | None = None


class LifeCycle:
    """What happens to actors between their messages. Used by `System` and by the actors themselves."""

    def __init__(self, system: System, on_event: Callable[[ActorEvent], None]) -> None:
        self._system = system
        self._on_event = on_event
        self._starts: dict[RunQueueActor, _Start] = {}
        self._stops: dict[RunQueueActor, _Stop] = {}
        # address → its crashed incarnation, while tasks of that one have not ended
        self._remains: dict[Address, RunQueueActor] = {}
        self.abandoned: list[str] = []  # tasks that ended with their actor but do not heed it

    async def start(self, address: Address, factory: ActorFactory, timeout: float, watcher: Watcher | None) -> None:
        """Start an incarnation; return when its mailbox is open and it is ready, which may take `timeout` seconds.

        Raises StartFailedError; the address is then RESTARTING and keeps its messages.
        """
        if address.actor is not None:
            raise StartFailedError(f"{address.name} runs already")
        if not self._system.dispatcher.running:
            raise StartFailedError(f"{address.name} needs a running dispatcher")
        address.suspend()
        address.enter(ActorState.STARTING)
        address.watcher = watcher
        actor: RunQueueActor | None = None
        try:
            actor = address.actor = factory(ActorContext(self._system, address))
            await self._bring_up(actor, timeout)
        except Exception as error:
            if actor is None:
                self._report(address, None, error)
            elif address.actor is actor:
                self._tear_down(actor, None, error)
            address.enter(ActorState.RESTARTING)
            raise StartFailedError(f"{address.name} did not start: {describe_error(error)}") from error
        except BaseException:
            if actor is not None and address.actor is actor:
                self._end(actor)
            address.enter(ActorState.RESTARTING)
            raise
        address.enter(ActorState.RUNNING)

    def crash(self, actor: RunQueueActor, item: Any, error: Exception) -> None:
        """End `actor`, which raised `error` while it handled `item` (None outside a handler), and tell its supervisor.

        pykka's `on_failure` is called; what that raises is noted with the error.
        """
        address = actor.address
        if address.actor is not actor:
            return  # what a cancelled task of an incarnation that is gone raises, breaks nothing any more
        stop = self._stops.get(actor)
        if stop is not None and stop.begun:
            stop.error = stop.error or error
            stop.finish.cancel()
            return
        start = self._starts.get(actor)
        if start is not None:
            start.failure = error  # whoever starts it hears of it there
        self._tear_down(actor, item, error)
        if start is not None or stop is not None:
            return
        if address.watcher is not None:
            address.watcher(address, error)
        else:
            self.retire(
                address, ActorState.STOPPED, f"the actor crashed and nobody restarts it: {describe_error(error)}"
            )

    def begin_stop(self, actor: RunQueueActor) -> ReplyFuture[None]:
        """Stop `actor` now, whatever waits in its mailbox; the future settles once its tasks have ended too."""
        stop = self._stops.get(actor)
        if stop is None:
            stop = self._stops[actor] = _Stop(False, ReplyFuture(), trio.CancelScope())
        if stop.begun:
            return stop.ended
        stop.begun = True
        address = actor.address
        actor.actor_stopped.set()
        address.suspend()
        address.enter(ActorState.STOPPING)
        try:
            actor.on_stop()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is reported, and the stop goes on
            stop.error = error
        if type(actor).finish is RunQueueActor.finish and not actor._tasks:
            self._stopped(actor, stop)
        else:
            self._system.dispatcher.start_task(self._wind_down, actor, stop, name=f"{address.name}: stop")
        return stop.ended

    async def stop(self, address: Address, timeout: float) -> None:
        """Have the actor handle what waits now and stop, within `timeout` seconds; 0 kills it, without `on_stop`.

        What it still runs then is cancelled, and abandoned if it does not heed that. Where there is no actor nothing
        happens. The address keeps its messages, in state RESTARTING; `retire` makes an end.
        """
        actor = address.actor
        if actor is None or timeout <= 0 or not self._system.dispatcher.running:
            if actor is not None:
                self._end(actor)
            await self.clear_remains(address, max(timeout, _GRACE))
        else:
            stop = self._stops.get(actor)
            if stop is None:
                stop = self._stops[actor] = _Stop(True, ReplyFuture(), trio.CancelScope())
                actor.stop()
            stop.ordered = True
            with trio.move_on_after(timeout) as limit:
                await stop.ended
            if limit.cancelled_caught:
                await self._force(actor, stop, timeout)
            elif trio.current_time() > limit.deadline:
                # a handler or on_stop cannot be interrupted, and nothing else ran meanwhile
                late = trio.current_time() - limit.deadline + timeout
                self._report(address, None, StopTimeoutError(f"took {late:.1f} s to stop, not {timeout:g} s"))
            await self.clear_remains(address, 0.0 if limit.cancelled_caught else timeout)
        if address.gate is not Gate.CLOSED and address.state is not ActorState.NEW:
            address.enter(ActorState.RESTARTING)

    def retire(self, address: Address, state: ActorState, reason: str) -> None:
        """Let no actor come back: what waits and what will be told are dead letters."""
        address.watcher = None
        address.close(reason)
        address.enter(state)

    async def clear_remains(self, address: Address, timeout: float) -> None:
        """Wait until the tasks of the incarnation that crashed have ended; abandon them after `timeout` seconds."""
        actor = self._remains.get(address)
        if actor is None:
            return
        if actor._tasks and self._system.dispatcher.running:
            with trio.move_on_after(timeout):
                await actor._tasks.ended()
        if self._remains.get(address) is actor:
            del self._remains[address]
            self._abandon(actor)

    def end_all(self, addresses: list[Address]) -> None:
        """Make an end of everything at once: the dispatcher has ended."""
        for address in addresses:
            if address.actor is not None:
                self._end(address.actor)
        for address in addresses:
            if address.state is not ActorState.QUARANTINED:
                self.retire(address, ActorState.STOPPED, "the process ends")

    async def _bring_up(self, actor: RunQueueActor, timeout: float) -> None:
        if actor.address is not actor.system.address(actor.address.name):
            raise ValueError(f"{type(actor).__name__} was made with another actor's context")
        actor.on_start()
        prepares = type(actor).prepare is not RunQueueActor.prepare
        if not prepares and actor._ready:
            actor.address.open(actor)
            return
        start = self._starts[actor] = _Start(trio.CancelScope())
        try:
            with trio.move_on_after(timeout) as limit, start.scope:
                if prepares:
                    await actor.prepare()
                if start.failure is None:
                    actor.address.open(actor)
                    await actor.wait_ready()
        finally:
            del self._starts[actor]
        if start.failure is not None:
            raise start.failure
        if limit.cancelled_caught:
            raise NotReadyError(f"not ready within {timeout:g} s")

    def _tear_down(self, actor: RunQueueActor, item: Any, error: Exception) -> None:
        address = actor.address
        if item is not None and not (actor.repeats(item) and address.put_back(item)):
            self._system.dead_letters.record(address.name, _content(item), describe_error(error))
        try:
            actor.on_failure(type(error), error, error.__traceback__)
        except Exception as second:  # noqa: BLE001  # the first error is the one that counts
            error.add_note(f"on_failure raised {describe_error(second)}")
        self._report(address, item, error)
        self._end(actor)
        address.enter(ActorState.RESTARTING)

    def _end(self, actor: RunQueueActor) -> None:
        """Cut `actor` off from its address. Its tasks are cancelled and may take a moment."""
        address = actor.address
        address.actor = None
        address.suspend()
        address.drop_stops()
        actor.actor_stopped.set()
        if actor._tasks is not None:
            actor._tasks.cancel()
            if actor._tasks:
                self._remains[address] = actor
        actor.break_promises(EndedUnansweredError(f"{actor} ended before it answered"))
        start = self._starts.get(actor)
        if start is not None:
            start.failure = start.failure or ActorDeadError(f"{actor} stopped before it was ready")
            start.scope.cancel()
        stop = self._stops.pop(actor, None)
        if stop is not None:
            stop.ended.set(None)

    async def _wind_down(self, actor: RunQueueActor, stop: _Stop) -> None:
        try:
            with stop.finish:
                await actor.finish()
        except Exception as error:  # noqa: BLE001  # as in begin_stop
            stop.error = stop.error or error
        if actor._tasks is not None:
            actor._tasks.cancel()
            await actor._tasks.ended()
        if actor.address.actor is actor:
            self._stopped(actor, stop)

    def _stopped(self, actor: RunQueueActor, stop: _Stop) -> None:
        address = actor.address
        if stop.error is not None:
            self._report(address, None, stop.error)
        start = self._starts.get(actor)
        self._end(actor)
        address.enter(ActorState.RESTARTING)
        if stop.ordered or start is not None:
            return
        if address.watcher is not None:
            address.watcher(address, stop.error)
        else:
            self.retire(address, ActorState.STOPPED, "the actor stopped")

    async def _force(self, actor: RunQueueActor, stop: _Stop, timeout: float) -> None:
        address = actor.address
        stop.error = stop.error or StopTimeoutError(f"{address.name} did not stop within {timeout:g} s")
        stop.finish.cancel()
        if not stop.begun:
            # its mailbox was too full, or it was never its turn
            self.begin_stop(actor)
        if actor._tasks is not None:
            actor._tasks.cancel()
        with trio.move_on_after(_GRACE):
            await stop.ended
        if address.actor is actor:
            self._report(address, None, stop.error)
            self._end(actor)
            if not actor._tasks:
                self.abandoned.append(f"{address.name}: finish")

    def _abandon(self, actor: RunQueueActor) -> None:
        if actor._tasks:
            names = actor._tasks.names
            self.abandoned.extend(names)
            error = StopTimeoutError(f"abandoned, for they do not heed cancellation: {', '.join(names)}")
            self._report(actor.address, None, error)

    def _report(self, address: Address, item: Any, error: Exception) -> None:
        address.last_error = describe_error(error)
        self._on_event(
            ActorCrashed(
                actor=address.name,
                message="" if item is None else describe_message(_content(item)),
                error=address.last_error,
                traceback=describe_traceback(error),
            )
        )


def _content(item: Any) -> Any:
    return item.message if item.__class__ in (Envelope, Own) else item
