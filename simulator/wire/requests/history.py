"""Requests for historical data."""

from __future__ import annotations

from attrs import frozen

from simulator.wire.requests.base import ContractQuery, Request

__all__ = ["CancelHeadTimeStamp", "CancelHistoricalData", "ReqHeadTimeStamp", "ReqHistoricalData", "ReqHistoricalTicks"]


@frozen(slots=True)
class ReqHistoricalData(Request):
    req_id: int
    contract: ContractQuery
    end: str
    bar_size: str
    duration: str
    regular_hours: bool
    what: str
    date_format: int
    keep_up_to_date: bool


@frozen(slots=True)
class CancelHistoricalData(Request):
    req_id: int


@frozen(slots=True)
class ReqHistoricalTicks(Request):
    req_id: int
    contract: ContractQuery
    start: str
    end: str
    count: int
    what: str
    regular_hours: bool
    ignore_size: bool


@frozen(slots=True)
class ReqHeadTimeStamp(Request):
    req_id: int
    contract: ContractQuery
    regular_hours: bool
    what: str
    date_format: int


@frozen(slots=True)
class CancelHeadTimeStamp(Request):
    req_id: int
