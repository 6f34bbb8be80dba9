"""A connection without a socket: ib_insync's `Connection`, on whatever carries bytes within the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from eventkit import Event

__all__ = ["Dial", "Line", "MemoryConnection"]


class Line(Protocol):
    """The client's end of a link in memory. Nothing that it does calls back from within the call."""

    def send(self, data: bytes) -> None:
        """Send bytes to the server."""

    def disconnect(self) -> None:
        """End the link; what was sent before still arrives."""

    def abort(self) -> None:
        """Reset the link; what is on its way is lost."""


# (on_data, on_lost) → line. Raises OSError where nobody listens; `on_lost` gets '' for an orderly end.
Dial: TypeAlias = Callable[[Callable[[bytes], object], Callable[[str], object]], Line]


class MemoryConnection:
    """Twin of SocketConnection, for a broker in the same trio run and so in virtual time."""

    def __init__(self, dial: Dial) -> None:
        self.hasData = Event("hasData")
        self.disconnected = Event("disconnected")
        self._dial = dial
        self._line: Line | None = None
        self.reset()

    def reset(self) -> None:
        """Count from zero again."""
        self.numBytesSent = 0
        self.numMsgSent = 0

    async def connectAsync(self, host: str, port: int) -> None:
        """Connect; host and port name nothing here. Raises OSError."""
        self._line = self._dial(self.hasData.emit, self._lost)

    def isConnected(self) -> bool:
        """Whether there is a link."""
        return self._line is not None

    def sendMsg(self, msg: bytes) -> None:
        """Send bytes."""
        if self._line is not None:
            self._line.send(msg)
            self.numBytesSent += len(msg)
            self.numMsgSent += 1

    def disconnect(self) -> None:
        """End the link in order; `disconnected` follows."""
        if self._line is not None:
            self._line.disconnect()

    def abort(self) -> None:
        """End the link at once; `disconnected` follows."""
        if self._line is not None:
            self._line.abort()

    def _lost(self, reason: str) -> None:
        self._line = None
        self.disconnected.emit(reason)
