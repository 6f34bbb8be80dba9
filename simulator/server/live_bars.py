"""Historical bars that are kept up to date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from simulator.model import Bar, Contract, Quote, Ticked
from simulator.server.bar_building import BarBuilder, price_of
from simulator.server.history_terms import HistoryTerms, tell_date
from simulator.wire import market_answers as say

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["LiveBars"]


class LiveBars:
    """Tells the bar in progress with each turn of the clock in which it changed."""

    def __init__(
        self,
        session: Session,
        req_id: int,
        contract: Contract,
        terms: HistoryTerms,
        date_format: int,
        last: Bar | None,
    ) -> None:
        """`last` is the newest bar already told; it goes on while its interval lasts."""
        self.contract = contract
        self._session = session
        self._req_id = req_id
        self._terms = terms
        self._format = date_format
        self._builder = BarBuilder(terms.bar_seconds, last, traded=terms.what == "TRADES")
        self._told = last

    def tick(self, tick: Ticked, quote: Quote) -> None:
        """Take a tick into the bar; tell a bar that it ends."""
        if self._terms.regular_hours and not self._session.tws.venue.archive.in_regular_hours(
            self.contract.con_id, tick.time
        ):
            return
        price = price_of(self._terms.what, tick, quote)
        if price is not None:
            size = tick.size if self._terms.what == "TRADES" else 0
            ended = self._builder.add(tick.time, price, size)
            if ended is not None:
                self._tell(ended)

    def advance(self, now: datetime) -> None:
        """Tell the bar in progress if it has changed."""
        bar = self._builder.bar
        if bar is not None:
            self._tell(bar)

    def _tell(self, bar: Bar) -> None:
        if bar != self._told:
            self._told = bar
            date = tell_date(bar.time, self._format, intraday=self._terms.intraday)
            self._session.send(say.historical_data_update(self._req_id, date, bar))
