"""Where the records of a trace come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from messages.journal import Record

__all__ = ["Source"]


class Source(Protocol):
    """A journal that can be read while its owner writes it. Every list is oldest first."""

    def stream(self, name: str) -> Sequence[Record]:
        """Return all records of a stream."""

    def kinds(self, *names: str, newest: int) -> Sequence[Record]:
        """Return the `newest` records of these kinds."""

    def mentioning(self, text: str, stream: str | None = None) -> Sequence[Record]:
        """Return the records whose payload, as JSON, contains this text; of one stream or of all."""
