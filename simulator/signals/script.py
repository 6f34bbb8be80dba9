"""Predictions from a file: one JSON object a line.

    {"after": 2.5, "ticker": "AAPL", "signal": "BUY", "confidence": 0.9, "stock_price": 230.1, "id": "a-1"}

`after` is seconds since the service began; the prediction is made then. `stock_price` and `id` may be left out. Empty
lines and lines that begin with # are skipped.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from attrs import frozen

from simulator.signals.prediction import SIGNALS

__all__ = ["ScriptError", "ScriptLine", "read_script"]

_KEYS = {"after", "ticker", "signal", "confidence", "stock_price", "id"}


class ScriptError(ValueError):
    """A script that cannot be used; the text names file and line."""


@frozen(slots=True)
class ScriptLine:
    """One prediction to come."""

    after: float
    ticker: str
    signal: str
    confidence: float
    stock_price: float | None = None
    id: str | None = None


def read_script(path: Path) -> list[ScriptLine]:
    """Return the predictions in order of time. Raises ScriptError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: {error}") from error
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            lines.append(_line(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise ScriptError(f"{path}:{number}: {reason}") from error
    return sorted(lines, key=lambda one: one.after)


def _line(row: Any) -> ScriptLine:
    if not isinstance(row, dict):
        raise TypeError("expected an object")
    if unknown := row.keys() - _KEYS:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}; known are {', '.join(sorted(_KEYS))}")
    after, confidence = float(row["after"]), float(row["confidence"])
    if not (math.isfinite(after) and after >= 0):
        raise ValueError(f"after must be seconds from 0 on, not {after}")
    if not 0 <= confidence <= 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if row["signal"] not in SIGNALS:
        raise ValueError(f"unknown signal {row['signal']!r}; known are {', '.join(SIGNALS)}")
    price = row.get("stock_price")
    identity = row.get("id")
    return ScriptLine(
        after,
        str(row["ticker"]),
        row["signal"],
        confidence,
        None if price is None else float(price),
        None if identity is None else str(identity),
    )
