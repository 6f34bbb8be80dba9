"""Positions: what is held, how it is protected, and commands to it."""

from __future__ import annotations

from pitboss.position.base import Position, PositionStatus
from pitboss.position.stock import StockPosition
from pitboss.position.tracker import PositionTracker

__all__ = ["Position", "PositionStatus", "PositionTracker", "StockPosition"]
