"""Requests about orders and executions."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from simulator.wire.requests.base import ContractQuery, Request

__all__ = [
    "CancelOrder",
    "PlaceOrder",
    "ReqAllOpenOrders",
    "ReqAutoOpenOrders",
    "ReqCompletedOrders",
    "ReqExecutions",
    "ReqGlobalCancel",
    "ReqIds",
    "ReqOpenOrders",
]


@frozen(slots=True)
class PlaceOrder(Request):
    order_id: int
    contract: ContractQuery
    fields: Mapping[str, str]  # every field of the order by its IB name, as wire text

    @property
    def answered_on(self) -> int:
        """The order id."""
        return self.order_id


@frozen(slots=True)
class CancelOrder(Request):
    order_id: int
    manual_time: str = ""

    @property
    def answered_on(self) -> int:
        """The order id."""
        return self.order_id


@frozen(slots=True)
class ReqOpenOrders(Request):
    pass


@frozen(slots=True)
class ReqAllOpenOrders(Request):
    pass


@frozen(slots=True)
class ReqAutoOpenOrders(Request):
    bind: bool


@frozen(slots=True)
class ReqGlobalCancel(Request):
    pass


@frozen(slots=True)
class ReqCompletedOrders(Request):
    api_only: bool


@frozen(slots=True)
class ReqExecutions(Request):
    req_id: int
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


@frozen(slots=True)
class ReqIds(Request):
    count: int = 1
