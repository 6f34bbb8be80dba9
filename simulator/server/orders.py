"""Requests to place, change and cancel orders, and what a client is told about its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.model import Charged, Executed, Order, OrderChanged, OrderError, VenueEvent, WhatIf
from simulator.server.contract_search import Ambiguous, NotFound, resolve_route
from simulator.server.order_building import build_order
from simulator.wire import order_answers as say
from simulator.wire import requests as r
from simulator.wire.fields import text as written

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["OrderDesk"]


class OrderDesk:
    """One client's orders."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {r.PlaceOrder: self._place, r.CancelOrder: self._cancel, r.ReqGlobalCancel: self._cancel_all}

    # requests

    def _place(self, request: r.PlaceOrder) -> None:
        session, ids = self._session, self._tws.order_ids
        client_id, order_id = session.client_id, request.order_id
        if order_id <= 0 and ids.order(client_id, order_id) is None:
            session.error(order_id, 10149, f"Invalid order id: {order_id}")
            return
        if request.fields["whatIf"] == "1":
            self._preview(request)
            return
        known = ids.order(client_id, order_id)
        if known is not None and known.done:
            if known.status == "Filled":
                session.error(order_id, 104, "Cannot modify a filled order.")
            else:
                session.error(order_id, 103, "Duplicate order id")
            return
        if known is None and ids.is_used(client_id, order_id):
            session.error(order_id, 103, "Duplicate order id")
            return
        ids.use(client_id, order_id)
        order = self._build(request)
        if order is not None:
            self._tws.venue.place(order)
            placed = self._tws.venue.find(client_id, order_id)
            if placed is not None:
                ids.remember(placed)  # also one that is not transmitted yet, of which nothing is told

    def place_beside(self, request: r.PlaceOrder) -> None:
        """Carry a change out as a second order under the same id (INC-08)."""
        order = self._build(request)
        if order is not None:
            self._tws.venue.place_beside(order)

    def _preview(self, request: r.PlaceOrder) -> None:
        order = self._build(request)
        if order is None:
            return
        outcome = self._tws.venue.what_if(order)
        if isinstance(outcome, OrderError):
            self._session.error(order.order_id, outcome.code, outcome.text)
            return
        order.status = "PreSubmitted"
        self._session.send(say.open_order(order, self._session.version, _margins(outcome)))

    def _build(self, request: r.PlaceOrder) -> Order | None:
        session = self._session
        if not request.contract.exchange:
            text = "Error validating request.-'bW' : cause - Missing order exchange"
            session.error(request.order_id, 321, text)
            return None
        if len(self._tws.accounts) > 1 and not request.fields["account"]:
            session.error(request.order_id, 435, "You must specify an account.")
            return None
        try:
            contract = resolve_route(self._tws.contracts, request.contract)
        except (NotFound, Ambiguous) as error:
            session.error(request.order_id, 200, str(error))
            return None
        return build_order(
            request.fields,
            contract,
            client_id=session.client_id,
            order_id=request.order_id,
            default_account=self._tws.accounts[0],
        )

    def _cancel(self, request: r.CancelOrder) -> None:
        self._tws.venue.cancel(self._session.client_id, request.order_id)

    def _cancel_all(self, request: r.ReqGlobalCancel) -> None:
        self._tws.venue.cancel_all()

    # events

    def hear(self, event: VenueEvent) -> None:
        """Tell the client of a change that this client is to be told."""
        session, bound = self._session, self._tws.bound
        match event:
            case OrderChanged(order):
                session.send(say.open_order(order, session.version, bound=bound))
                session.send(say.order_status(order, bound))
            case OrderError():
                session.error(event.order_id, event.code, event.text)
            case Executed(_, execution):
                session.send(say.exec_details(-1, execution, session.version, bound))
            case Charged(commission, execution):
                order_ = self._tws.venue.orders.get(execution.perm_id)
                if order_ is not None and order_.done:
                    session.send(say.open_order(order_, session.version, self._commission_of(order_), bound))
                    session.send(say.order_status(order_, bound))
                session.send(say.commission_report(commission))

    def _commission_of(self, order: Order) -> dict[str, str]:
        return {
            "commission": written(self._tws.commission_paid(order.perm_id)),
            "commissionCurrency": order.contract.currency,
        }


def _margins(outcome: WhatIf) -> dict[str, str]:
    before = (outcome.init_margin_before, outcome.maint_margin_before, outcome.equity_with_loan_before)
    after = (outcome.init_margin_after, outcome.maint_margin_after, outcome.equity_with_loan_after)
    values = {}
    for name, old, new in zip(("initMargin", "maintMargin", "equityWithLoan"), before, after, strict=True):
        values[f"{name}Before"] = written(old)
        values[f"{name}Change"] = written(new - old)
        values[f"{name}After"] = written(new)
    values["commission"] = written(outcome.commission)
    values["commissionCurrency"] = outcome.currency
    values["warningText"] = outcome.warning
    return values
