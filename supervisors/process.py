"""The supervisor process: the actor system, the tree in it and the control socket, from start to orderly stop."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import trio

from actors.bus import EventBus
from actors.runtime.status import ActorState
from actors.runtime.system import System
from config.environment import Environment
from config.logging import log
from config.settings import Settings
from messages.journal import Append, Entry
from messages.lifecycle import ProcessStarted, ProcessStopped
from supervisors.commands import Commands
from supervisors.control import serve_control
from supervisors.lifecycle_log import LifecycleLog
from supervisors.process_state import ProcessState
from supervisors.pulse import Pulse
from supervisors.supervise import supervise
from supervisors.supervisor import Supervisor

__all__ = ["Process", "TreeBuilder"]

TreeBuilder = Callable[[Settings, System, EventBus], Supervisor]


class Process:
    """One Pitboss. `run` lasts until `stop`, and raises what kept the tree from starting or from going on.

    Nothing here is bound to a machine: under a virtual clock it runs the same, with a tree over a simulated disk and
    network and without a control socket.
    """

    def __init__(self, settings: Settings, environment: Environment, tree: TreeBuilder, *, process_id: int = 0) -> None:
        """`tree` makes the root supervisor; `process_id` is what the journal will say who wrote it."""
        self.settings = settings
        self.environment = environment
        self.bus = EventBus()
        lifecycle = LifecycleLog(self.bus)
        self.system = System(environment, on_event=lifecycle)
        lifecycle.attach(self.system)
        self.state = ProcessState(
            environment, self.bus, lambda name: self.system.address(name).state is ActorState.RUNNING
        )
        self.root = tree(settings, self.system, self.bus)
        self.pulse = Pulse(settings, self.system, self.state, process_id)
        self.commands = Commands(self.system, self.state)
        self._process_id = process_id
        self._serving = trio.CancelScope()
        self._stop_reason = ""

    def stop(self, reason: str) -> None:
        """Begin the orderly stop; a second call changes nothing."""
        if self._stop_reason:
            return
        self._stop_reason = reason
        log("system.stopping", reason=reason)
        self.state.stopping(reason)
        self.pulse.snapshot()
        self._journal(ProcessStopped(reason))
        self._serving.cancel()

    async def run(self, *, control: Path | None = None, on_started: Callable[[], object] | None = None) -> None:
        """Start everything, call `on_started` when all of it runs, and keep it running until `stop`.

        `control` is where the control socket is made. Raises actors.lifecycle.StartFailedError and
        supervisors.child.SupervisorEscalated, after everything has stopped.
        """
        settings = self.settings
        log("system.starting", name=settings.process.name, version=version("pitboss"), mode=settings.broker.mode)
        async with trio.open_nursery() as around:
            if control is not None:
                await around.start(serve_control, control, self.commands.answer)
            with self._serving:
                async with trio.open_nursery() as nursery:
                    await nursery.start(supervise, self.system, self.root)
                    self._journal(ProcessStarted(version("pitboss"), self._process_id))
                    log("system.started", actors=len(self.system.addresses()))
                    self.state.started()
                    nursery.start_soon(self.pulse.run)
                    if on_started is not None:
                        on_started()
            around.cancel_scope.cancel()
        log("system.stopped")

    def write_states(self) -> None:
        """Write every actor's state and mailbox to the log."""
        for status in self.system.snapshot():
            log(
                "system.state",
                address=status.address,
                state=str(status.state),
                restarts=status.restarts,
                mailbox=status.mailbox,
                oldest_seconds=round(status.oldest_seconds, 3),
                dropped_ticks=status.dropped_ticks,
                error=status.error,
                inside=self.system.describe(status.address),
            )

    def _journal(self, payload: ProcessStarted | ProcessStopped) -> None:
        self.system.address("journal").tell(Append((Entry("process", payload),)))
