"""The picture that a log gives: `status --json` from its lines alone, and what views need beyond."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from monitoring.board.actors import ActorsPart
from monitoring.board.alarms import AlarmsPart
from monitoring.board.counts import Counts
from monitoring.board.fields import Line, word
from monitoring.board.history import HistoryPart
from monitoring.board.orders import OrdersPart
from monitoring.board.positions import PositionsPart
from monitoring.board.process import ProcessPart
from monitoring.board.series import SeriesPart
from monitoring.board.signals import SignalsPart

__all__ = ["QUIET", "Board"]

QUIET = frozenset({"system.pulse", "system.snapshot", "position.marked"})
"""What the recent lines leave out: they are many, and the picture shows what they say."""

_RECENT = 5_000


class Board:
    """Folds the lines of one process's log, in order, in bounded memory where a line's own size is (see `tail.lines`).

    It copes with lines of other versions and with nobody's: what it cannot use is counted in `unreadable` and otherwise
    only shown. Not thread-safe.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self.process, self.orders, self.positions = ProcessPart(), OrdersPart(), PositionsPart()
        self.actors, self.alarms, self.counts = ActorsPart(), AlarmsPart(), Counts()
        self._signals, self._series, self._history = SignalsPart(), SeriesPart(), HistoryPart()
        self.lines: deque[Line] = deque(maxlen=_RECENT)  # newest last, without pulses, snapshots and marks
        self.shown = 0  # lines that ever were in `lines`
        self.folded = 0
        self.unreadable = 0
        self.first = ""  # ts of the first line, and of the newest
        self.last = ""
        self.complete = False  # whether the picture began with a snapshot or the start of a process
        self._folds: dict[str, tuple[Callable[[str, Line], None], ...]] = {
            "system": (self._system, self._history.fold),
            "broker": (self.process.fold,),
            "breaker": (self.process.fold,),
            "reconcile": (self.process.fold,),
            "actor": (self.actors.fold,),
            "deadletter": (),
            "alarm": (self.alarms.fold,),
            "signal": (self._signals.fold,),
            "rule": (self._signals.fold,),
            "order": (self.orders.fold, self._signals.fold, self._series.fold),
            "position": (self.positions.fold, self._signals.fold, self._series.fold),
            "protection": (self.positions.fold,),
            "exits": (self.positions.fold,),
            "symbol": (self._symbol,),
        }

    def fold(self, line: Line) -> None:
        """Take the next line."""
        self.folded += 1
        event, moment = line.get("event"), line.get("ts")
        if not isinstance(event, str):
            self.unreadable += 1
            return
        if event == "log.damaged":
            self.unreadable += 1
        if isinstance(moment, str) and moment:
            self.last = moment
            self.first = self.first or moment
        else:
            line = {**line, "ts": self.last}
        if event == "order.sent":
            self.positions.entering(line)
        if event not in QUIET:
            self.lines.append(line)
            self.shown += 1
        self.counts.fold(event, line)
        try:
            for take in self._folds.get(event.partition(".")[0], ()):
                take(event, line)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # another version's line, or a forged one: the picture stays as it was, the line is shown all the same
            self.unreadable += 1

    def status(self) -> dict[str, Any]:
        """What `status --json` said, as far as the log tells."""
        return {
            **self.process.state,
            "broker": self.process.broker,
            "portfolio": self.process.portfolio,
            "positions": self.positions.status(),
            "orders": self.orders.status(self.last[:10]),
            "actors": self.actors.status(),
            "alarms": self.alarms.status(),
            "unanswered": [],
        }

    @property
    def signals(self) -> list[dict[str, Any]]:
        """The newest 500 signals with their fate, oldest first: see `SignalsPart`."""
        return self._signals.list()

    @property
    def fills(self) -> list[dict[str, Any]]:
        """The newest 1,000 fills, oldest first: ts, symbol, side, quantity, price, role, order_ref, position_id."""
        return list(self._series.fills)

    @property
    def pulse(self) -> dict[str, Any]:
        """The last `system.pulse` of this process, with the time of the one `before` it; empty where there was none."""
        return self.process.pulse

    @property
    def profit(self) -> list[list[Any]]:
        """Profit and loss after commission over time: [ts, amount in the account's currency], oldest first."""
        return self._history.points

    def series(self, symbol: str) -> dict[str, Any]:
        """A symbol over time: `points` [ts, price, stop, target] and `fills`."""
        return self._series.series(symbol)

    def life(self, order: str) -> list[Line]:
        """The newest lines about an order, by its reference or `#permId`, oldest first."""
        return self.orders.life(order)

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON: `restored` makes the same board of it."""
        return {
            "parts": {name: part.dump() for name, part in self._parts().items()},
            "lines": list(self.lines),
            "shown": self.shown,
            "folded": self.folded,
            "unreadable": self.unreadable,
            "first": self.first,
            "last": self.last,
            "complete": self.complete,
        }

    @classmethod
    def restored(cls, dumped: dict[str, Any]) -> Board:
        """Return the board that was dumped. Raises what a damaged dump brings about: LookupError, TypeError, …"""
        board = cls()
        for name, part in board._parts().items():
            part.load(dumped["parts"][name])
        board.lines.extend(dumped["lines"])
        for name in ("shown", "folded", "unreadable", "first", "last", "complete"):
            setattr(board, name, dumped[name])
        return board

    def _parts(self) -> dict[str, Any]:
        return {
            "process": self.process, "orders": self.orders, "positions": self.positions, "actors": self.actors,
            "alarms": self.alarms, "counts": self.counts, "signals": self._signals, "series": self._series,
            "history": self._history,
        }  # fmt: skip

    def _system(self, event: str, line: Line) -> None:
        if event == "system.snapshot":
            status = line["status"]
            self.process.snapshot(line)
            self.orders.snapshot(status.get("orders") or [], line["ts"])
            self.positions.snapshot(status["positions"])
            self.actors.snapshot(status["actors"])
            self.alarms.snapshot(status.get("alarms") or [])
            self.complete = True
            return
        if event == "system.starting":
            self.actors.starting()
            self.positions.starting()
        elif event == "system.pulse":
            mailboxes = line.get("mailboxes")
            if isinstance(mailboxes, dict):
                self.actors.mailboxes(mailboxes)
        self.process.fold(event, line)

    def _symbol(self, event: str, line: Line) -> None:
        if event == "symbol.removed":
            self.positions.removed(word(line, "symbol") or "")
