"""Historical bars and ticks, served from what the venue has seen and from the past that its feed knows of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from simulator.model import Bar, Contract
from simulator.server.contract_search import Ambiguous, NotFound, resolve
from simulator.server.exchange_hours import LONGEST_SCHEDULE, SCHEDULE_SINCE, regular_hours, schedule_answer
from simulator.server.historical_ticks import tick_answer, tick_window
from simulator.server.history_pacing import SMALL_BAR_SECONDS
from simulator.server.history_terms import KINDS, BadTerms, HistoryTerms, read_terms, tell_date
from simulator.server.intervals import DAY, HOUR, begin_of, joined
from simulator.server.live_bars import LiveBars
from simulator.wire import market_answers as say
from simulator.wire import requests as r

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["HistoryDesk"]

HMDS_ERROR = "Historical Market Data Service error message:"


class HistoryDesk:
    """One client's historical requests, and those kept up to date."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws
        self._live: dict[int, LiveBars] = {}

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {
            r.ReqHistoricalData: self._bars,
            r.CancelHistoricalData: self._cancel,
            r.ReqHistoricalTicks: self._ticks,
            r.ReqHeadTimeStamp: self._head,
            r.CancelHeadTimeStamp: lambda request: None,  # the answer has gone out already
        }

    def advance(self, now: datetime) -> None:
        """Tell the bars in progress."""
        for live in self._live.values():
            live.advance(now)

    @property
    def due(self) -> datetime | None:
        """When `advance` may have something to tell: at once while bars are kept up to date."""
        return self._tws.venue.now() if self._live else None

    def drop(self) -> None:
        """Let go of every subscription; the client is gone."""
        for live in self._live.values():
            self._tws.board.unsubscribe(live.contract.con_id, live)
        self._live.clear()

    def _bars(self, request: r.ReqHistoricalData) -> None:
        if request.req_id in self._live:
            text = "Error processing request.-'bL' : cause - Duplicate ticker id"
            self._session.error(request.req_id, 322, text)
            return
        contract = self._find(request.req_id, request.contract)
        if contract is None:
            return
        try:
            terms = read_terms(request, self._tws.venue.now())
        except BadTerms as error:
            self._session.error(request.req_id, error.code, str(error))
            return
        if terms.bar_seconds <= SMALL_BAR_SECONDS and not self._paced(contract, request):
            return
        if terms.what == "SCHEDULE":
            self._schedule(request, contract, terms)
            return
        bars = self._read(contract, terms)
        if not bars and not request.keep_up_to_date:
            text = f"HMDS query returned no data: {contract.symbol}@{contract.exchange} {request.what}"
            self._session.error(request.req_id, 162, HMDS_ERROR + text)
            return
        start, end = (tell_date(moment, 1, intraday=True) for moment in (terms.start, terms.end))
        rows = [(tell_date(bar.time, request.date_format, intraday=terms.intraday), bar) for bar in bars]
        self._session.send(say.historical_data(request.req_id, start, end, rows))
        if request.keep_up_to_date:
            last = bars[-1] if bars else None
            live = LiveBars(self._session, request.req_id, contract, terms, request.date_format, last)
            self._live[request.req_id] = live
            self._tws.board.subscribe(contract.con_id, live)
            self._tws.stirred()

    def _read(self, contract: Contract, terms: HistoryTerms) -> list[Bar]:
        venue, con_id, regular = self._tws.venue, contract.con_id, terms.regular_hours
        if terms.intraday:
            return venue.archive.bars(con_id, terms.bar_seconds, terms.start, terms.end, terms.what, regular=regular)
        # The venue's bars begin at whole multiples since 1970; days begin at midnight in TWS's zone.
        start = begin_of(terms.start, DAY)
        return joined(
            venue.archive.bars(con_id, HOUR, start, terms.end, terms.what, regular=regular), terms.bar_seconds
        )

    def _schedule(self, request: r.ReqHistoricalData, contract: Contract, terms: HistoryTerms) -> None:
        session, definition = self._session, self._tws.contracts.by_con_id(contract.con_id)
        if terms.end - terms.start > LONGEST_SCHEDULE:
            session.error(request.req_id, 321, "Error validating request.-'bL' : cause - Duration is too long")
            return
        if session.version < SCHEDULE_SINCE or definition is None or terms.bar_seconds != DAY:
            text = "Error validating request.-'bL' : cause - SCHEDULE is told of days, and to API versions that know it"
            session.error(request.req_id, 321, text)
            return
        sessions = self._tws.venue.archive.sessions(contract.con_id, terms.start, terms.end)
        session.send(schedule_answer(request.req_id, definition, terms, sessions, regular=terms.regular_hours))

    def _paced(self, contract: Contract, request: r.ReqHistoricalData | r.ReqHistoricalTicks) -> bool:
        """Count a request for small bars or ticks; return False after refusing it."""
        tws = self._tws
        kind = (contract.con_id, contract.exchange, request.what)
        whole = attrs.evolve(request, req_id=0)
        double = request.what == "BID_ASK"
        if not tws.pacing.per_second or tws.history_pacing.allows(kind, whole, tws.environment.now(), double=double):
            return True
        self._session.error(request.req_id, 162, f"{HMDS_ERROR}Historical data request pacing violation")
        return False

    def _cancel(self, request: r.CancelHistoricalData) -> None:
        req_id = request.req_id
        live = self._live.pop(req_id, None)
        if live is None:
            self._session.error(req_id, 366, f"No historical data query found for ticker id:{req_id}")
            return
        self._tws.board.unsubscribe(live.contract.con_id, live)
        # TWS confirms so (ib_insync issue 344)
        self._session.error(req_id, 162, f"{HMDS_ERROR}API historical data query cancelled: {req_id}")

    def _ticks(self, request: r.ReqHistoricalTicks) -> None:
        contract = self._find(request.req_id, request.contract)
        if contract is None:
            return
        try:
            hours = (
                regular_hours(self._tws.venue.archive, contract.con_id)
                if request.regular_hours
                else lambda second: True
            )
            window = tick_window(request, hours)
            if not self._paced(contract, request):
                return
            answer = tick_answer(request, self._tws.board.tape, contract.con_id, window)
        except BadTerms as error:
            self._session.error(request.req_id, error.code, str(error))
            return
        self._session.send(answer)

    def _head(self, request: r.ReqHeadTimeStamp) -> None:
        contract = self._find(request.req_id, request.contract)
        if contract is None:
            return
        begins = self._tws.venue.archive.begins(contract.con_id, request.what) if request.what in KINDS else None
        if begins is None:
            self._session.error(request.req_id, 162, f"{HMDS_ERROR}No head time stamp")
            return
        date = tell_date(begins, request.date_format, intraday=True)
        self._session.send(say.head_timestamp(request.req_id, date))

    def _find(self, req_id: int, query: r.ContractQuery) -> Contract | None:
        try:
            return resolve(self._tws.contracts, query)
        except (NotFound, Ambiguous) as error:
            self._session.error(req_id, 200, str(error))
            return None
