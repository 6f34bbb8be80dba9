"""One subscription to five-second bars."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.model import Bar, Contract, Quote, Ticked
from simulator.server.bar_building import BarBuilder, price_of
from simulator.wire import market_answers as say

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["RealTimeBars"]

_SPAN = timedelta(seconds=5)


class RealTimeBars:
    """Tells a bar every five seconds by the clock, also when nothing traded."""

    def __init__(
        self, session: Session, req_id: int, contract: Contract, what: str, now: datetime, *, regular_hours: bool
    ) -> None:
        self.contract = contract
        self._session = session
        self._req_id = req_id
        self._what = what
        self._regular_hours = regular_hours
        self._builder = BarBuilder(5, traded=what == "TRADES")
        self._begin = self._builder.begin_of(now)
        self._last: float | None = None

    def tick(self, tick: Ticked, quote: Quote) -> None:
        """Take a tick into the bar of the machine's present five seconds."""
        price = price_of(self._what, tick, quote)
        if price is not None:
            now = self._session.tws.environment.now()
            self.advance(now)
            self._builder.add(now, price, tick.size if self._what == "TRADES" else 0)
            self._last = price

    def advance(self, now: datetime) -> None:
        """Send the bars that are complete at `now`."""
        while now >= self._begin + _SPAN:
            bar = self._builder.bar
            if bar is not None and bar.time == self._begin:
                self._send(bar)
            elif self._last is not None and (bar is None or bar.time < self._begin):
                self._send(self._builder.flat(self._begin, self._last))
            self._begin += _SPAN

    def _send(self, bar: Bar) -> None:
        if self._regular_hours and not self._session.tws.venue.archive.in_regular_hours(self.contract.con_id, bar.time):
            return
        self._session.send(say.real_time_bar(self._req_id, int(bar.time.timestamp()), bar))
