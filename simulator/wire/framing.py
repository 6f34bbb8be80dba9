"""Frames: a 4-byte big-endian length, then a body of NUL-terminated fields."""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["MAX_LENGTH", "FrameReader", "MalformedFrame", "frame"]

MAX_LENGTH = 0xFFFFFF
"""The longest body that the official clients send or accept, in bytes."""

_LENGTH = struct.Struct(">I")


class MalformedFrame(Exception):
    """What came is no frame of this protocol; the link cannot be put in step again."""


def frame(body: bytes) -> bytes:
    """Return the body with its length in front."""
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a byte stream into frame bodies, however it was split on the way."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._start = 0

    def __len__(self) -> int:
        """The number of bytes that wait for the rest of their frame."""
        return len(self._data) - self._start

    def feed(self, data: bytes) -> None:
        """Add bytes as they came."""
        self._data += data

    def take(self, count: int) -> bytes | None:
        """Take `count` raw bytes from the front, or None while there are fewer."""
        if len(self) < count:
            return None
        taken = bytes(self._data[self._start : self._start + count])
        self._advance(count)
        return taken

    def frames(self) -> Iterator[bytes]:
        """Yield each body that is complete. Raises MalformedFrame for a length of 0 or above MAX_LENGTH."""
        while len(self) >= 4:
            (length,) = _LENGTH.unpack_from(self._data, self._start)
            if not 0 < length <= MAX_LENGTH:
                raise MalformedFrame(f"a frame of {length} bytes")
            if len(self) < 4 + length:
                return
            body = bytes(self._data[self._start + 4 : self._start + 4 + length])
            self._advance(4 + length)
            yield body

    def _advance(self, count: int) -> None:
        self._start += count
        # Cut rarely: deleting from the front for each frame would be quadratic in a burst.
        if self._start == len(self._data) or self._start > 65536:
            del self._data[: self._start]
            self._start = 0
