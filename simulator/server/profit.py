"""Streams of profit and loss: of an account, and of one position."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import define

from simulator.wire import account_answers as say
from simulator.wire import requests as r
from simulator.wire.session_answers import Fields

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["ProfitStreams"]

_EVERY = timedelta(seconds=1)


@define(slots=True)
class _Stream:
    tell: Callable[[], Fields]
    told: Fields


class ProfitStreams:
    """One client's subscriptions; each is told about once a second, when it has changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws
        self._accounts: dict[int, _Stream] = {}
        self._singles: dict[int, _Stream] = {}
        self._due: datetime | None = None
        self._looked = 0  # the venue's events then

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {
            r.ReqPnL: self._subscribe,
            r.CancelPnL: lambda request: self._accounts.pop(request.req_id, None),
            r.ReqPnLSingle: self._subscribe_single,
            r.CancelPnLSingle: lambda request: self._singles.pop(request.req_id, None),
        }

    def advance(self, now: datetime) -> None:
        """Tell what has changed since the last second."""
        if self._due is None or now < self._due:
            return
        self._due = now + _EVERY
        self._looked = self._tws.venue.events
        for streams in (self._accounts, self._singles):
            for stream in streams.values():
                fields = stream.tell()
                if fields != stream.told:
                    stream.told = fields
                    self._session.send(fields)

    @property
    def due(self) -> datetime | None:
        """When something may have changed that is to be told."""
        streams = self._accounts or self._singles
        return self._due if streams and self._looked != self._tws.venue.events else None

    def _subscribe(self, request: r.ReqPnL) -> None:
        venue = self._tws.venue

        def tell() -> Fields:
            profit = venue.pnl(request.account)
            return say.pnl(request.req_id, profit.daily, profit.unrealized, profit.realized)

        self._begin(self._accounts, request.req_id, request.account, tell)

    def _subscribe_single(self, request: r.ReqPnLSingle) -> None:
        venue = self._tws.venue

        def tell() -> Fields:
            profit = venue.pnl_single(request.account, request.con_id)
            return say.pnl_single(
                request.req_id, profit.position, profit.daily, profit.unrealized, profit.realized, profit.value
            )

        if self._tws.contracts.by_con_id(request.con_id) is None:
            self._session.error(request.req_id, 200, "No security definition has been found for the request")
            return
        self._begin(self._singles, request.req_id, request.account, tell)

    def _begin(self, streams: dict[int, _Stream], req_id: int, account: str, tell: Callable[[], Fields]) -> None:
        if account not in self._tws.accounts:
            text = f"Error validating request.-'df' : cause - Invalid account code '{account}'"
            self._session.error(req_id, 321, text)
            return
        if req_id in streams:
            self._session.error(req_id, 322, "Error processing request.-'df' : cause - Duplicate request id")
            return
        fields = tell()
        streams[req_id] = _Stream(tell, fields)
        self._session.send(fields)
        if self._due is None:
            self._due = self._tws.environment.now() + _EVERY
