"""What a session needs of the link under it, whether that is a socket or a pair of buffers in memory."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Transport"]


class Transport(Protocol):
    """One client's link. No method blocks or raises; after `close` or `abort` the rest do nothing."""

    def write(self, data: bytes) -> None:
        """Send after what was written before."""

    def close(self) -> None:
        """Send what was written, then end the link in order."""

    def abort(self) -> None:
        """End the link at once, as by a reset; what was not sent is lost."""
