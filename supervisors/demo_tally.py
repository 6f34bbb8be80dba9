"""What happened in a demo, read from its log: the last events for the view, and the sum at the end."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from config.log_record import LogRecord, as_words

__all__ = ["DemoTally"]

_SHOWN = (
    "position.",
    "protection.",
    "rule.",
    "order.rejected",
    "order.denied",
    "order.unknown",
    "alarm.",
    "broker.",
    "actor.crashed",
    "actor.restarted",
    "actor.quarantined",
    "system.",
    "reconcile.difference",
)
_HIDDEN = frozenset(
    {"position.planned", "position.updated", "position.marked", "rule.skipped", "broker.notice", "broker.account"}
    | {"system.state", "system.pulse", "system.snapshot"}
)


class DemoTally:
    """A listener of the log. It runs in the log's thread; what it keeps is replaced or appended to, never edited."""

    def __init__(self, tell: Callable[[str], object] | None = None) -> None:
        """`tell` receives each event worth showing as a line; without it the last ones are kept in `recent`."""
        self.recent: deque[str] = deque(maxlen=50)
        self.events: Counter[str] = Counter()
        self.exits: Counter[str] = Counter()
        self._tell = tell or self.recent.append

    def __call__(self, record: LogRecord) -> None:
        """Take one event."""
        self.events[record.event] += 1
        if record.event == "position.closed":
            self.exits[str(record.fields.get("reason", "?"))] += 1
        if record.event not in _HIDDEN and record.event.startswith(_SHOWN):
            self._tell(f"{record.moment:%H:%M:%S} {as_words(record, details=False)}")
