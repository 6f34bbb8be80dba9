"""The picture that a log gives: `Board().fold(line)` for each line, then `status()` and what views need beyond."""

from __future__ import annotations

from monitoring.board.board import QUIET, Board
from monitoring.board.orders import DONE

__all__ = ["DONE", "QUIET", "Board"]
