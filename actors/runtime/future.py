"""The answer to an `ask`: a pykka future that a trio task can await.

pykka's own `Future.__await__` yields once and then blocks its thread, which here would be the only one there is.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, TypeAlias, TypeVar, cast

import pykka
import trio

__all__ = ["BlockingGetError", "ReplyFuture"]

T = TypeVar("T")

ExcInfo: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

# one for all futures: it is held for a few bytecodes, and a lock each would cost every ask its memory
_lock = threading.Lock()


class BlockingGetError(RuntimeError):
    """Raised by `get()` where waiting would hang the process: on trio's thread, while the answer is not there yet."""

    def __init__(self, future: ReplyFuture[Any]) -> None:
        """`future` is the one without an answer; it differs from the one asked when that was made with `map`."""
        super().__init__(
            "the answer is not there yet, and get() on trio's thread would wait for ever: "
            "write `await future` in a task; a handler is told its answer by a message of its own"
        )
        self.future = future


class ReplyFuture(pykka.Future[T]):
    """A value, or an exception, that will be there later.

    `await future` from any trio task, under any trio time-out; a cancelled waiter leaves the future as it was.
    `get(timeout=…)` from other threads, and anywhere once the answer is there. `map`, `filter`, `reduce` and `join`
    give futures that can be awaited like this one. Safe to set from any thread, once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._value: Any = None
        self._error: BaseException | None = None
        self._error_traceback: TracebackType | None = None
        self._settled = False
        self._watchers: list[Callable[[], object]] = []

    @property
    def settled(self) -> bool:
        """Whether a value or an exception was set."""
        return self._settled

    def get(self, *, timeout: float | None = None) -> T:
        """Return the value or raise the exception.

        Where the answer is not there yet: raises BlockingGetError on trio's thread; elsewhere waits, and raises
        pykka.Timeout after `timeout` seconds.
        """
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._settled:
            if trio.lowlevel.in_trio_run():
                raise BlockingGetError(self)
            arrived = threading.Event()
            if self.when_settled(arrived.set) and not arrived.wait(timeout):
                self._forget(arrived.set)
                raise pykka.Timeout(f"{timeout} seconds")
        if self._error is not None:
            raise self._error.with_traceback(self._error_traceback)
        return cast("T", self._value)

    def set(self, value: T | None = None) -> None:
        """Set the value. Raises queue.Full (pykka's choice) when there is one already."""
        self._settle(value, None, None)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Set an exception, the one being handled unless `exc_info` is given. Raises queue.Full like `set`."""
        kind, error, traceback = sys.exc_info() if exc_info is None else exc_info
        if error is None:
            if kind is None:
                raise ValueError("there is no exception to set")
            error = kind()
        self._settle(None, error, traceback)

    def fail(self, error: BaseException) -> None:
        """Set `error`, which was not raised yet."""
        self._settle(None, error, None)

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Make `func(timeout)` produce the value. Raises queue.Full when there is one already."""
        if self._settled:
            raise queue.Full
        super().set_get_hook(func)

    def when_settled(self, watcher: Callable[[], object]) -> bool:
        """Call `watcher` once the answer is set, in the thread that sets it; return False, without calling it, when
        the answer is already there. It must neither block nor raise."""
        with _lock:
            if self._settled:
                return False
            self._watchers.append(watcher)
            return True

    def pass_on(self, to: pykka.Future[Any]) -> None:
        """Give this future's answer to `to` as well, when it comes."""

        def transfer() -> None:
            if self._error is not None:
                to.set_exception((type(self._error), self._error, self._error_traceback))
            else:
                to.set(self._value)

        if not self.when_settled(transfer):
            transfer()

    def __await__(self) -> Generator[Any, None, T]:
        return self._answer().__await__()

    __iter__ = None  # type: ignore[assignment]  # pykka's makes `list(future)` block

    async def _answer(self) -> T:
        if not trio.lowlevel.in_trio_task():
            raise RuntimeError(
                "a reply future is awaited in a trio task; from asyncio code use trio_asyncio.trio_as_aio"
            )
        await trio.lowlevel.checkpoint_if_cancelled()
        waited = False
        while True:
            try:
                value = self.get()
            except BlockingGetError as blocked:
                # of a mapped or joined future this is the one below that has no answer yet
                pending = blocked.future
            else:
                if not waited:
                    await trio.lowlevel.cancel_shielded_checkpoint()
                return value
            waited = True
            await pending._arrival()

    async def _arrival(self) -> None:
        task = trio.lowlevel.current_task()
        token = trio.lowlevel.current_trio_token()
        waiting = True

        def wake() -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                trio.lowlevel.reschedule(task)

        def watcher() -> None:
            if trio.lowlevel.in_trio_run() and trio.lowlevel.current_trio_token() is token:
                wake()
                return
            try:
                token.run_sync_soon(wake)
            except trio.RunFinishedError:
                # the run that waited is over, and its task with it
                return

        def abort(_: object) -> trio.lowlevel.Abort:
            nonlocal waiting
            waiting = False
            self._forget(watcher)
            return trio.lowlevel.Abort.SUCCEEDED

        if self.when_settled(watcher):
            await trio.lowlevel.wait_task_rescheduled(abort)

    def _forget(self, watcher: Callable[[], object]) -> None:
        with _lock:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

    def _settle(self, value: T | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        with _lock:
            if self._settled or self._get_hook is not None:
                raise queue.Full
            self._value = value
            self._error = error
            self._error_traceback = traceback
            self._settled = True
            watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher()
