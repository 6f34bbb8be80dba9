"""The process's end of its link to the paper TWS: each write is a point, each byte is in the transcript."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import trio

from simulator.memory import MemoryLink

__all__ = ["Line", "Transcript"]

Fields = list[str]


class Transcript:
    """All that crossed the links, as a hash and, frame by frame, for whoever listens."""

    def __init__(self, heard: Callable[[bool, Fields], None]) -> None:
        """`heard(outgoing, fields)` is called for each whole frame; outgoing is from the process to the broker."""
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
        pending += data
        if pending.startswith(b"API\0"):
            del pending[:4]
        while len(pending) >= 4 and len(pending) >= 4 + (size := int.from_bytes(pending[:4], "big")):
            body = bytes(pending[4 : 4 + size])
            del pending[: 4 + size]
            self.frames += 1
            if b"\0" in body:  # the versions that both sides offer come before, as a text
                self._heard(outgoing, body.decode("utf-8", "replace").split("\0")[:-1])


class Line:
    """One link of one life. What a dead process still writes goes nowhere."""

    def __init__(
        self, link: MemoryLink, alive: Callable[[], bool], at: Callable[[str], bool], transcript: Transcript
    ) -> None:
        """`at(step)` is called at send, sending and sent; True says that the process died there."""
        self._link, self._alive, self._at, self._transcript = link, alive, at, transcript
        self._out = bytearray()

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
        if self._alive():
            self._link.disconnect()

    def abort(self) -> None:
        """Reset the link, unless death has ended it."""
        if self._alive():
            self._link.abort()
