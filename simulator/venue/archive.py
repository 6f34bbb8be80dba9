"""What has been, by contract: bars, and the sessions of its exchange."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.contracts import ContractDefinition
from simulator.model import Bar
from simulator.venue.history import History
from simulator.venue.sessions import Calendars, Session

__all__ = ["Archive"]

_TOMORROW = timedelta(days=1)


class Archive:
    """Answers questions about the past; conIds that are unknown raise OrderRefused (200) where sessions are asked."""

    def __init__(
        self,
        history: History,
        calendars: Calendars,
        definition_of: Callable[[int], ContractDefinition],
        now: Callable[[], datetime],
    ) -> None:
        self._history = history
        self._calendars = calendars
        self._definition_of = definition_of
        self._now = now

    def bars(
        self,
        con_id: int,
        bar_seconds: int,
        start: datetime,
        end: datetime,
        what: str = "TRADES",
        *,
        regular: bool = False,
    ) -> list[Bar]:
        """Return bars of the past and of the ticks seen; `what` is TRADES, BID, ASK, MIDPOINT or BID_ASK.

        `regular` leaves out what was outside the regular hours of the contract's exchange.
        """
        hours = None
        begins = self.begins(con_id, "TRADES" if what == "TRADES" else "MIDPOINT") if regular else None
        if begins is not None and not self._calendars.always:
            sessions = self.sessions(con_id, max(start, begins), end)
            hours = [(one.opens.timestamp(), one.closes.timestamp()) for one in sessions]
        return self._history.bars(con_id, bar_seconds, start, end, what, hours)

    def begins(self, con_id: int, what: str = "TRADES") -> datetime | None:
        """Return when the oldest bar begins, None if there is none."""
        return self._history.begins(con_id, what)

    def sessions(self, con_id: int, start: datetime, end: datetime) -> list[Session]:
        """Return the sessions of the contract's exchange that are on at some time of `[start, end)`, until tomorrow."""
        end = min(end, self._now() + _TOMORROW)
        return self._calendars.between(self._definition_of(con_id), start, end) if start < end else []

    def in_regular_hours(self, con_id: int, moment: datetime) -> bool:
        """Whether the contract's exchange is open; `moment` is not long ago."""
        session = self._calendars.of(self._definition_of(con_id)).current(moment)
        return session.opens <= moment < session.closes
