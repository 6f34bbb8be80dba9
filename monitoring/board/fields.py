"""Reading a line of the log that may be of another version, or nobody's: what has the wrong type is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Line", "bounded", "texts", "whole", "word"]

Line = Mapping[str, Any]

_LONGEST = 2_000
_MOST = 60


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
    return {name: line[name] for name in names if name in line and (line[name] is None or isinstance(line[name], str))}


def bounded(line: Line) -> Line:
    """Return the line, or one without what would fill the memory: long texts are cut, more than 60 fields left out."""
    if len(line) > _MOST:
        line = dict(list(line.items())[:_MOST])
    for value in line.values():
        if isinstance(value, str):
            if len(value) > _LONGEST:
                break
        elif isinstance(value, list | dict):
            break
    else:
        return line
    return {name: _cut(value) for name, value in line.items()}


def _cut(value: Any) -> Any:
    if isinstance(value, list | dict):
        value = str(value)
    return value[: _LONGEST - 1] + "…" if isinstance(value, str) and len(value) > _LONGEST else value
