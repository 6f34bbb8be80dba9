"""Reading a line of the log that may be of another version, or nobody's: what has the wrong type is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["MOST", "Line", "shaped", "texts", "whole", "word"]

Line = Mapping[str, Any]

MOST = 10_000
"""Of positions, actors, alarms: who has more of them has a log that somebody else has written."""


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


def shaped(row: Line, default: Line) -> dict[str, Any]:
    """Return a row of a snapshot with every field of `default`, and of its type; None stands for text or a number.

    Raises TypeError where it is no row at all.
    """
    if not isinstance(row, dict):
        raise TypeError("no row")
    found = dict(row)
    for name, usual in default.items():
        value = row.get(name, usual)
        fits = (
            value is None or isinstance(value, str | int | float) if usual is None else isinstance(value, type(usual))
        )
        found[name] = value if fits else usual
    return found
