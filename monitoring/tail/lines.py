"""Bytes as lines of the log, whatever the chunks that they come in."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["LONGEST", "Lines"]

LONGEST = 8_000_000
"""Bytes of the longest line that is read; what is longer is damage."""

_LONG = 8_000  # bytes from which on a line is looked at: who keeps thousands of lines keeps no novels
_WHOLE = ("system.snapshot", "system.pulse")
_TEXT = 2_000
_FIELDS = 60


class Lines:
    """Takes chunks of bytes and returns the lines that are complete.

    A damaged one becomes `log.damaged` with its text, and has no time. Of a very long one the texts are cut.
    """

    def __init__(self) -> None:
        """Begin at the start of a line."""
        self._rest = b""
        self._skipping = False

    @property
    def waiting(self) -> int:
        """Bytes of a line that is not complete."""
        return len(self._rest)

    def feed(self, chunk: bytes) -> list[dict[str, Any]]:
        """Take the next bytes."""
        whole, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._keep(rest)
            return []
        if self._rest or self._skipping:
            first, _, whole = (self._rest + whole).partition(b"\n")
            found = [] if self._skipping else self._parsed(first)
            self._skipping = False
        else:
            found = []
        self._rest = b""
        self._keep(rest)
        for line in whole.split(b"\n"):
            found += self._parsed(line)
        return found

    def reset(self) -> list[dict[str, Any]]:
        """Begin anew; an unfinished line is damage: a process was killed while it wrote it."""
        rest, self._rest, self._skipping = self._rest, b"", False
        return self._parsed(rest)

    def _keep(self, rest: bytes) -> None:
        if self._skipping:
            return
        self._rest += rest
        if len(self._rest) > LONGEST:
            self._rest, self._skipping = b"", True

    @staticmethod
    def _parsed(line: bytes) -> list[dict[str, Any]]:
        if not line.strip():
            return []
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return [value if len(line) <= _LONG or value.get("event") in _WHOLE else _cut(value)]
        text = line[:200].decode("utf-8", "replace")
        return [{"level": "WARNING", "event": "log.damaged", "actor": "monitor", "text": text}]


def _cut(line: dict[str, Any]) -> dict[str, Any]:
    return {name: _shorter(value) for name, value in list(line.items())[:_FIELDS]}


def _shorter(value: Any) -> Any:
    if isinstance(value, list | dict):
        value = value if len(str(value)) <= _TEXT else str(value)
    return value[: _TEXT - 1] + "…" if isinstance(value, str) and len(value) > _TEXT else value
