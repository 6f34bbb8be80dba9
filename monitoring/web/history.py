"""Profit and loss over time, for the curve of the overview."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["History"]

_POINTS = 1_500


class History:
    """Folds pulses. Where there are too many points every second one is dropped: the whole time stays."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.points: list[tuple[str, float]] = []  # ts, P&L after commission in the account's currency

    def fold(self, line: Mapping[str, Any]) -> None:
        """Take a line of the log."""
        if line.get("event") != "system.pulse":
            return
        pnl, moment = line.get("pnl"), line.get("ts")
        if not isinstance(pnl, Mapping) or not isinstance(moment, str):
            return
        try:
            net = Decimal(pnl["realized"]) + Decimal(pnl["unrealized"] or 0) - Decimal(pnl["commission"])
        except (InvalidOperation, LookupError, TypeError):
            return  # not known now: the curve has a gap rather than an invented point
        self.points.append((moment, float(net)))
        if len(self.points) > _POINTS:
            del self.points[1:-1:2]
