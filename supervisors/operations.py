"""One thing at a time is done to a child."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from attrs import define, field

from actors.runtime.future import ReplyFuture

__all__ = ["Operation", "Operations", "SupervisorStoppedError", "answer"]


class SupervisorStoppedError(RuntimeError):
    """The supervisor does not run, so it can do nothing for its children."""


@define(slots=True, eq=False)
class Operation:
    """Something a supervisor is doing to a child, or to all; nothing else is done to it meanwhile."""

    interruptible: bool  # a restart gives way to a stop
    scope: trio.CancelScope = field(factory=trio.CancelScope)
    done: trio.Event = field(factory=trio.Event)


class Operations:
    """What is being done to which child; where all move together, to all of them at once."""

    def __init__(self, together: bool) -> None:
        self._together = together
        # child → what is being done to it; under "" where it is done to all
        self._under_way: dict[str, Operation] = {}

    def interrupt(self, name: str) -> None:
        """Make room for a stop: a start or restart of this child is given up."""
        operation = self._under_way.get(self._key(name))
        if operation is not None and operation.interruptible:
            operation.scope.cancel()

    @asynccontextmanager
    async def alone(self, name: str, *, interruptible: bool) -> AsyncIterator[None]:
        """Wait until nothing is being done to the child, and keep others away meanwhile."""
        key = self._key(name)
        while key in self._under_way:
            await self._under_way[key].done.wait()
        operation = self._under_way[key] = Operation(interruptible)
        try:
            with operation.scope:
                yield
        finally:
            del self._under_way[key]
            operation.done.set()

    def _key(self, name: str) -> str:
        return "" if self._together else name


async def answer(future: ReplyFuture[None], function: Callable[..., Awaitable[None]], args: tuple[Any, ...]) -> None:
    """Run `function`, and give its outcome to who waits for `future`."""
    try:
        await function(*args)
    except Exception as error:  # noqa: BLE001  # it is the caller's
        future.fail(error)
    except BaseException:
        future.fail(SupervisorStoppedError("the supervisor stopped meanwhile"))
        raise
    else:
        future.set(None)
