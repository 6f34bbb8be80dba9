"""Questions about orders and executions, the session, and what this server does not serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.model import Execution, Order
from simulator.server.history_terms import BadTerms, parse_moment
from simulator.wire import order_answers as say
from simulator.wire import requests as r
from simulator.wire import session_answers
from simulator.wire.order_answers import TWS_ZONE

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["QueryDesk"]


class QueryDesk:
    """Answers from the venue's book; every answer ends with its end marker."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {
            r.ReqOpenOrders: self._open_orders,
            r.ReqAllOpenOrders: self._all_open_orders,
            r.ReqAutoOpenOrders: self._auto_open_orders,
            r.ReqCompletedOrders: self._completed_orders,
            r.ReqExecutions: self._executions,
            r.ReqIds: self._ids,
            r.ReqCurrentTime: self._current_time,
            r.ReqManagedAccts: self._managed_accounts,
            r.ReqUserInfo: self._user_info,
            r.SetServerLogLevel: self._set_log_level,
            r.StartApi: self._start_again,
            r.NotServed: self._not_served,
        }

    # orders and executions

    def _open(self) -> Iterator[Order]:
        return (order for order in self._tws.venue.orders.values() if not order.done)

    def _open_orders(self, request: r.ReqOpenOrders) -> None:
        orders = [order for order in self._open() if order.client_id == self._session.client_id]
        if self._session.client_id == 0:
            for order in orders:
                self._tws.bind(order)
        self._tell_open(orders)

    def _all_open_orders(self, request: r.ReqAllOpenOrders) -> None:
        self._tell_open(list(self._open()))

    def _tell_open(self, orders: list[Order]) -> None:
        session, bound = self._session, self._tws.bound
        for order in orders:
            session.send(say.open_order(order, session.version, bound=bound))
            session.send(say.order_status(order, bound))
        session.send(say.open_order_end())

    def _auto_open_orders(self, request: r.ReqAutoOpenOrders) -> None:
        if self._session.client_id != 0:
            text = "Error validating request.-'ci' : cause - Only the default client (id 0) can auto bind orders"
            self._session.error(-1, 321, text)
            return
        self._tws.binding = request.bind

    def _completed_orders(self, request: r.ReqCompletedOrders) -> None:
        session = self._session
        begin = _midnight(self._tws.venue.now())
        for order in self._tws.venue.orders.values():
            today = order.done_at is not None and order.done_at >= begin
            hidden = order.perm_id in self._tws.lost_orders or (request.api_only and order.order_id <= 0)
            if order.done and today and not hidden:
                session.send(say.completed_order(order, session.version))
        session.send(say.completed_orders_end())

    def _executions(self, request: r.ReqExecutions) -> None:
        session, venue = self._session, self._tws.venue
        begin = _midnight(self._tws.venue.now())
        if request.time:
            try:
                begin = max(begin, parse_moment(request.time))
            except BadTerms as error:
                session.error(request.req_id, error.code, str(error))
                return
        for execution in venue.executions:
            known = execution.exec_id not in self._tws.lost_executions
            if known and execution.time >= begin and _fits(execution, request):
                session.send(say.exec_details(request.req_id, execution, session.version, self._tws.bound))
                commission = venue.commissions.get(execution.exec_id)
                if commission is not None:
                    session.send(say.commission_report(commission))
        session.send(say.exec_details_end(request.req_id))

    # the session

    def _ids(self, request: r.ReqIds) -> None:
        self._session.send(session_answers.next_valid_id(self._tws.order_ids.next_valid))

    def _current_time(self, request: r.ReqCurrentTime) -> None:
        self._session.send(session_answers.current_time(int(self._tws.venue.now().timestamp())))

    def _managed_accounts(self, request: r.ReqManagedAccts) -> None:
        self._session.send(session_answers.managed_accounts(self._tws.accounts))

    def _user_info(self, request: r.ReqUserInfo) -> None:
        self._session.send(session_answers.user_info(request.req_id))

    def _set_log_level(self, request: r.SetServerLogLevel) -> None:
        """TWS says nothing to this; its log is not ours."""

    def _start_again(self, request: r.StartApi) -> None:
        self._session.error(-1, 321, "Error validating request.-'bP' : cause - The API has been started already")

    def _not_served(self, request: r.NotServed) -> None:
        if not request.quiet:
            text = f"Error validating request.-'bZ' : cause - {request.name} is not served by the paper TWS"
            self._session.error(request.req_id, 321, text)


def _fits(execution: Execution, request: r.ReqExecutions) -> bool:
    contract = execution.contract
    wanted_and_had = (
        (request.account, execution.account),
        (request.symbol, contract.symbol),
        (request.sec_type, contract.sec_type),
        (request.exchange, execution.exchange),
        ({"BUY": "BOT", "SELL": "SLD"}.get(request.side, request.side), execution.side),
    )
    return (not request.client_id or request.client_id == execution.client_id) and all(
        not wanted or wanted == had for wanted, had in wanted_and_had
    )


def _midnight(now: datetime) -> datetime:
    return now.astimezone(TWS_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
