"""Positions: quantity, prices, exits, profit."""

from __future__ import annotations

from typing import Any

from monitoring.board.fields import MOST, Line, shaped, texts, word

__all__ = ["PositionsPart"]

_NEW: dict[str, Any] = {
    "symbol": "",
    "quantity": "0",
    "average_price": None,
    "realized_pnl": "0",
    "unrealized_pnl": "0",
    "commission": "0",
    "stop": None,
    "target": None,
    "protected": False,
    "state": "PLANNED",
    "last_price": None,
    "opened": None,
    "position_id": "",
    "exits": None,
    "stop_moved": None,
    "targets": [],
    "leaves_at": None,
}
_FIELDS = (
    "quantity", "average_price", "realized_pnl", "unrealized_pnl", "commission", "stop", "target", "position_id",
    "state", "opened", "exits", "stop_moved", "leaves_at",
)  # fmt: skip


class PositionsPart:
    """Folds `position.*` and `protection.*`: symbol → position, in the form of `status`."""

    def __init__(self) -> None:
        """Nothing is held."""
        self.positions: dict[str, dict[str, Any]] = {}

    def fold(self, event: str, line: Line) -> None:
        """Take a line about a position."""
        symbol = word(line, "symbol")
        if not symbol or (symbol not in self.positions and len(self.positions) >= MOST):
            return
        position = self.positions.get(symbol)
        if position is None or event == "position.planned":
            last = None if position is None else position["last_price"]
            position = self.positions[symbol] = dict(_NEW, symbol=symbol, targets=[], last_price=last)
        match event:
            case "position.planned":
                position.update(texts(line, "position_id", "exits"), state="PLANNED")
            case "position.opened" | "position.updated":
                position["state"] = "OPEN"
                self._take(position, line)
            case "position.marked":
                self._take(position, line)
                position["last_price"] = line.get("price")
            case "position.closed":
                position.update(
                    dict(_NEW, symbol=symbol, targets=[], state="CLOSED", last_price=position["last_price"])
                )
                self._take(position, line)
            case "protection.armed":
                position["protected"] = True
                if position["state"] == "ADJUSTING":
                    position["state"] = "OPEN"
                self._take(position, line)
            case "protection.missing":
                position["protected"] = False
            case "exits.stop_moved":
                position.update(texts(line, "stop"), stop_moved=word(line, "reason"))

    def entering(self, line: Line) -> None:
        """An entry has left: the position that it belongs to is no mere plan any more."""
        position = self.positions.get(word(line, "symbol") or "")
        if position is None or position["state"] != "PLANNED" or line.get("role") != "entry":
            return
        if line.get("position_id") == position["position_id"]:
            position["state"] = "OPENING"

    def starting(self) -> None:
        """A new process tells of no position that the one before it had closed."""
        self.positions = {name: one for name, one in self.positions.items() if one["state"] != "CLOSED"}

    def removed(self, symbol: str) -> None:
        """The symbol is traded no more."""
        self.positions.pop(symbol, None)

    def snapshot(self, positions: list[dict[str, Any]]) -> None:
        """Replace the picture by a snapshot's."""
        rows = [shaped(one, _NEW) for one in positions]
        self.positions = {row["symbol"]: row for row in rows}

    def status(self) -> list[dict[str, Any]]:
        """All of them, by symbol."""
        return [
            dict(self.positions[symbol]) for symbol in sorted(self.positions) if self.positions[symbol]["position_id"]
        ]

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return self.positions

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.positions = dumped

    def _take(self, position: dict[str, Any], line: Line) -> None:
        position.update(texts(line, *_FIELDS))
        if isinstance(line.get("protected"), bool):
            position["protected"] = line["protected"]
        if isinstance(line.get("targets"), list):
            position["targets"] = line["targets"]
        if isinstance(line.get("last_price"), int | float):
            position["last_price"] = line["last_price"]
