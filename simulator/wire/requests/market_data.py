"""Requests for market data as it comes."""

from __future__ import annotations

from attrs import frozen

from simulator.wire.requests.base import ContractQuery, Request

__all__ = [
    "CancelMktData",
    "CancelRealTimeBars",
    "CancelTickByTickData",
    "ReqMarketDataType",
    "ReqMktData",
    "ReqRealTimeBars",
    "ReqTickByTickData",
]


@frozen(slots=True)
class ReqMktData(Request):
    req_id: int
    contract: ContractQuery
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False


@frozen(slots=True)
class CancelMktData(Request):
    req_id: int


@frozen(slots=True)
class ReqMarketDataType(Request):
    kind: int


@frozen(slots=True)
class ReqTickByTickData(Request):
    req_id: int
    contract: ContractQuery
    kind: str  # Last | AllLast | BidAsk | MidPoint
    ticks: int = 0
    ignore_size: bool = False


@frozen(slots=True)
class CancelTickByTickData(Request):
    req_id: int


@frozen(slots=True)
class ReqRealTimeBars(Request):
    req_id: int
    contract: ContractQuery
    size: int
    what: str
    regular_hours: bool


@frozen(slots=True)
class CancelRealTimeBars(Request):
    req_id: int
