"""The process's end of its link to the paper TWS: each write is a point, each byte is in the transcript."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from struct import Struct

import trio

from simulator.memory import MemoryLink

__all__ = ["Line", "Transcript"]

Fields = list[str]

# most of what comes in, and what nobody listens for: ticks, values of the account
_UNHEARD = frozenset((b"1\0", b"2\0", b"6\0", b"7\0", b"8\0", b"45\0", b"46\0", b"94\0"))
_LENGTH = Struct(">I").unpack_from


class Transcript:
    """All that crossed the links, as a hash and, frame by frame, for whoever listens."""

    def __init__(self, heard: Callable[[bool, Fields], None]) -> None:
        """`heard(outgoing, fields)` is called for each whole frame, but for ticks and account values that come in;
        outgoing is from the process to the broker."""
        self._hash = sha256()
        self._heard = heard
        self.frames = 0

    @property
    def digest(self) -> str:
        """The hash of everything so far, with its times and directions."""
        return self._hash.hexdigest()

    def passed(self, pending: bytearray, outgoing: bool, data: bytes) -> None:
        """Take bytes that passed; `pending` keeps the beginning of a frame that is not whole yet."""
        self._hash.update(f"{trio.current_time():.6f}{'>' if outgoing else '<'}".encode() + data)
        if pending:
            data = bytes(pending) + data
            pending.clear()
        start, end = 4 if data.startswith(b"API\0") else 0, len(data)
        while start + 4 <= end:
            (length,) = _LENGTH(data, start)
            if start + 4 + length > end:
                break
            self.frames += 1
            start += 4
            body = data[start : start + length]
            start += length
            # the versions that both sides offer come before, as a text without an end
            if (outgoing or not (body[:2] in _UNHEARD or body[:3] in _UNHEARD)) and b"\0" in body:
                self._heard(outgoing, body.decode("utf-8", "replace").split("\0")[:-1])
        pending += data[start:]


class Line:
    """One link of one life. What a dead process still writes goes nowhere."""

    def __init__(
        self, link: MemoryLink, alive: Callable[[], bool], at: Callable[[str], bool], transcript: Transcript
    ) -> None:
        """`at(step)` is called at send, sending and sent; True says that the process died there."""
        self._link, self._alive, self._at, self._transcript = link, alive, at, transcript
        self._out = bytearray()
        self.ended = False  # by the process: it hears nothing more from it, whatever has arrived

    def send(self, data: bytes) -> None:
        """Send, unless the process is dead; it may die over it, with a half of it sent."""
        if not self._alive() or self._at("send"):
            return
        if self._at("sending"):
            self._link.send(data[: len(data) // 2])
            self._link.disconnect()
            return
        self._transcript.passed(self._out, True, data)
        self._link.send(data)
        self._at("sent")

    def disconnect(self) -> None:
        """End the link, unless death has ended it."""
        self.ended = True
        if self._alive():
            self._link.disconnect()

    def abort(self) -> None:
        """Reset the link, unless death has ended it."""
        self.ended = True
        if self._alive():
            self._link.abort()
