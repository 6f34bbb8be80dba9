"""The trio tasks that an actor owns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from actors.runtime.dispatcher import Dispatcher

__all__ = ["OwnedTasks"]


class OwnedTasks:
    """Tasks that end with their owner, and whose failure is the owner's.

    They run beside each other in the dispatcher's nursery, each in a cancel scope of its own: an actor without tasks
    costs nothing.
    """

    __slots__ = ("_closed", "_dispatcher", "_empty", "_on_failure", "_scopes")

    def __init__(self, dispatcher: Dispatcher, on_failure: Callable[[Exception], None]) -> None:
        self._dispatcher = dispatcher
        self._on_failure = on_failure
        # name and scope of each, in the order in which they were started
        self._scopes: dict[trio.CancelScope, str] = {}
        self._empty: trio.Event | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._scopes)

    @property
    def names(self) -> list[str]:
        """Those that still run."""
        return list(self._scopes.values())

    def spawn(self, function: Callable[..., Awaitable[Any]], *args: Any, name: str) -> trio.CancelScope:
        """Start a task; cancel it alone through the scope that is returned. Raises DispatcherEndedError."""
        scope = trio.CancelScope()
        if self._closed:
            scope.cancel()
            return scope
        self._dispatcher.start_task(self._run, scope, function, args, name=name)
        self._scopes[scope] = name
        return scope

    def cancel(self) -> None:
        """Cancel all of them; what is spawned later does not run at all."""
        self._closed = True
        for scope in list(self._scopes):
            scope.cancel()

    async def ended(self) -> None:
        """Wait until none runs."""
        if self._scopes:
            if self._empty is None:
                self._empty = trio.Event()
            await self._empty.wait()

    async def _run(
        self, scope: trio.CancelScope, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]
    ) -> None:
        try:
            with scope:
                await function(*args)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the owner's crash
            self._on_failure(error)
        finally:
            del self._scopes[scope]
            if not self._scopes and self._empty is not None:
                self._empty.set()
                self._empty = None
