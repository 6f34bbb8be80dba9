"""Reading a line of the log that may be of another version, or nobody's: what has the wrong type is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Line", "texts", "whole", "word"]

Line = Mapping[str, Any]


def word(line: Line, name: str) -> str | None:
    """Return a field that is text."""
    value = line.get(name)
    return value if isinstance(value, str) else None


def whole(line: Line, name: str) -> int | None:
    """Return a field that is a whole number."""
    value = line.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(line: Line, *names: str) -> dict[str, str | None]:
    """Return those of the fields that are there, as text or None."""
    found: dict[str, str | None] = {}
    for name in names:
        value = line.get(name, line)
        if value is None or type(value) is str:
            found[name] = value
    return found
