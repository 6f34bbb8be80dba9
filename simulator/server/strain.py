"""What a faulty link does to bytes: holds them back both ways, or ends after so many."""

from __future__ import annotations

__all__ = ["Strain"]


class Strain:
    """The faults of one link. Without any, bytes pass untouched."""

    def __init__(self) -> None:
        self.stopped = False
        self.lost = False  # the client went away while the link was stopped
        self.cut_off = False  # the bytes allowed by `cut` have passed
        self._in = bytearray()
        self._out = bytearray()
        self._left_in: int | None = None
        self._left_out: int | None = None

    @property
    def passes(self) -> bool:
        """Whether bytes to the client pass untouched."""
        return not self.stopped and self._left_out is None and not self.cut_off

    def cut(self, count: int, *, incoming: bool) -> None:
        """Let so many more bytes pass."""
        if incoming:
            self._left_in = count
        else:
            self._left_out = count

    def taken(self, data: bytes) -> bytes:
        """Return what of the client's bytes is to be read now."""
        if self.stopped:
            self._in += data
            return b""
        if self._left_in is not None:
            data = data[: self._left_in]
            self._left_in -= len(data)
            self.cut_off = self._left_in == 0
        return data

    def given(self, data: bytes) -> bytes:
        """Return what of the server's bytes is to be sent now."""
        if self.stopped:
            self._out += data
            return b""
        if self._left_out is not None:
            data = data[: self._left_out]
            self._left_out -= len(data)
            self.cut_off = self._left_out == 0
        return data

    def release(self) -> tuple[bytes, bytes]:
        """Return what was held back, from the client and to it."""
        held = bytes(self._in), bytes(self._out)
        self._in.clear()
        self._out.clear()
        return held
