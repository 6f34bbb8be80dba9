"""Counters over the log, for metrics and headers."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import Any

from monitoring.board.fields import MOST, Line, word

__all__ = ["Counts"]

NAKED_BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Counts:
    """How often each event came, since the board began; and by label where a number alone says little."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.events: Counter[str] = Counter()
        self.levels: Counter[str] = Counter()
        self.labelled: dict[str, Counter[str]] = {}  # event → label → count
        self._naked = [0] * (len(NAKED_BOUNDS) + 1)
        self._naked_sum = 0.0

    def fold(self, event: str, line: Line) -> None:
        """Count a line."""
        self.events[event if len(self.events) < MOST or event in self.events else "other"] += 1
        level = line.get("level")
        if level == "ERROR" or level == "WARNING":
            self.levels[level] += 1
        name = _LABELS.get(event)
        if name is not None:
            label = word(line, name) or ""
            counter = self.labelled.setdefault(event, Counter())
            counter[label if len(counter) < 1_000 or label in counter else "other"] += 1
        if event == "protection.armed":
            self._armed(line.get("naked_seconds"))

    @property
    def naked(self) -> dict[str, Any]:
        """Seconds between the first fill and armed protection: `bounds`, cumulative `counts`, `sum`, `count`."""
        counts = list(accumulate(self._naked))
        return {"bounds": list(NAKED_BOUNDS), "counts": counts[:-1], "sum": self._naked_sum, "count": counts[-1]}

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return {
            "events": self.events, "levels": self.levels, "labelled": self.labelled,
            "naked": self._naked, "naked_sum": self._naked_sum,
        }  # fmt: skip

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.events, self.levels = Counter(dumped["events"]), Counter(dumped["levels"])
        self.labelled = {event: Counter(labels) for event, labels in dumped["labelled"].items()}
        self._naked, self._naked_sum = dumped["naked"], dumped["naked_sum"]

    def _armed(self, seconds: object) -> None:
        if not isinstance(seconds, int | float):
            return
        place = next((i for i, bound in enumerate(NAKED_BOUNDS) if seconds <= bound), len(NAKED_BOUNDS))
        self._naked[place] += 1
        self._naked_sum += seconds


_LABELS = {
    "actor.crashed": "actor",
    "actor.restarted": "actor",
    "actor.quarantined": "actor",
    "deadletter": "actor",
    "alarm.raised": "kind",
    "signal.ignored": "reason",
    "order.denied": "reason",
    "order.filled": "role",
    "order.intent": "role",
    "order.sent": "role",
    "order.rejected": "role",
    "position.closed": "reason",
}
