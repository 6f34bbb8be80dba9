"""Spans of time as a person writes them."""

from __future__ import annotations

import re

__all__ = ["seconds"]

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """`90`, `90s`, `1.5m` or `2h` in seconds. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or float(match[1]) == 0:
        raise ValueError(f'"{text}" is not a time such as 30s, 5m or 1h')
    return float(match[1]) * _UNITS[match[2]]
