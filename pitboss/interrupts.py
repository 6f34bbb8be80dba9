"""Ctrl-C while a system is open."""

from __future__ import annotations

import signal
from types import FrameType

import trio

__all__ = ["Interrupts"]


class Interrupts:
    """Turns the first Ctrl-C into the cancellation of a scope, so that the system can stop in order.

    Trio raises KeyboardInterrupt in whatever task runs just then; that could be one of the system's own. A second
    Ctrl-C does just that. A program that handles SIGINT itself, or opens the system in another thread, is left alone.
    """

    def __init__(self) -> None:
        """Change nothing yet."""
        self.came = False
        self._scope: trio.CancelScope | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._before = signal.default_int_handler

    def watch(self, scope: trio.CancelScope) -> None:
        """From now on cancel this scope."""
        self._scope = scope
        if self.came:
            scope.cancel()
        handler = signal.getsignal(signal.SIGINT)
        if self._token is None and callable(handler) and getattr(handler, "__module__", "") == "trio._core._ki":
            self._before, self._token = handler, trio.lowlevel.current_trio_token()
            signal.signal(signal.SIGINT, self._on_signal)

    def close(self) -> None:
        """Give the signal back."""
        if self._token is not None and signal.getsignal(signal.SIGINT) == self._on_signal:
            signal.signal(signal.SIGINT, self._before)
        self._token = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.came or self._token is None:
            self._before(number, frame)
        self.came = True
        if self._token is not None:
            self._token.run_sync_soon(self._cancel)

    def _cancel(self) -> None:
        if self._scope is not None:
            self._scope.cancel()
