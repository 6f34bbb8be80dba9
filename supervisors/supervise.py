"""A whole tree with its actor system, from start to orderly end."""

from __future__ import annotations

import trio

from actors.runtime.lifecycle import StartFailedError
from actors.runtime.system import System
from supervisors.child import SupervisorEscalated
from supervisors.supervisor import Supervisor

__all__ = ["supervise"]


async def supervise(
    system: System, root: Supervisor, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Run `system` and the tree below `root` until cancelled; then stop the tree in order, and last the system.

    Started once all children are ready. Raises StartFailedError when a child does not start the first time,
    SupervisorEscalated when the root gives up (a safe halt: everything is stopped by then), and what is not an
    Exception out of a handler (KeyboardInterrupt, SystemExit) as it is.
    """
    failure: BaseException | None = None
    # each is cancelled on its own: actors must run until the tree has stopped
    runtime = trio.CancelScope(shield=True)
    tree = trio.CancelScope()

    async def run_system(*, task_status: trio.TaskStatus[None]) -> None:
        nonlocal failure
        with runtime:
            try:
                await system.run(task_status=task_status)
            except BaseException as error:
                if runtime.cancel_called:
                    raise
                failure = error  # raised below, once the tree is down
                tree.cancel()

    async with trio.open_nursery() as nursery:
        await nursery.start(run_system)
        try:
            with tree:
                await root.run(on_started=task_status.started)
        except (SupervisorEscalated, StartFailedError) as error:
            failure = failure or error
        finally:
            root.retire()
            runtime.cancel()
    if failure is not None:
        raise failure
