"""Signals and what became of each: ignored, skipped, taken, held, closed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from monitoring.board.fields import Line, word

__all__ = ["SignalsPart"]

_MOST = 500
_RANK = {"waiting": 0, "ignored": 1, "skipped": 2, "denied": 3, "taken": 4, "planned": 5, "open": 6, "closed": 7}


class SignalsPart:
    """Folds `signal.*`, `rule.*` and what a position says of the signal that it came from.

    Each is a dict: ts, symbol, signal_id, signal, confidence, source, state (waiting, ignored, skipped, denied, taken,
    planned, open or closed), fate (in words), position_id.
    """

    def __init__(self) -> None:
        """None was received."""
        self.signals: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def fold(self, event: str, line: Line) -> None:
        """Take a line; one that tells of no signal changes nothing."""
        match event:
            case "signal.received":
                self._received(line)
            case "signal.ignored":
                self._fate(line, "ignored", _joined(word(line, "reason"), word(line, "figures")))
            case "rule.skipped":
                self._fate(line, "skipped", f"{word(line, 'rule_id')}: {word(line, 'reason')}")
            case "rule.fired":
                self._fate(line, "taken", f"{word(line, 'rule_id')}: {word(line, 'outcome') or 'fired'}")
            case "position.planned":
                signal = self._fate(line, "planned", "position planned")
                if signal is not None:
                    signal["position_id"] = word(line, "position_id") or ""
            case "order.denied" | "position.opened" | "position.closed":
                self._of_position(event, line)

    def list(self) -> list[dict[str, Any]]:
        """The newest, oldest first."""
        return list(self.signals.values())

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return self.signals

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.signals = OrderedDict(dumped)

    def _received(self, line: Line) -> None:
        identity = word(line, "signal_id")
        if not identity or identity in self.signals:
            return
        confidence = line.get("confidence")
        self.signals[identity] = {
            "ts": line["ts"],
            "symbol": word(line, "symbol") or "",
            "signal_id": identity,
            "signal": word(line, "signal") or "",
            "confidence": confidence if isinstance(confidence, int | float | str) else None,
            "source": word(line, "source") or "",
            "state": "waiting",
            "fate": "",
            "position_id": "",
        }
        if len(self.signals) > _MOST:
            self.signals.popitem(last=False)

    def _fate(self, line: Line, state: str, fate: str) -> dict[str, Any] | None:
        identity = word(line, "signal_id")
        if not identity:
            return None
        if identity not in self.signals:  # begun in the middle, or refused before it was received
            self._received(line)
        signal = self.signals[identity]
        if _RANK[state] >= _RANK[signal["state"]]:
            if state != "planned" or not signal["fate"]:
                signal["fate"] = fate
            signal["state"] = state
        elif state == "taken":  # the rule's answer comes after what it led to
            signal["fate"] = fate
        return signal

    def _of_position(self, event: str, line: Line) -> None:
        position_id = word(line, "position_id")
        if not position_id:
            return
        for signal in reversed(self.signals.values()):
            if signal["position_id"] == position_id:
                break
        else:
            return
        if event == "position.opened":
            signal["state"] = "open"
        elif event == "order.denied":
            if signal["state"] in ("taken", "planned"):
                signal["state"], signal["fate"] = "denied", word(line, "reason") or ""
        else:
            result = word(line, "realized_pnl")
            signal["state"] = "closed"
            signal["fate"] = _joined(word(line, "reason"), None if result is None else f"P&L {result}")


def _joined(reason: str | None, figures: str | None) -> str:
    return f"{reason} ({figures})" if reason and figures else reason or figures or ""
