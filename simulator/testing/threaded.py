"""A paper TWS in a thread of its own, for tests that are plain functions.

The test may run any client in any loop, or none: ib_insync in its own, ibapi with its thread. Each method is carried
out in the thread of the paper TWS and returns when that has done it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar

import trio

from config.environment import machine
from simulator.app import Serving, SimulatorSettings, serve
from simulator.testing.loops import keep_plain_loops
from simulator.testing.paper import Paper, Question
from simulator.testing.unwrapping import unwrapped
from simulator.testing.watch import Watch

__all__ = ["ThreadedPaper"]

T = TypeVar("T")
_PATIENCE = 10.0  # seconds until a call that does not return is taken for a bug


class _Host:
    """The thread: a trio run that serves, and is asked from outside."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._ready: Future[tuple[Serving, Watch]] = Future()
        self._ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="paper TWS", daemon=True)

    def start(self) -> Serving:
        """Return when clients can connect. Raises ValueError and OSError as `serve` does."""
        self._thread.start()
        serving, self._watch = self._ready.result(_PATIENCE)
        return serving

    def call(self, what: Callable[[], T], /) -> T:
        """Call something in the thread."""
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(what())
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                answer.set_exception(error)

        try:
            self._token.run_sync_soon(ask)
        except trio.RunFinishedError:
            self.raise_its_end()
            raise
        return answer.result(_PATIENCE)

    def wait(self, question: Question, seconds: float) -> None:
        """Return when the books answer yes. Raises TimeoutError, and what the question raises."""
        answer: Future[None] = Future()

        async def watch() -> None:
            try:
                with trio.fail_after(seconds):
                    await self._watch.until(question)
                answer.set_result(None)
            except trio.TooSlowError:
                answer.set_exception(TimeoutError(f"the books did not answer yes within {seconds:g} s"))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                answer.set_exception(error)

        self.call(partial(self._nursery.start_soon, watch))
        answer.result(seconds + _PATIENCE)

    def stop(self) -> None:
        """End it, and wait for that. Raises what it broke on, if it did."""
        if self._thread.is_alive():
            with suppress(trio.RunFinishedError):  # it has ended by itself; why is raised below
                self._token.run_sync_soon(self._nursery.cancel_scope.cancel)
            self._thread.join(_PATIENCE)
        self.raise_its_end()

    def raise_its_end(self) -> None:
        """Raise what the run ended with, if it has ended badly."""
        if self._ended.done():
            self._ended.result()

    def _run(self) -> None:
        try:
            with unwrapped():
                trio.run(self._serve)
            self._ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - it belongs to the test, which is in another thread
            if self._ready.done():
                self._ended.set_exception(error)
            else:
                self._ended.set_result(None)
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as self._nursery:
            serving: Serving = await self._nursery.start(serve, self._settings, machine(self._settings.seed))
            self._ready.set_result((serving, Watch(serving.broker.venue)))


class ThreadedPaper(Paper):
    """A paper TWS in a thread of its own."""

    def __init__(self, settings: SimulatorSettings) -> None:
        """Start it. Raises ValueError and OSError as `simulator.app.serve` does."""
        keep_plain_loops()
        self._host = _Host(settings)
        serving = self._host.start()
        super().__init__(serving.broker, serving.host, serving.port, self._host.call)

    def wait(self, question: Question, seconds: float = 5.0) -> None:
        """Wait until the books answer yes: `paper.wait(lambda book: book.position("AAPL") == 100)`.

        The calling thread stands still meanwhile, and so does a client whose loop runs in it; the client's own means
        of waiting, or a round trip, serve there. Raises TimeoutError.
        """
        self._host.wait(question, seconds)

    def close(self) -> None:
        """End every link and the thread. Raises what the paper TWS broke on, if it did."""
        self._host.stop()
