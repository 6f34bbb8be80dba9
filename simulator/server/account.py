"""Account values, positions, portfolio and profit: what one client has subscribed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.model import Position, PositionChanged, VenueEvent
from simulator.server.portfolio import portfolio_row
from simulator.server.profit import ProfitStreams
from simulator.wire import account_answers as say
from simulator.wire import requests as r
from simulator.wire.order_answers import TWS_ZONE

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["AccountDesk"]

_REFRESH = timedelta(minutes=3)
"""TWS tells an account again after three minutes, or when a position has changed."""
_LEDGER = "$LEDGER"
_LEDGER_KEYS = frozenset(
    (
        "CashBalance",
        "TotalCashBalance",
        "AccruedCash",
        "StockMarketValue",
        "OptionMarketValue",
        "FuturesPNL",
        "UnrealizedPnL",
        "RealizedPnL",
        "ExchangeRate",
        "NetLiquidationByCurrency",
    )
)

Values = dict[tuple[str, str], str]


class AccountDesk:
    """One client's view of the accounts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws
        self._account: str | None = None  # the one account of reqAccountUpdates
        self._told: Values = {}
        self._changed: dict[int, Position] = {}  # conId → position not yet told in the portfolio
        self._due: datetime | None = None
        self._positions = False
        self._multi_positions: dict[int, str] = {}  # request → account, '' for all
        self._multi: dict[int, tuple[list[str], bool, dict[str, Values]]] = {}
        self._summaries: dict[int, tuple[list[str], dict[str, Values]]] = {}
        self._summaries_due: datetime | None = None
        self._profit = ProfitStreams(session)

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {
            r.ReqAccountUpdates: self._updates,
            r.ReqAccountUpdatesMulti: self._updates_multi,
            r.CancelAccountUpdatesMulti: lambda request: self._multi.pop(request.req_id, None),
            r.ReqAccountSummary: self._summary,
            r.CancelAccountSummary: lambda request: self._summaries.pop(request.req_id, None),
            r.ReqPositions: self._request_positions,
            r.CancelPositions: self._cancel_positions,
            r.ReqPositionsMulti: self._positions_multi,
            r.CancelPositionsMulti: lambda request: self._multi_positions.pop(request.req_id, None),
            **self._profit.handlers(),
        }

    def hear(self, event: VenueEvent) -> None:
        """Tell a changed position at once; the portfolio follows with the next turn of the clock."""
        if not isinstance(event, PositionChanged):
            return
        held = event.position
        if self._positions:
            self._session.send(say.position(held))
        for req_id, account in self._multi_positions.items():
            if account in ("", held.account):
                self._session.send(say.position_multi(req_id, held))
        if held.account == self._account:
            self._changed[held.contract.con_id] = held

    def advance(self, now: datetime) -> None:
        """Tell what has changed or is due."""
        if self._account is not None and (self._changed or (self._due is not None and now >= self._due)):
            self._tell_account(now, full=self._due is not None and now >= self._due)
        if self._summaries_due is not None and now >= self._summaries_due:
            self._summaries_due = now + _REFRESH
            for req_id in self._summaries:
                self._tell_summary(req_id)
            for req_id in self._multi:
                self._tell_multi(req_id)
        self._profit.advance(now)

    @property
    def due(self) -> datetime | None:
        """When `advance` will have something to tell."""
        if self._account is not None and self._changed:
            return self._tws.venue.now()
        dues = (self._due, self._summaries_due, self._profit.due)
        return min((due for due in dues if due is not None), default=None)

    # reqAccountUpdates

    def _updates(self, request: r.ReqAccountUpdates) -> None:
        if not request.subscribe:
            self._account, self._due = None, None
            return
        account = request.account or self._tws.accounts[0]
        if not self._known(account, -1):
            return
        if self._account not in (None, account):
            self._session.error(-1, 2100, "API client has been unsubscribed from account data.")
        self._account = account
        self._told = {}
        self._changed.clear()
        self._tell_account(self._tws.environment.now(), full=True)
        self._session.send(say.account_download_end(account))
        self._tws.stirred()

    def _tell_account(self, now: datetime, *, full: bool) -> None:
        account = self._account
        if account is None:
            return
        values = self._tws.venue.account_values(account)
        for (key, currency), value in values.items():
            if self._told.get((key, currency)) != value:
                self._session.send(say.account_value(key, value, currency, account))
        self._told = dict(values)
        rows = dict(self._changed)
        if full:
            rows |= {one.contract.con_id: one for one in self._tws.venue.positions() if one.account == account}
        for held in rows.values():
            self._session.send(portfolio_row(self._tws.venue, held))
        self._changed.clear()
        self._session.send(say.account_time(now.astimezone(TWS_ZONE).strftime("%H:%M")))
        self._due = now + _REFRESH

    # positions

    def _request_positions(self, request: r.ReqPositions) -> None:
        self._positions = True
        for held in self._tws.venue.positions():
            self._session.send(say.position(held))
        self._session.send(say.position_end())

    def _cancel_positions(self, request: r.CancelPositions) -> None:
        self._positions = False

    def _positions_multi(self, request: r.ReqPositionsMulti) -> None:
        if request.account and not self._known(request.account, request.req_id):
            return
        self._multi_positions[request.req_id] = request.account
        for held in self._tws.venue.positions():
            if request.account in ("", held.account):
                self._session.send(say.position_multi(request.req_id, held))
        self._session.send(say.position_multi_end(request.req_id))

    # summary and multi

    def _summary(self, request: r.ReqAccountSummary) -> None:
        tags = [tag.strip() for tag in request.tags.split(",") if tag.strip()]
        if not tags:
            self._session.error(request.req_id, 321, "Error validating request.-'cf' : cause - Tags are missing")
            return
        self._summaries[request.req_id] = (tags, {})
        self._summaries_due = self._summaries_due or self._tws.environment.now() + _REFRESH
        self._tell_summary(request.req_id)
        self._session.send(say.account_summary_end(request.req_id))
        self._tws.stirred()

    def _tell_summary(self, req_id: int) -> None:
        tags, told = self._summaries[req_id]
        for account in self._tws.accounts:
            values = dict(_summary_values(self._tws.venue.account_values(account), tags))
            before = told.get(account, {})
            for (key, currency), value in values.items():
                if before.get((key, currency)) != value:
                    self._session.send(say.account_summary(req_id, account, key, value, currency))
            told[account] = values

    def _updates_multi(self, request: r.ReqAccountUpdatesMulti) -> None:
        if request.account and not self._known(request.account, request.req_id):
            return
        accounts = [request.account] if request.account else list(self._tws.accounts)
        self._multi[request.req_id] = (accounts, request.ledger_and_nlv, {})
        self._summaries_due = self._summaries_due or self._tws.environment.now() + _REFRESH
        self._tell_multi(request.req_id)
        self._session.send(say.account_update_multi_end(request.req_id))
        self._tws.stirred()

    def _tell_multi(self, req_id: int) -> None:
        accounts, ledger_only, told = self._multi[req_id]
        for account in accounts:
            values = self._tws.venue.account_values(account)
            if ledger_only:
                values = {k: v for k, v in values.items() if k[0] in _LEDGER_KEYS or k[0] == "NetLiquidation"}
            before = told.get(account, {})
            for (key, currency), value in values.items():
                if before.get((key, currency)) != value:
                    self._session.send(say.account_update_multi(req_id, account, key, value, currency))
            told[account] = dict(values)

    def _known(self, account: str, answered_on: int) -> bool:
        if account in self._tws.accounts:
            return True
        text = f"Error validating request.-'bS' : cause - Invalid account code '{account}'"
        self._session.error(answered_on, 321, text)
        return False


def _summary_values(values: Values, tags: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for tag in tags:
        if tag.startswith(_LEDGER):
            wanted = tag.partition(":")[2]
            for (key, currency), value in values.items():
                if key in _LEDGER_KEYS and (wanted == "ALL" or currency == (wanted or "BASE")):
                    yield (key, currency), value
        else:
            # A tag has one value: in the account's currency where there are several.
            found = [(key, value) for key, value in values.items() if key[0] == tag and key[1] != "BASE"]
            yield from found[:1]
