"""Profit and loss over time, in bounded memory."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from monitoring.board.fields import Line

__all__ = ["HistoryPart"]

_POINTS = 1_500


class HistoryPart:
    """Folds pulses. Where there are too many points every second one is dropped: the whole time stays."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.points: list[list[Any]] = []  # [ts, P&L after commission in the account's currency]

    def fold(self, event: str, line: Line) -> None:
        """Take a line about the process."""
        pnl = line.get("pnl") if event == "system.pulse" else None
        if not isinstance(pnl, dict):
            return
        try:
            net = Decimal(pnl["realized"]) + Decimal(pnl["unrealized"]) - Decimal(pnl["commission"])
        except (InvalidOperation, LookupError, TypeError):
            return  # not known now: the curve has a gap rather than an invented point
        self.points.append([line["ts"], float(net)])
        if len(self.points) > _POINTS:
            del self.points[1:-1:2]

    def dump(self) -> list[list[Any]]:
        """Return all of it, for JSON."""
        return self.points

    def load(self, dumped: list[list[Any]]) -> None:
        """Take back what `dump` returned."""
        self.points = dumped
