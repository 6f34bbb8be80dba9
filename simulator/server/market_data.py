"""Market data subscriptions of one client: level 1, tick by tick, five-second bars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.model import Contract
from simulator.server.contract_search import Ambiguous, NotFound, resolve
from simulator.server.entitlements import Entitlement
from simulator.server.level1 import Level1Line, Snapshot
from simulator.server.real_time_bars import RealTimeBars
from simulator.server.tick_by_tick import KINDS, TickByTickLine
from simulator.wire import market_answers as say
from simulator.wire import requests as r

if TYPE_CHECKING:
    from simulator.server.quote_board import TickTaker
    from simulator.server.session import Session

__all__ = ["MarketDataDesk"]

MOST_LINES = 100
MOST_TICK_BY_TICK = 3
"""IB gives three tick-by-tick subscriptions with the hundred lines of market data."""
_SNAPSHOT_WAIT = timedelta(seconds=11)


class MarketDataDesk:
    """One client's lines. Ids are apart for each kind of request, as in TWS."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws
        self._kind = 1  # as reqMarketDataType set it
        self._lines: dict[int, Level1Line] = {}
        self._snapshots: list[Snapshot] = []
        self._by_tick: dict[int, TickByTickLine] = {}
        self._bars: dict[int, RealTimeBars] = {}

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {
            r.ReqMktData: self._subscribe,
            r.CancelMktData: self._cancel,
            r.ReqMarketDataType: self._set_kind,
            r.ReqTickByTickData: self._subscribe_by_tick,
            r.CancelTickByTickData: self._cancel_by_tick,
            r.ReqRealTimeBars: self._subscribe_bars,
            r.CancelRealTimeBars: self._cancel_bars,
        }

    def drop(self) -> None:
        """Let go of every line; the client is gone."""
        every: list[TickTaker] = [*self._lines.values(), *self._by_tick.values(), *self._bars.values()]
        for line in every:
            self._leave(line)
        self._snapshots.clear()

    def silence(self, symbol: str = "") -> None:
        """Stop the ticks of the present subscriptions to a symbol, '' for all; the client is not told."""
        every: list[TickTaker] = [*self._lines.values(), *self._by_tick.values(), *self._bars.values()]
        for line in every:
            if symbol in ("", line.contract.symbol):
                self._leave(line)

    def advance(self, now: datetime) -> None:
        """End snapshots that have waited long enough, and send bars that are complete."""
        if self._snapshots:
            self._snapshots = [one for one in self._snapshots if not one.finish(now)]
        for bars in self._bars.values():
            bars.advance(now)

    @property
    def due(self) -> datetime | None:
        """When `advance` may have something to send: at once while there are snapshots and bars."""
        return self._tws.venue.now() if self._snapshots or self._bars else None

    # level 1

    def _set_kind(self, request: r.ReqMarketDataType) -> None:
        if request.kind in (1, 2, 3, 4):
            self._kind = request.kind
        else:
            self._session.error(-1, 321, f"Error validating request.-'cb' : cause - Invalid type {request.kind}")

    def _subscribe(self, request: r.ReqMktData) -> None:
        session, req_id = self._session, request.req_id
        if req_id in self._lines:
            session.error(req_id, 322, "Error processing request.-'bJ' : cause - Duplicate ticker id")
            return
        if len(self._lines) >= MOST_LINES:
            session.error(req_id, 101, "Max number of tickers has been reached")
            return
        contract = self._find(req_id, request.contract)
        if contract is None:
            return
        delayed = self._delayed(req_id, contract)
        if delayed is None:
            return
        definition = self._tws.contracts.by_con_id(contract.con_id)
        session.send(say.tick_req_params(req_id, definition.min_tick if definition else "0.01", "9c0001", 3))
        session.send(say.market_data_type(req_id, 3 if delayed else 1))
        line = Level1Line(session, req_id, contract, request.generic_ticks, delayed)
        line.tell_all(self._tws.board.quote(contract.con_id))
        if request.snapshot:
            due = self._tws.environment.now() + _SNAPSHOT_WAIT
            snapshot = Snapshot(line, self._tws.board.quote(contract.con_id), due)
            if not snapshot.finish(self._tws.environment.now()):
                self._snapshots.append(snapshot)
                self._tws.stirred()
            return
        self._lines[req_id] = line
        self._join(line)

    def _delayed(self, req_id: int, contract: Contract) -> bool | None:
        """Return whether the data is delayed, or None after refusing it."""
        wants_delayed = self._kind in (3, 4)
        match self._tws.entitlements.of(contract.symbol):
            case Entitlement.LIVE:
                return False
            case Entitlement.DELAYED if wants_delayed:
                text = "Requested market data is not subscribed. Displaying delayed market data."
                self._session.error(req_id, 10167, text)
                return True
            case Entitlement.DELAYED:
                text = "Requested market data is not subscribed.Delayed market data is available."
                self._session.error(req_id, 354, text)
            case Entitlement.NONE:
                self._session.error(req_id, 354, "Requested market data is not subscribed.")
            case Entitlement.COMPETING:
                self._session.error(req_id, 10197, "No market data during competing live session")
        return None

    def _cancel(self, request: r.CancelMktData) -> None:
        line = self._lines.pop(request.req_id, None)
        if line is None:
            self._session.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")
            return
        self._leave(line)

    # tick by tick

    def _subscribe_by_tick(self, request: r.ReqTickByTickData) -> None:
        session, req_id = self._session, request.req_id
        if request.kind not in KINDS:
            session.error(req_id, 321, f"Error validating request.-'dj' : cause - Invalid tick type {request.kind}")
            return
        if req_id in self._by_tick:
            session.error(req_id, 322, "Error processing request.-'dj' : cause - Duplicate ticker id")
            return
        if len(self._by_tick) >= MOST_TICK_BY_TICK:
            session.error(req_id, 10190, "Max number of tick-by-tick requests has been reached.")
            return
        contract = self._find(req_id, request.contract)
        if contract is None:
            return
        if self._tws.entitlements.of(contract.symbol) is not Entitlement.LIVE:
            text = f"Failed to request tick-by-tick data:No market data permissions for {contract.symbol}"
            session.error(req_id, 10189, text)
            return
        line = TickByTickLine(session, req_id, contract, request.kind, request.ignore_size)
        self._by_tick[req_id] = line
        self._join(line)

    def _cancel_by_tick(self, request: r.CancelTickByTickData) -> None:
        line = self._by_tick.pop(request.req_id, None)
        if line is None:
            self._session.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")
            return
        self._leave(line)

    # five-second bars

    def _subscribe_bars(self, request: r.ReqRealTimeBars) -> None:
        session, req_id = self._session, request.req_id
        if request.size != 5 or request.what not in ("TRADES", "BID", "ASK", "MIDPOINT"):
            text = f"Invalid Real-time Query:{request.size} secs {request.what} is not supported"
            session.error(req_id, 420, text)
            return
        if req_id in self._bars:
            session.error(req_id, 322, "Error processing request.-'bK' : cause - Duplicate ticker id")
            return
        contract = self._find(req_id, request.contract)
        if contract is None:
            return
        if self._tws.entitlements.of(contract.symbol) is not Entitlement.LIVE:
            session.error(req_id, 420, f"Invalid Real-time Query:No market data permissions for {contract.symbol}")
            return
        now = self._tws.environment.now()
        bars = RealTimeBars(session, req_id, contract, request.what, now, regular_hours=request.regular_hours)
        self._bars[req_id] = bars
        self._join(bars)
        self._tws.stirred()

    def _cancel_bars(self, request: r.CancelRealTimeBars) -> None:
        bars = self._bars.pop(request.req_id, None)
        if bars is None:
            self._session.error(request.req_id, 300, f"Can't find EId with tickerId:{request.req_id}")
            return
        self._leave(bars)

    # all kinds

    def _find(self, req_id: int, query: r.ContractQuery) -> Contract | None:
        try:
            return resolve(self._tws.contracts, query)
        except (NotFound, Ambiguous) as error:
            self._session.error(req_id, 200, str(error))
            return None

    def _join(self, line: TickTaker) -> None:
        self._tws.board.subscribe(line.contract.con_id, line)

    def _leave(self, line: TickTaker) -> None:
        self._tws.board.unsubscribe(line.contract.con_id, line)
