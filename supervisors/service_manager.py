"""What systemd is told where it runs the process (sd_notify(3)): that it has started, and each time that it lives.

A process that is frozen, by a bug or by its machine, no longer says so, and is started anew.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping

import trio

__all__ = ["ServiceManager"]

_LOGGER = logging.getLogger("systemd")


class ServiceManager:
    """The other end of NOTIFY_SOCKET; where there is none nothing is told."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Look at NOTIFY_SOCKET, and for how often to say that it lives at WATCHDOG_USEC."""
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        patience = environ.get("WATCHDOG_USEC", "")
        self._seconds = int(patience) / 1e6 / 3 if self._address and patience.isdigit() else 0.0
        self._failed = False

    def started(self) -> None:
        """Say that everything has been started."""
        self._tell("READY=1")

    async def keep_alive(self, state: Callable[[], str]) -> None:
        """Say that it lives, and how it is, until cancelled. Nothing is said while anything holds the thread."""
        while self._seconds:
            await trio.sleep(self._seconds)
            self._tell(f"WATCHDOG=1\nSTATUS={state()}")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as told:
                told.sendto(text.encode(), self._address)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                _LOGGER.warning("the service manager cannot be told: %s", error)
