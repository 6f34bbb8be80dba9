"""What a symbol's price, stop and target were over time, and where it filled: in bounded memory."""

from __future__ import annotations

from collections import deque
from typing import Any

from monitoring.board.fields import MOST, Line, word

__all__ = ["SeriesPart"]

_POINTS = 2_000
_LEAST, _TOGETHER = 200, 100_000  # points of a symbol however many there are, and of all of them about
_FILLS = 1_000


class SeriesPart:
    """Folds marks and fills. Where a symbol has too many points every second one is dropped: the whole time stays."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.points: dict[str, list[list[Any]]] = {}  # symbol → [ts, price, stop, target]
        self.fills: deque[dict[str, Any]] = deque(maxlen=_FILLS)

    def fold(self, event: str, line: Line) -> None:
        """Take a line."""
        symbol = word(line, "symbol")
        if not symbol:
            return
        match event:
            case "position.marked":
                if symbol not in self.points and len(self.points) >= MOST:
                    return
                points = self.points.setdefault(symbol, [])
                points.append([line["ts"], line.get("price"), line.get("stop"), line.get("target")])
                if len(points) > max(_LEAST, min(_POINTS, _TOGETHER // len(self.points))):
                    del points[1:-1:2]
            case "order.filled" | "order.corrected":
                names = ("symbol", "side", "quantity", "price", "role", "order_ref", "position_id", "execution")
                self.fills.append({"ts": line["ts"], **{name: word(line, name) for name in names}})

    def series(self, symbol: str) -> dict[str, Any]:
        """`points`: [ts, price, stop, target], oldest first; `fills`: those of the symbol that are remembered."""
        return {
            "symbol": symbol,
            "points": [list(point) for point in self.points.get(symbol, ())],
            "fills": [dict(fill) for fill in self.fills if fill["symbol"] == symbol],
        }

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return {"points": self.points, "fills": list(self.fills)}

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.points = dumped["points"]
        self.fills = deque(dumped["fills"], maxlen=_FILLS)
